//! What one block changes: plain data, from execution to commit.

use std::collections::BTreeMap;

use bytes::Bytes;
use primitive_types::{H160, H256, U256};

/// Everything a block changes in the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// The accounts that were written or deleted.
    pub accounts: BTreeMap<H160, AccountChange>,
    /// New contract code by its keccak-256.
    pub codes: BTreeMap<H256, Bytes>,
}

/// What becomes of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// The account and all of its storage cease to exist.
    Deleted,
    /// The account exists after the block.
    Written(AccountWrite),
}

/// The fields and storage of an account after a block.
///
/// The storage root is not among them: the trie computes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountWrite {
    /// The nonce after the block.
    pub nonce: u64,
    /// The balance in wei after the block.
    pub balance: U256,
    /// Keccak-256 of the code after the block.
    pub code_hash: H256,
    /// True when the storage of before the block is gone, as after a self-destruct and a new creation in the same block.
    pub storage_cleared: bool,
    /// The slots written after any clearing; zero deletes a slot.
    pub storage: BTreeMap<H256, U256>,
}

impl AccountWrite {
    /// A write of nonce, balance and code hash that leaves the storage as it is.
    #[must_use]
    pub const fn new(nonce: u64, balance: U256, code_hash: H256) -> Self {
        Self { nonce, balance, code_hash, storage_cleared: false, storage: BTreeMap::new() }
    }
}
