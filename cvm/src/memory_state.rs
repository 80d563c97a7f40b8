//! A state held in memory, for tests, tools and devnets of one transaction at a time.

use crate::{AccountInfo, BackendError, EMPTY_CODE_HASH, StateDiff, StateView, keccak256};
use alloc::collections::BTreeMap;
use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};

/// A whole account of a [`MemoryState`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryAccount {
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// The contract's code; empty for none.
    pub code: Bytes,
    /// The non-zero slots.
    pub storage: BTreeMap<U256, U256>,
}

/// A [`StateView`] over ordered maps, to which diffs can be applied.
///
/// # Examples
/// ```
/// use cybermiles_cvm::{MemoryState, StateView};
/// let mut state = MemoryState::default();
/// let address = primitive_types::H160::repeat_byte(1);
/// state.account_mut(address).balance = 5.into();
/// assert_eq!(state.account(&address).unwrap().unwrap().balance, 5.into());
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryState {
    accounts: BTreeMap<Address, MemoryAccount>,
    hashes: BTreeMap<Address, H256>,
    block_hashes: BTreeMap<u64, H256>,
}

impl MemoryState {
    /// The accounts, ordered by address.
    #[must_use]
    pub const fn accounts(&self) -> &BTreeMap<Address, MemoryAccount> {
        &self.accounts
    }

    /// The account at `address`, created empty when there is none.
    pub fn account_mut(&mut self, address: Address) -> &mut MemoryAccount {
        self.hashes.remove(&address);
        self.accounts.entry(address).or_default()
    }

    /// Puts a whole account; its code is hashed once, here.
    pub fn insert(&mut self, address: Address, account: MemoryAccount) {
        if !account.code.is_empty() {
            self.hashes.insert(address, keccak256(&account.code));
        } else {
            self.hashes.remove(&address);
        }
        self.accounts.insert(address, account);
    }

    /// Sets what [`StateView::block_hash`] answers for a height; the default is zero.
    pub fn set_block_hash(&mut self, number: u64, hash: H256) {
        self.block_hashes.insert(number, hash);
    }

    /// Makes what a transaction changed part of the state.
    pub fn apply(&mut self, diff: &StateDiff) {
        for change in &diff.accounts {
            let Some(info) = &change.account else {
                self.accounts.remove(&change.address);
                self.hashes.remove(&change.address);
                continue;
            };
            let account = self.accounts.entry(change.address).or_default();
            account.nonce = info.nonce;
            account.balance = info.balance;
            if let Some(code) = &change.code {
                account.code = code.clone();
                self.hashes.insert(change.address, info.code_hash);
            }
            if change.storage_cleared {
                account.storage.clear();
            }
            for (key, value) in &change.storage {
                if value.is_zero() {
                    account.storage.remove(key);
                } else {
                    account.storage.insert(*key, *value);
                }
            }
        }
    }
}

impl StateView for MemoryState {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, BackendError> {
        let info = self.accounts.get(address).map(|account| AccountInfo {
            nonce: account.nonce,
            balance: account.balance,
            code_hash: if account.code.is_empty() {
                EMPTY_CODE_HASH
            } else {
                self.hashes.get(address).copied().unwrap_or_else(|| keccak256(&account.code))
            },
            has_storage: !account.storage.is_empty(),
        });
        Ok(info)
    }

    fn code(&self, address: &Address, _hash: &H256) -> Result<Bytes, BackendError> {
        Ok(self.accounts.get(address).map(|account| account.code.clone()).unwrap_or_default())
    }

    fn storage(&self, address: &Address, key: &U256) -> Result<U256, BackendError> {
        let account = self.accounts.get(address);
        Ok(account.and_then(|account| account.storage.get(key)).copied().unwrap_or_default())
    }

    fn block_hash(&self, number: u64) -> Result<H256, BackendError> {
        Ok(self.block_hashes.get(&number).copied().unwrap_or_default())
    }
}
