//! The state during one transaction: what was read, what changed, and how to undo it.
//!
//! Accounts and slots are given small numbers when first touched, so that an access costs one look-up at most. Every
//! change leaves its previous value in the undo log; a checkpoint is a position in that log.

mod accounts;
mod finish;
mod slots;

pub(crate) use accounts::{Account, AccountId};
pub(crate) use slots::SlotId;

use crate::{
    BackendError, Log, StateView, Word, keccak256, programs::ProgramId, programs::Programs,
};
use accounts::AccountTable;
use alloc::vec::Vec;
use primitive_types::{H160 as Address, H256};
use slots::SlotTable;

/// The state could not be read; the cause is kept in [`Journal::backend_error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault;

/// The precompiled RIPEMD-160, which stays touched when its call is undone: a bug of block 2,675,119 that all clients
/// keep (EIP-161's own clean-up depended on it).
const RIPEMD: Address = {
    let mut bytes = [0; 20];
    bytes[19] = 3;
    primitive_types::H160(bytes)
};

/// A change to take back.
#[derive(Clone, Copy, Debug)]
enum Undo {
    Balance(AccountId, Word),
    Nonce(AccountId, u64),
    Code(AccountId, Option<ProgramId>, H256),
    Touched(AccountId, bool, bool),
    Warm(AccountId),
    Created(AccountId),
    Destructed(AccountId),
    SlotWarm(SlotId),
    Slot(SlotId, Word),
    SlotReset(SlotId, Word),
    Transient(SlotId, Word),
}

/// A point to return to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint {
    undo: usize,
    logs: usize,
    refund: i64,
}

/// The revertible state of one transaction over a [`StateView`].
pub(crate) struct Journal {
    accounts: AccountTable,
    slots: SlotTable,
    transients: SlotTable,
    undo: Vec<Undo>,
    pub(crate) logs: Vec<Log>,
    /// Gas to give back (YP, `A_r`); negative while a frame takes back what another was granted.
    pub(crate) refund: i64,
    /// Why the state could not be read.
    pub(crate) backend_error: Option<BackendError>,
    clears_empty: bool,
}

impl Journal {
    /// A journal in which some accounts, the precompiled contracts, are warm from the start (EIP-2929).
    pub(crate) fn new(clears_empty: bool, warm: Vec<Address>) -> Self {
        Self {
            accounts: AccountTable::new(warm),
            slots: SlotTable::default(),
            transients: SlotTable::default(),
            undo: Vec::new(),
            logs: Vec::new(),
            refund: 0,
            backend_error: None,
            clears_empty,
        }
    }

    /// Forgets the previous transaction.
    pub(crate) fn start(&mut self) {
        self.accounts.clear();
        self.slots.clear();
        self.transients.clear();
        slots::clear_list(&mut self.undo);
        self.logs.clear();
        self.refund = 0;
        self.backend_error = None;
    }

    /// The number of an account, without reading it.
    #[inline]
    pub(crate) fn account_id(&mut self, address: &Address) -> AccountId {
        self.accounts.intern(address)
    }

    /// The account as far as it is known; fields other than the address are valid after [`Self::load`] only.
    #[inline]
    pub(crate) fn account(&self, id: AccountId) -> &Account {
        &self.accounts[id]
    }

    /// The account, read from the state if that was not done before.
    #[inline]
    pub(crate) fn load(&mut self, id: AccountId, state: &dyn StateView) -> Result<&Account, Fault> {
        if !self.accounts[id].is_loaded {
            self.read_account(id, state)?;
        }
        Ok(&self.accounts[id])
    }

    #[cold]
    fn read_account(&mut self, id: AccountId, state: &dyn StateView) -> Result<(), Fault> {
        let account = &mut self.accounts[id];
        match state.account(&account.address) {
            Ok(before) => account.set_before(before),
            Err(error) => {
                self.backend_error = Some(error);
                return Err(Fault);
            }
        }
        Ok(())
    }

