//! A reference Merkle-Patricia trie: the root of a whole map, computed from scratch.
//!
//! Written to be read beside the Yellow Paper, appendix D; it keeps no nodes, so it cannot prove or update anything.

use crate::{MemoryAccount, MemoryState, keccak256};
use primitive_types::{H256, U256};
use rlp::RlpStream;
use std::collections::BTreeMap;

/// The root of a state: accounts under the hashes of their addresses (YP 4.1).
#[must_use]
pub fn state_root(state: &MemoryState) -> H256 {
    let accounts = state.accounts().iter();
    secure_trie_root(
        accounts.map(|(address, account)| (address.as_bytes().to_vec(), account_rlp(account))),
    )
}

/// The root of an account's storage: trimmed values under the hashes of their 32-byte keys. Zero values are not there.
#[must_use]
pub fn storage_root(storage: &BTreeMap<U256, U256>) -> H256 {
    let slots = storage.iter().filter(|(_, value)| !value.is_zero());
    secure_trie_root(
        slots.map(|(key, value)| (key.to_big_endian().to_vec(), rlp::encode(value).to_vec())),
    )
}

/// The root of a trie whose keys are hashed first.
pub fn secure_trie_root(entries: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> H256 {
    trie_root(entries.into_iter().map(|(key, value)| (keccak256(&key).0.to_vec(), value)))
}

/// The root of a trie: key bytes to value bytes (YP D, function TRIE). A later entry replaces an earlier one of the
/// same key; an empty value is no entry.
pub fn trie_root(entries: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> H256 {
    let by_key: BTreeMap<Vec<u8>, Vec<u8>> = entries.into_iter().collect();
    let present = by_key.iter().filter(|(_, value)| !value.is_empty());
    let entries: Vec<(Vec<u8>, &[u8])> =
        present.map(|(key, value)| (nibbles(key), value.as_slice())).collect();
    if entries.is_empty() {
        return keccak256(&rlp::NULL_RLP);
    }
    keccak256(&node(&entries, 0))
}

fn account_rlp(account: &MemoryAccount) -> Vec<u8> {
    let mut stream = RlpStream::new_list(4);
    stream.append(&account.nonce);
    stream.append(&account.balance);
    stream.append(&storage_root(&account.storage));
    stream.append(&keccak256(&account.code));
    stream.out().to_vec()
}

fn nibbles(key: &[u8]) -> Vec<u8> {
    key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect()
}

/// The RLP of the node that holds `entries`, which share their first `depth` nibbles (YP D, function c).
///
/// # Invariants
/// `entries` is not empty, sorted, and its keys differ; so each call is deeper in the key and the recursion ends.
fn node(entries: &[(Vec<u8>, &[u8])], depth: usize) -> Vec<u8> {
    let (first, last) = (&entries[0], &entries[entries.len() - 1]);
    if entries.len() == 1 {
        let mut leaf = RlpStream::new_list(2);
        leaf.append(&hex_prefix(&first.0[depth..], Kind::Leaf));
        leaf.append(&first.1);
        return leaf.out().to_vec();
    }
    let shared = first.0[depth..].iter().zip(&last.0[depth..]).take_while(|(a, b)| a == b).count();
    if shared > 0 {
        let mut extension = RlpStream::new_list(2);
        extension.append(&hex_prefix(&first.0[depth..depth + shared], Kind::Extension));
        append_child(&mut extension, &node(entries, depth + shared));
        return extension.out().to_vec();
    }
    branch(entries, depth)
}

fn branch(entries: &[(Vec<u8>, &[u8])], depth: usize) -> Vec<u8> {
    let (value, mut rest) = match entries.split_first() {
        Some((first, rest)) if first.0.len() == depth => (first.1, rest),
        _ => (&[][..], entries),
    };
    let mut branch = RlpStream::new_list(17);
    for nibble in 0..16 {
        let (child, others) = rest.split_at(rest.partition_point(|(key, _)| key[depth] <= nibble));
        rest = others;
        if child.is_empty() {
            branch.append_empty_data();
        } else {
            append_child(&mut branch, &node(child, depth + 1));
        }
    }
    branch.append(&value);
    branch.out().to_vec()
}

/// A child is its own RLP when that is shorter than a hash, else its hash (YP D, function n).
fn append_child(parent: &mut RlpStream, child: &[u8]) {
    if child.len() < 32 {
        parent.append_raw(child, 1);
    } else {
        parent.append(&keccak256(child));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Extension,
    Leaf,
}

/// Packs nibbles into bytes, with the node kind and the parity in the first nibble (YP C, function HP).
fn hex_prefix(nibbles: &[u8], kind: Kind) -> Vec<u8> {
    let flag = if kind == Kind::Leaf { 0x20 } else { 0 };
    let (head, rest) = match nibbles.split_first() {
        Some((first, rest)) if nibbles.len() % 2 == 1 => (flag | 0x10 | first, rest),
        _ => (flag, nibbles),
    };
    core::iter::once(head).chain(rest.chunks(2).map(|pair| (pair[0] << 4) | pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entries: &[(&str, &str)], expected: &str) {
        let entries =
            entries.iter().map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec()));
        assert_eq!(hex::encode(trie_root(entries)), expected);
    }

    #[test]
    fn roots_of_known_maps() {
        check(&[], "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
        check(
            &[("doe", "reindeer"), ("dog", "puppy"), ("dogglesworth", "cat")],
            "8aad789dff2f538bca5d8ea56e8abe10f4c7ba3a5dea95fea4cd6e7c3a1168d3",
        );
        check(
            &[("do", "verb"), ("horse", "stallion"), ("doge", "coin"), ("dog", "puppy")],
            "5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84",
        );
    }

    #[test]
    fn an_empty_value_is_no_entry_and_the_last_one_wins() {
        check(
            &[("a", "1"), ("a", "")],
            "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
        );
    }
}
