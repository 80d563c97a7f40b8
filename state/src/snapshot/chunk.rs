//! One chunk of a snapshot: its bytes, and what they prove.

use bytes::Bytes;
use primitive_types::{H256, U256};

use super::{ChunkEntry, ChunkKind};
use crate::{
    account::Account,
    byte_reader::{ByteReader, Malformed, put_long, put_short},
    keccak::{EMPTY_TRIE_ROOT, keccak256},
    proof::ProofError,
    range_proof::{RangeEnd, RangeProof},
    read_view::encode_slot,
    rlp::{self, RlpError},
    schema::{CODE_PIECE_BYTES, LOOKUP, METADATA, account_key, code_key, storage_key},
    trie_root::sorted_trie_root,
};

/// A chunk is not what the manifest or the state root says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// There is no such chunk.
    #[error("missing")]
    Missing,
    /// The bytes have another hash than the name.
    #[error("damaged: its bytes have another hash")]
    Hash,
    /// The form is wrong.
    #[error(transparent)]
    Form(#[from] Malformed),
    /// An account or slot is not canonical.
    #[error(transparent)]
    Rlp(#[from] RlpError),
    /// The entries are not those that the state root commits to.
    #[error("its entries are not in the state")]
    Proof(#[from] ProofError),
    /// The storage of an account is not what the account commits to.
    #[error("storage of account {hashed_address:?} is incomplete or wrong")]
    Storage {
        /// The account.
        hashed_address: H256,
    },
    /// A code is not what its hash says.
    #[error("code {code_hash:?} has another hash")]
    Code {
        /// The code.
        code_hash: H256,
    },
    /// The chunk does not continue where the one before ended.
    #[error("a range of keys is missing before it")]
    Gap,
}

/// Where a proven chunk begins and ends, for checking that chunks leave nothing out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Covered {
    /// All accounts from `origin` to `last`, but for the storage of `large`.
    Accounts { origin: H256, last: Option<H256>, end: RangeEnd, large: Vec<H256> },
    /// The slots of an account from `origin` to `last`.
    Storage { account: H256, origin: H256, last: Option<H256>, end: RangeEnd },
    /// Entries that stand alone.
    Alone,
}

/// A chunk that was checked, as entries of the view.
#[derive(Debug)]
pub(crate) struct ProvenChunk {
    pub(crate) covered: Covered,
    pub(crate) entries: Vec<(Vec<u8>, Vec<u8>)>,
}

/// An account on its way into a chunk.
#[derive(Debug)]
pub(crate) struct AccountEntry {
    pub(crate) hashed_address: H256,
    /// The slots, `None` when they are in chunks of their own.
    pub(crate) slots: Option<Vec<(H256, U256)>>,
}

pub(crate) fn encode_accounts(proof: &RangeProof, accounts: &[AccountEntry]) -> Vec<u8> {
    let mut out = proof.origin.as_bytes().to_vec();
    out.extend_from_slice(&(accounts.len() as u64).to_le_bytes());
    for (entry, (_, account)) in accounts.iter().zip(&proof.leaves) {
        out.extend_from_slice(entry.hashed_address.as_bytes());
        put_short(&mut out, account);
        match &entry.slots {
            None => out.extend_from_slice(&u64::MAX.to_le_bytes()),
            Some(slots) => {
                out.extend_from_slice(&(slots.len() as u64).to_le_bytes());
                for (key, value) in slots {
                    out.extend_from_slice(key.as_bytes());
                    put_short(&mut out, &encode_slot(value));
                }
            }
        }
    }
    encode_nodes(&mut out, &proof.nodes);
    out
}

pub(crate) fn encode_storage(account: &RangeProof, slots: &RangeProof) -> Vec<u8> {
    let mut out = Vec::new();
    for proof in [account, slots] {
        out.extend_from_slice(proof.origin.as_bytes());
        out.extend_from_slice(&(proof.leaves.len() as u64).to_le_bytes());
        for (key, leaf) in &proof.leaves {
            out.extend_from_slice(key.as_bytes());
            put_short(&mut out, leaf);
        }
        encode_nodes(&mut out, &proof.nodes);
    }
    out
}

pub(crate) fn encode_codes(codes: &[(H256, Bytes)]) -> Vec<u8> {
    let mut out = (codes.len() as u64).to_le_bytes().to_vec();
    for (code_hash, code) in codes {
        out.extend_from_slice(code_hash.as_bytes());
        put_long(&mut out, code);
    }
    out
}

pub(crate) fn encode_names(names: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = (names.len() as u64).to_le_bytes().to_vec();
    for (key, value) in names {
        put_short(&mut out, key);
        put_long(&mut out, value);
    }
    out
}

fn encode_nodes(out: &mut Vec<u8>, nodes: &[Vec<u8>]) {
    out.extend_from_slice(&(nodes.len() as u64).to_le_bytes());
    for node in nodes {
        put_long(out, node);
    }
}

fn decode_nodes(reader: &mut ByteReader<'_>) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut nodes = Vec::new();
    for _ in 0..reader.u64()? {
        nodes.push(reader.long()?.to_vec());
    }
    Ok(nodes)
}

fn decode_proof(reader: &mut ByteReader<'_>) -> Result<RangeProof, Malformed> {
    let origin = H256(reader.array()?);
    let mut leaves = Vec::new();
    for _ in 0..reader.u64()? {
        leaves.push((H256(reader.array()?), reader.short()?.to_vec()));
    }
    Ok(RangeProof { origin, leaves, nodes: decode_nodes(reader)? })
}

/// Checks a chunk against its name and the state root, and returns what it holds.
pub(crate) fn prove_chunk(
    state_root: H256,
    entry: &ChunkEntry,
    bytes: &[u8],
) -> Result<ProvenChunk, ChunkError> {
    if blake3::hash(bytes).as_bytes() != &entry.id {
        return Err(ChunkError::Hash);
    }
    let mut reader = ByteReader::new(bytes);
    let proven = match entry.kind {
        ChunkKind::Accounts => prove_accounts(state_root, &mut reader)?,
        ChunkKind::Storage => prove_storage(state_root, &mut reader)?,
        ChunkKind::Codes => prove_codes(&mut reader)?,
        ChunkKind::Names => decode_names(&mut reader)?,
    };
    reader.finish()?;
    Ok(proven)
}

fn prove_accounts(
    state_root: H256,
    reader: &mut ByteReader<'_>,
) -> Result<ProvenChunk, ChunkError> {
    let origin = H256(reader.array()?);
    let mut proof = RangeProof { origin, leaves: Vec::new(), nodes: Vec::new() };
    let mut entries = Vec::new();
    let mut large = Vec::new();
    for _ in 0..reader.u64()? {
        let hashed_address = H256(reader.array()?);
        let encoded = reader.short()?.to_vec();
        let account = Account::from_rlp(&encoded)?;
        entries.push((account_key(&hashed_address), encoded.clone()));
        proof.leaves.push((hashed_address, encoded));
        let slot_count = reader.u64()?;
        if slot_count == u64::MAX {
            large.push(hashed_address);
            continue;
        }
        let root = decode_slots(&hashed_address, slot_count, reader, &mut entries)?;
        if root != account.storage_root {
            return Err(ChunkError::Storage { hashed_address });
        }
    }
    proof.nodes = decode_nodes(reader)?;
    let end = proof.verify(state_root)?;
    let last = proof.leaves.last().map(|(key, _)| *key);
    Ok(ProvenChunk { covered: Covered::Accounts { origin, last, end, large }, entries })
}

/// Reads the slots of an account and computes their root.
fn decode_slots(
    hashed_address: &H256,
    count: u64,
    reader: &mut ByteReader<'_>,
    entries: &mut Vec<(Vec<u8>, Vec<u8>)>,
) -> Result<H256, ChunkError> {
    if count == 0 {
        return Ok(EMPTY_TRIE_ROOT);
    }
    let mut leaves: Vec<(H256, Vec<u8>)> = Vec::new();
    for _ in 0..count {
        let key = H256(reader.array()?);
        let value = reader.short()?;
        let is_canonical = !value.is_empty() && value.len() <= 32 && value.first() != Some(&0);
        if !is_canonical || leaves.last().is_some_and(|(last, _)| *last >= key) {
            return Err(ChunkError::Storage { hashed_address: *hashed_address });
        }
        let mut encoded = Vec::with_capacity(33);
        rlp::put_bytes(&mut encoded, value);
        leaves.push((key, encoded));
        entries.push((storage_key(hashed_address, &key), value.to_vec()));
    }
    Ok(sorted_trie_root(leaves))
}

fn prove_storage(state_root: H256, reader: &mut ByteReader<'_>) -> Result<ProvenChunk, ChunkError> {
    let account_proof = decode_proof(reader)?;
    let slots = decode_proof(reader)?;
    account_proof.verify(state_root)?;
    let [(account, encoded)] = account_proof.leaves.as_slice() else { return Err(ChunkError::Gap) };
    let end = slots.verify(Account::from_rlp(encoded)?.storage_root)?;
    let mut entries = Vec::with_capacity(slots.leaves.len());
    for (key, leaf) in &slots.leaves {
        let value = rlp::decode(leaf)?.u256()?;
        entries.push((storage_key(account, key), encode_slot(&value)));
    }
    let last = slots.leaves.last().map(|(key, _)| *key);
    Ok(ProvenChunk {
        covered: Covered::Storage { account: *account, origin: slots.origin, last, end },
        entries,
    })
}

fn prove_codes(reader: &mut ByteReader<'_>) -> Result<ProvenChunk, ChunkError> {
    let mut entries = Vec::new();
    for _ in 0..reader.u64()? {
        let code_hash = H256(reader.array()?);
        let code = reader.long()?;
        if keccak256(code) != code_hash {
            return Err(ChunkError::Code { code_hash });
        }
        for (piece, bytes) in code.chunks(CODE_PIECE_BYTES).enumerate() {
            let piece = u16::try_from(piece).map_err(|_too_many| reader.malformed())?;
            entries.push((code_key(&code_hash, piece), bytes.to_vec()));
        }
    }
    Ok(ProvenChunk { covered: Covered::Alone, entries })
}

fn decode_names(reader: &mut ByteReader<'_>) -> Result<ProvenChunk, ChunkError> {
    let mut entries = Vec::new();
    for _ in 0..reader.u64()? {
        let malformed = reader.malformed();
        let key = reader.short()?.to_vec();
        if !matches!(key.first(), Some(&(LOOKUP | METADATA))) {
            return Err(malformed.into());
        }
        entries.push((key, reader.long()?.to_vec()));
    }
    Ok(ProvenChunk { covered: Covered::Alone, entries })
}

/// Returns the key after another, `None` after the last.
pub(crate) fn after(key: H256) -> Option<H256> {
    let mut next = key;
    for byte in next.0.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            return Some(next);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), small in any::<bool>()) {
            let mut bytes = bytes;
            if small {
                // Small counts get further into the entries.
                for at in [1, 2, 3, 4, 5, 6, 7, 33, 34, 35, 36, 37, 38, 39] {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = 0;
                    }
                }
            }
            for kind in [ChunkKind::Accounts, ChunkKind::Storage, ChunkKind::Codes, ChunkKind::Names] {
                let entry = ChunkEntry { kind, id: *blake3::hash(&bytes).as_bytes(), size_bytes: 0 };
                if let Ok(proven) = prove_chunk(H256::repeat_byte(7), &entry, &bytes) {
                    prop_assert_eq!(proven.covered, Covered::Alone);
                }
            }
        }
    }

    #[test]
    fn the_key_after_the_last_does_not_exist() {
        assert_eq!(after(H256::zero()).unwrap().0[31], 1);
        assert_eq!(after(H256::repeat_byte(0xFF)), None);
    }
}