    /// The account's code, read and prepared if that was not done before.
    pub(crate) fn program(
        &mut self,
        id: AccountId,
        programs: &mut Programs,
        state: &dyn StateView,
    ) -> Result<ProgramId, Fault> {
        let account = self.load(id, state)?;
        if let Some(program) = account.program {
            return Ok(program);
        }
        let (address, hash) = (account.address, account.code_hash);
        let program = match programs.find(&hash) {
            Some(program) => program,
            None => match state.code(&address, &hash) {
                Ok(code) => programs.insert(hash, &code),
                Err(error) => {
                    self.backend_error = Some(error);
                    return Err(Fault);
                }
            },
        };
        self.accounts[id].program = Some(program);
        Ok(program)
    }

    /// Marks an account as accessed. Says whether it was cold (EIP-2929).
    #[inline]
    pub(crate) fn warm_account(&mut self, id: AccountId) -> bool {
        let account = &mut self.accounts[id];
        if account.is_warm {
            return false;
        }
        account.is_warm = true;
        self.undo.push(Undo::Warm(id));
        true
    }

    /// Marks an account as changed: under EIP-161 it vanishes at the end if it is empty, before it springs into being.
    pub(crate) fn touch(&mut self, id: AccountId) {
        let account = &mut self.accounts[id];
        if !account.is_touched || !account.exists {
            self.undo.push(Undo::Touched(id, account.is_touched, account.exists));
            account.is_touched = true;
            account.exists = true;
        }
    }

    /// Adds wei, touching the account. It must be loaded. Wraps only if the total supply exceeds a word.
    pub(crate) fn add_balance(&mut self, id: AccountId, amount: Word) {
        self.touch(id);
        if !amount.is_zero() {
            let balance = self.accounts[id].balance;
            self.set_balance(id, balance.wrapping_add(amount));
        }
    }

    /// Takes wei, touching the account. It must be loaded and own them.
    pub(crate) fn take_balance(&mut self, id: AccountId, amount: Word) {
        self.touch(id);
        if !amount.is_zero() {
            let balance = self.accounts[id].balance;
            debug_assert!(balance >= amount);
            self.set_balance(id, balance.wrapping_sub(amount));
        }
    }

    pub(crate) fn set_balance(&mut self, id: AccountId, balance: Word) {
        self.undo.push(Undo::Balance(id, self.accounts[id].balance));
        self.accounts[id].balance = balance;
    }

    /// Sets a loaded account's nonce, touching it.
    pub(crate) fn set_nonce(&mut self, id: AccountId, nonce: u64) {
        self.touch(id);
        self.undo.push(Undo::Nonce(id, self.accounts[id].nonce));
        self.accounts[id].nonce = nonce;
    }

    /// Sets a loaded account's code, touching it.
    pub(crate) fn set_code(&mut self, id: AccountId, code: &[u8], programs: &mut Programs) {
        self.touch(id);
        let account = &mut self.accounts[id];
        self.undo.push(Undo::Code(id, account.program, account.code_hash));
        let hash = keccak256(code);
        account.code_hash = hash;
        account.program = Some(programs.find(&hash).unwrap_or_else(|| programs.insert(hash, code)));
    }

    /// Turns a loaded account into a new contract: its storage starts empty.
    pub(crate) fn create(&mut self, id: AccountId, nonce: u64) {
        self.touch(id);
        if nonce != 0 {
            self.set_nonce(id, nonce);
        }
        if !self.accounts[id].is_created {
            self.accounts[id].is_created = true;
            self.undo.push(Undo::Created(id));
        }
        let had_storage = self.accounts[id].before.is_some_and(|before| before.has_storage);
        if had_storage {
            for slot in self.slots.of_account(id) {
                self.undo.push(Undo::SlotReset(slot, self.slots[slot].original));
                self.undo.push(Undo::Slot(slot, self.slots[slot].current));
                self.slots[slot].original = Word::ZERO;
                self.slots[slot].current = Word::ZERO;
            }
        }
    }

    /// Marks an account for deletion at the end. Says whether this is the first time.
    pub(crate) fn destruct(&mut self, id: AccountId) -> bool {
        let first = !self.accounts[id].is_destructed;
        if first {
            self.accounts[id].is_destructed = true;
            self.undo.push(Undo::Destructed(id));
        }
        first
    }

