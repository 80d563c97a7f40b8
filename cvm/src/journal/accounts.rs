//! The accounts that a transaction touched.

use crate::{AccountInfo, EMPTY_CODE_HASH, Word, programs::ProgramId};
use alloc::{boxed::Box, vec, vec::Vec};
use core::ops::{Index, IndexMut};
use hashbrown::HashMap;
use primitive_types::{H160 as Address, H256};

/// An account's number within one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AccountId(pub(super) u32);

impl AccountId {
    /// No account's number.
    pub(crate) const NONE: Self = Self(u32::MAX);
}

/// An account as the transaction sees it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each undone by itself")]
pub(crate) struct Account {
    pub(crate) address: Address,
    /// The account before the transaction.
    pub(crate) before: Option<AccountInfo>,
    pub(crate) nonce: u64,
    pub(crate) balance: Word,
    pub(crate) code_hash: H256,
    /// The prepared code, once it was asked for.
    pub(crate) program: Option<ProgramId>,
    /// Whether the fields above were read.
    pub(super) is_loaded: bool,
    /// Whether the state has the account; an account that does not exist is empty.
    pub(crate) exists: bool,
    pub(crate) is_warm: bool,
    pub(crate) is_touched: bool,
    /// Whether a creation of this transaction made it.
    pub(crate) is_created: bool,
    pub(crate) is_destructed: bool,
}

impl Account {
    const fn unread(address: Address) -> Self {
        Self {
            address,
            before: None,
            nonce: 0,
            balance: Word::ZERO,
            code_hash: EMPTY_CODE_HASH,
            program: None,
            is_loaded: false,
            exists: false,
            is_warm: false,
            is_touched: false,
            is_created: false,
            is_destructed: false,
        }
    }

    pub(super) fn set_before(&mut self, before: Option<AccountInfo>) {
        self.before = before;
        self.is_loaded = true;
        if let Some(info) = before {
            self.exists = true;
            self.nonce = info.nonce;
            self.balance = info.balance.into();
            self.code_hash = info.code_hash;
        }
    }

    /// Whether nonce, balance and code are all zero (EIP-161).
    pub(crate) fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && !self.has_code()
    }

    pub(crate) fn has_code(&self) -> bool {
        self.code_hash != EMPTY_CODE_HASH
    }
}

/// Entries of the memo in front of the map.
const RECENT: usize = 64;

/// Accounts by number, and numbers by address.
pub(super) struct AccountTable {
    entries: Vec<Account>,
    index: HashMap<Address, AccountId>,
    /// The numbers last found, by the address's lowest bits; verified by comparing addresses.
    recent: Box<[AccountId]>,
    /// Warm from the start, ascending.
    warm: Vec<Address>,
}

impl AccountTable {
    pub(super) fn new(warm: Vec<Address>) -> Self {
        let recent = vec![AccountId::NONE; RECENT].into_boxed_slice();
        Self { entries: Vec::new(), index: HashMap::new(), recent, warm }
    }

    pub(super) fn clear(&mut self) {
        super::slots::clear_list(&mut self.entries);
        super::slots::clear_index(&mut self.index);
    }

    #[inline]
    pub(super) fn intern(&mut self, address: &Address) -> AccountId {
        let place = usize::from(address.0[19] ^ address.0[0]) % RECENT;
        let recent = self.recent[place];
        if self.entries.get(recent.0 as usize).is_some_and(|account| account.address == *address) {
            return recent;
        }
        self.intern_slow(address, place)
    }

    fn intern_slow(&mut self, address: &Address, place: usize) -> AccountId {
        let next = AccountId(self.entries.len() as u32);
        let id = *self.index.entry(*address).or_insert(next);
        if id == next {
            let is_warm = self.warm.binary_search(address).is_ok();
            self.entries.push(Account { is_warm, ..Account::unread(*address) });
        }
        self.recent[place] = id;
        id
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (AccountId, &Account)> {
        self.entries.iter().enumerate().map(|(index, account)| (AccountId(index as u32), account))
    }
}

impl Index<AccountId> for AccountTable {
    type Output = Account;

    #[inline]
    fn index(&self, id: AccountId) -> &Account {
        &self.entries[id.0 as usize]
    }
}

impl IndexMut<AccountId> for AccountTable {
    #[inline]
    fn index_mut(&mut self, id: AccountId) -> &mut Account {
        &mut self.entries[id.0 as usize]
    }
}
