//! What a block changes in the entries of the view, with the values before and after.

use std::{collections::BTreeMap, ops::ControlFlow};

use bytes::Bytes;
use primitive_types::{H160, H256};

use crate::{
    account::Account,
    block::Block,
    change_set::{AccountChange, AccountWrite},
    journal::record::Change,
    keccak::keccak256_many,
    read_error::ReadError,
    read_view::{ReadView, encode_slot},
    schema::{
        CODE_PIECE_BYTES, account_key, code_key, lookup_key, metadata_key, storage_bounds,
        storage_key,
    },
    state_trie::StateTrie,
};

/// Entries before and after, by key.
type Entries = BTreeMap<Vec<u8>, (Option<Bytes>, Option<Bytes>)>;

/// A diff that lacks only the accounts after the block, since their storage roots are not known yet.
#[derive(Debug)]
pub(crate) struct PartialDiff<'a> {
    entries: Entries,
    accounts: Vec<(H160, H256, Option<Account>, &'a AccountChange)>,
}

impl<'a> PartialDiff<'a> {
    /// Reads the values before the block.
    pub(crate) fn read(
        block: &'a Block,
        tip: &ReadView,
        trie: &StateTrie,
    ) -> Result<Self, ReadError> {
        let mut diff = Self {
            entries: BTreeMap::new(),
            accounts: Vec::with_capacity(block.changes.accounts.len()),
        };
        let addresses: Vec<&[u8]> = block.changes.accounts.keys().map(H160::as_bytes).collect();
        let hashes = keccak256_many(&addresses);
        for ((address, change), hashed) in block.changes.accounts.iter().zip(hashes) {
            let before = trie.account(hashed);
            match change {
                AccountChange::Deleted => diff.clear_storage(hashed, before.as_ref(), tip)?,
                AccountChange::Written(write) => {
                    diff.write_storage(hashed, before.as_ref(), write, tip)?;
                }
            }
            diff.accounts.push((*address, hashed, before, change));
        }
        diff.write_codes(block, tip)?;
        for (name, value) in &block.lookups {
            diff.write_named(lookup_key(name), Some(value), tip)?;
        }
        for (name, value) in &block.metadata {
            diff.write_named(metadata_key(name), value.as_ref(), tip)?;
        }
        Ok(diff)
    }

    fn clear_storage(
        &mut self,
        hashed: H256,
        before: Option<&Account>,
        tip: &ReadView,
    ) -> Result<(), ReadError> {
        if before.is_none_or(|account| account.storage_root == crate::keccak::EMPTY_TRIE_ROOT) {
            return Ok(());
        }
        let (start, end) = storage_bounds(&hashed);
        tip.entries((&start, &end), &mut |key, value| {
            self.entries.insert(key.to_vec(), (Some(Bytes::copy_from_slice(value)), None));
            ControlFlow::Continue(())
        })
    }

    fn write_storage(
        &mut self,
        hashed: H256,
        before: Option<&Account>,
        write: &AccountWrite,
        tip: &ReadView,
    ) -> Result<(), ReadError> {
        if write.storage_cleared {
            self.clear_storage(hashed, before, tip)?;
        }
        let had_storage =
            before.is_some_and(|account| account.storage_root != crate::keccak::EMPTY_TRIE_ROOT);
        let slots: Vec<&[u8]> = write.storage.keys().map(H256::as_bytes).collect();
        for (value, hashed_slot) in write.storage.values().zip(keccak256_many(&slots)) {
            let key = storage_key(&hashed, &hashed_slot);
            let new = (!value.is_zero()).then(|| Bytes::from(encode_slot(value)));
            let old = match self.entries.get(&key) {
                Some((old, _)) => old.clone(),
                None if had_storage => tip.value(&key)?.map(Bytes::from),
                None => None,
            };
            self.entries.insert(key, (old, new));
        }
        Ok(())
    }

    fn write_codes(&mut self, block: &Block, tip: &ReadView) -> Result<(), ReadError> {
        for (code_hash, code) in &block.changes.codes {
            if code.is_empty() || tip.value(&code_key(code_hash, 0))?.is_some() {
                continue;
            }
            for (piece, start) in (0..code.len()).step_by(CODE_PIECE_BYTES).enumerate() {
                let end = code.len().min(start + CODE_PIECE_BYTES);
                let piece = u16::try_from(piece).unwrap_or(u16::MAX);
                self.entries
                    .insert(code_key(code_hash, piece), (None, Some(code.slice(start..end))));
            }
        }
        Ok(())
    }

    fn write_named(
        &mut self,
        key: Vec<u8>,
        value: Option<&Bytes>,
        tip: &ReadView,
    ) -> Result<(), ReadError> {
        let old = tip.value(&key)?.map(Bytes::from);
        self.entries.insert(key, (old, value.cloned()));
        Ok(())
    }

    /// Completes the diff with the accounts after the block; entries that stay the same are left out.
    pub(crate) fn finish(mut self, storage_roots: &BTreeMap<H160, H256>) -> Vec<Change> {
        for (address, hashed, before, change) in self.accounts {
            let after = match change {
                AccountChange::Deleted => None,
                AccountChange::Written(AccountWrite { nonce, balance, code_hash, .. }) => {
                    let storage_root = storage_roots
                        .get(&address)
                        .copied()
                        .unwrap_or(crate::keccak::EMPTY_TRIE_ROOT);
                    Some(Account {
                        nonce: *nonce,
                        balance: *balance,
                        storage_root,
                        code_hash: *code_hash,
                    })
                }
            };
            let encode = |account: Account| Bytes::from(account.to_rlp());
            self.entries.insert(account_key(&hashed), (before.map(encode), after.map(encode)));
        }
        self.entries
            .into_iter()
            .filter(|(_, (old, new))| old != new)
            .map(|(key, (old, new))| Change { key: key.into(), old, new })
            .collect()
    }
}