    /// The number of a slot, without reading it.
    #[inline]
    pub(crate) fn slot_id(&mut self, account: AccountId, key: Word) -> SlotId {
        self.slots.intern(account, key)
    }

    /// Whether the slot was accessed before in this transaction.
    #[inline]
    pub(crate) fn is_warm_slot(&self, id: SlotId) -> bool {
        self.slots[id].is_warm
    }

    /// Marks a slot as accessed (EIP-2929).
    #[inline]
    pub(crate) fn warm_slot(&mut self, id: SlotId) {
        if !self.slots[id].is_warm {
            self.slots[id].is_warm = true;
            self.undo.push(Undo::SlotWarm(id));
        }
    }

    /// The value of a slot before the transaction, and now.
    #[inline]
    pub(crate) fn slot(
        &mut self,
        id: SlotId,
        state: &dyn StateView,
    ) -> Result<(Word, Word), Fault> {
        if !self.slots[id].is_loaded {
            self.read_slot(id, state)?;
        }
        let slot = &self.slots[id];
        Ok((slot.original, slot.current))
    }

    #[cold]
    fn read_slot(&mut self, id: SlotId, state: &dyn StateView) -> Result<(), Fault> {
        let slot = &mut self.slots[id];
        let account = &self.accounts[slot.account];
        let exists_before = account.before.is_some_and(|before| before.has_storage);
        if exists_before && !account.is_created {
            match state.storage(&account.address, &slot.key.into()) {
                Ok(value) => slot.original = value.into(),
                Err(error) => {
                    self.backend_error = Some(error);
                    return Err(Fault);
                }
            }
            slot.current = slot.original;
        }
        slot.is_loaded = true;
        Ok(())
    }

    /// Changes a slot that was read before.
    #[inline]
    pub(crate) fn set_slot(&mut self, id: SlotId, value: Word) {
        let slot = &mut self.slots[id];
        self.undo.push(Undo::Slot(id, slot.current));
        slot.current = value;
    }

    /// A transient value (EIP-1153).
    #[inline]
    pub(crate) fn transient(&mut self, account: AccountId, key: Word) -> Word {
        let id = self.transients.intern(account, key);
        self.transients[id].current
    }

    /// Changes a transient value.
    #[inline]
    pub(crate) fn set_transient(&mut self, account: AccountId, key: Word, value: Word) {
        let id = self.transients.intern(account, key);
        self.undo.push(Undo::Transient(id, self.transients[id].current));
        self.transients[id].current = value;
    }

    /// The present point, to return to by [`Self::revert`].
    #[inline]
    pub(crate) const fn checkpoint(&self) -> Checkpoint {
        Checkpoint { undo: self.undo.len(), logs: self.logs.len(), refund: self.refund }
    }

    /// Undoes every change made since the checkpoint.
    pub(crate) fn revert(&mut self, to: Checkpoint) {
        while self.undo.len() > to.undo {
            let Some(undo) = self.undo.pop() else { break };
            self.take_back(undo);
        }
        self.logs.truncate(to.logs);
        self.refund = to.refund;
    }

    fn take_back(&mut self, undo: Undo) {
        match undo {
            Undo::Balance(id, balance) => self.accounts[id].balance = balance,
            Undo::Nonce(id, nonce) => self.accounts[id].nonce = nonce,
            Undo::Code(id, program, hash) => {
                self.accounts[id].program = program;
                self.accounts[id].code_hash = hash;
            }
            Undo::Touched(id, touched, existed) => {
                let account = &mut self.accounts[id];
                account.is_touched = touched || (self.clears_empty && account.address == RIPEMD);
                account.exists = existed;
            }
            Undo::Warm(id) => self.accounts[id].is_warm = false,
            Undo::Created(id) => self.accounts[id].is_created = false,
            Undo::Destructed(id) => self.accounts[id].is_destructed = false,
            Undo::SlotWarm(id) => self.slots[id].is_warm = false,
            Undo::Slot(id, value) => self.slots[id].current = value,
            Undo::SlotReset(id, value) => self.slots[id].original = value,
            Undo::Transient(id, value) => self.transients[id].current = value,
        }
    }
}
