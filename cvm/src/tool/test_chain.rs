//! The chain around a test: a pre-state, and blocks that never were.

use crate::{AccountInfo, BackendError, MemoryState, StateView, keccak256};
use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};
use std::collections::BTreeMap;

/// A state on a chain without blocks: the hash of block N is the keccak-256 of N in decimal digits, unless it is given.
#[derive(Clone, Copy, Debug)]
pub struct TestChain<'a> {
    /// The state before the test.
    pub state: &'a MemoryState,
    /// Hashes that the test gives.
    pub block_hashes: &'a BTreeMap<u64, H256>,
}

impl StateView for TestChain<'_> {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, BackendError> {
        self.state.account(address)
    }

    fn code(&self, address: &Address, hash: &H256) -> Result<Bytes, BackendError> {
        self.state.code(address, hash)
    }

    fn storage(&self, address: &Address, key: &U256) -> Result<U256, BackendError> {
        self.state.storage(address, key)
    }

    fn block_hash(&self, number: u64) -> Result<H256, BackendError> {
        let given = self.block_hashes.get(&number).copied();
        Ok(given.unwrap_or_else(|| keccak256(number.to_string().as_bytes())))
    }
}
