//! What one transaction changed.

use crate::AccountInfo;
use alloc::vec::Vec;
use bytes::Bytes;
use primitive_types::{H160 as Address, U256};

/// The changes of one transaction, ordered by address; accounts that did not change are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StateDiff {
    /// Changed accounts, by ascending address.
    pub accounts: Vec<AccountDiff>,
}

/// The change of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AccountDiff {
    /// Whose change this is.
    pub address: Address,
    /// The account before the transaction; `None` when it did not exist.
    pub before: Option<AccountInfo>,
    /// The account after the transaction; `None` when it no longer exists (its storage is gone too).
    ///
    /// `has_storage` keeps its value of before unless the storage was cleared: whoever applies the diff knows better.
    pub account: Option<AccountInfo>,
    /// The new code, when it changed.
    pub code: Option<Bytes>,
    /// Whether all slots of before are gone; `storage` then applies to empty storage.
    pub storage_cleared: bool,
    /// Changed slots, by ascending key; a zero value removes the slot.
    pub storage: Vec<(U256, U256)>,
}

impl StateDiff {
    /// The change of `address`, if any.
    #[must_use]
    pub fn account(&self, address: &Address) -> Option<&AccountDiff> {
        let found = self.accounts.binary_search_by(|change| change.address.cmp(address));
        found.ok().map(|index| &self.accounts[index])
    }
}
