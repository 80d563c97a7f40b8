//! From the journal to the diff.

use super::{Account, Journal, accounts::AccountTable};
use crate::{AccountDiff, AccountInfo, StateDiff, programs::Programs};
use alloc::vec::Vec;
use bytes::Bytes;

impl Journal {
    /// What the transaction changed, in ascending order of addresses and keys.
    pub(crate) fn diff(&self, programs: &Programs) -> StateDiff {
        let mut accounts: Vec<AccountDiff> = Vec::new();
        let mut places = Vec::new();
        for (id, account) in self.accounts.iter() {
            let change = self.change_of(account, programs);
            places.push(change.as_ref().map(|_| accounts.len()));
            accounts.extend(change);
            debug_assert_eq!(places.len(), id.0 as usize + 1);
        }
        self.add_slots(&mut accounts, &mut places);
        for change in &mut accounts {
            change.storage.sort_unstable_by_key(|(key, _)| *key);
        }
        accounts.sort_unstable_by_key(|change| change.address);
        StateDiff { accounts }
    }

    /// Adds changed slots to their accounts' changes.
    fn add_slots(&self, accounts: &mut Vec<AccountDiff>, places: &mut [Option<usize>]) {
        for slot in self.slots.iter().filter(|slot| slot.is_loaded && slot.current != slot.original)
        {
            let account = &self.accounts[slot.account];
            if self.final_account(account).is_none() {
                continue;
            }
            let place = &mut places[slot.account.0 as usize];
            let place = *place.get_or_insert_with(|| {
                accounts.push(unchanged(account));
                accounts.len() - 1
            });
            accounts[place].storage.push((slot.key.into(), slot.current.into()));
        }
    }

    /// The account after the transaction; `None` when it does not exist then.
    fn final_account(&self, account: &Account) -> Option<AccountInfo> {
        let vanishes = self.clears_empty && account.is_touched && account.is_empty();
        if !account.exists || account.is_destructed || vanishes {
            return None;
        }
        let has_storage =
            !account.is_created && account.before.is_some_and(|before| before.has_storage);
        Some(AccountInfo {
            nonce: account.nonce,
            balance: account.balance.into(),
            code_hash: account.code_hash,
            has_storage,
        })
    }

    fn change_of(&self, account: &Account, programs: &Programs) -> Option<AccountDiff> {
        if !account.is_loaded {
            return None;
        }
        let after = self.final_account(account);
        if after == account.before && !account.is_created {
            return None;
        }
        if after.is_none() && account.before.is_none() {
            return None;
        }
        let code_before = account.before.map_or(crate::EMPTY_CODE_HASH, |before| before.code_hash);
        let code_changed = after.is_some_and(|after| after.code_hash != code_before);
        let code = code_changed.then(|| {
            let program = account.program.map(|id| programs.program(id));
            program.map_or_else(Bytes::new, |program| Bytes::copy_from_slice(program.code()))
        });
        let storage_cleared = account.before.is_some_and(|before| before.has_storage)
            && (account.is_created || after.is_none());
        Some(AccountDiff {
            address: account.address,
            before: account.before,
            account: after,
            code,
            storage_cleared,
            storage: Vec::new(),
        })
    }
}

/// The change of an account of which only slots changed.
fn unchanged(account: &Account) -> AccountDiff {
    AccountDiff {
        address: account.address,
        before: account.before,
        account: account.before,
        code: None,
        storage_cleared: false,
        storage: Vec::new(),
    }
}

impl core::fmt::Debug for AccountTable {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_list().entries(self.iter().map(|(_, account)| account)).finish()
    }
}
