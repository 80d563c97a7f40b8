//! What all frames of a transaction share.

use crate::{
    Block, CallKind, Host, KeccakMemo, Rules, ScheduledCall, StateView, Tracer, Word,
    frame::Range,
    journal::{Account, AccountId, Fault, Journal},
    memory::SharedMemory,
    programs::{ProgramId, Programs},
};
use alloc::vec::Vec;
use primitive_types::{H160 as Address, H256};

/// The parts of a virtual machine that are kept between transactions.
pub(crate) struct Pools {
    pub(crate) journal: Journal,
    pub(crate) programs: Programs,
    pub(crate) memory: SharedMemory,
    /// The stacks of all frames: each starts where its caller's ends.
    pub(crate) stack: Vec<Word>,
    /// What the last call returned to the running frame.
    pub(crate) return_data: Vec<u8>,
    pub(crate) keccak: KeccakMemo,
}

/// A call that an instruction asked for, after its gas was charged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallRequest {
    pub(crate) kind: CallKind,
    /// How deep the caller is; 0 for the transaction itself.
    pub(crate) depth: usize,
    /// Gas given to the call, stipend included.
    pub(crate) gas: i64,
    /// What CALLER answers.
    pub(crate) caller: Address,
    /// Whose value moves.
    pub(crate) from: AccountId,
    /// Whose storage the call works on.
    pub(crate) target: AccountId,
    /// Whose code runs.
    pub(crate) code: AccountId,
    /// Whose code runs instead (EIP-7702).
    pub(crate) delegate: Option<AccountId>,
    /// What CALLVALUE answers.
    pub(crate) value: Word,
    /// Whether the value moves.
    pub(crate) transfers: bool,
    pub(crate) is_static: bool,
    /// In the shared memory.
    pub(crate) input: Range,
    /// Where the output goes, in the caller's own memory.
    pub(crate) result: Range,
}

/// A creation that an instruction asked for, after its gas was charged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CreateRequest {
    pub(crate) kind: CallKind,
    /// How deep the creator is; 0 for the transaction itself.
    pub(crate) depth: usize,
    pub(crate) gas: i64,
    pub(crate) creator: AccountId,
    pub(crate) value: Word,
    pub(crate) salt: Word,
    /// The creation code, in the shared memory.
    pub(crate) code: Range,
}

/// What the running transaction is and what it runs on.
pub(crate) struct Context<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) block: &'a Block,
    pub(crate) state: &'a dyn StateView,
    pub(crate) host: &'a dyn Host,
    pub(crate) pools: &'a mut Pools,
    pub(crate) origin: Address,
    pub(crate) gas_price: Word,
    pub(crate) blob_hashes: &'a [H256],
    /// The call or creation that the running frame asked for.
    pub(crate) call: Option<CallRequest>,
    pub(crate) create: Option<CreateRequest>,
    pub(crate) consent: ConsentState,
    /// Told of logs, calls and self-destructs if `is_traced`.
    pub(crate) tracer: &'a mut dyn Tracer,
    pub(crate) is_traced: bool,
    /// How often RAND ran (spec section 2.4); not undone by reverts.
    pub(crate) random_count: u64,
    /// What SCHEDULE asked for, in frames that were not reverted so far.
    pub(crate) scheduled: Vec<ScheduledCall>,
}

/// What became of the consent that the fee terms may require.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConsentState {
    /// Given anywhere, reverted or not (the historical rule).
    pub(crate) anywhere: bool,
    /// Given by the transaction's own frame (the strict rule).
    pub(crate) own_frame: bool,
}

impl Context<'_> {
    /// The account, read if necessary.
    #[inline]
    pub(crate) fn load(&mut self, id: AccountId) -> Result<&Account, Fault> {
        self.pools.journal.load(id, self.state)
    }

    /// The account's prepared code.
    #[inline]
    pub(crate) fn program(&mut self, id: AccountId) -> Result<ProgramId, Fault> {
        let Pools { journal, programs, .. } = &mut *self.pools;
        journal.program(id, programs, self.state)
    }

    /// The account to which this account's code delegates (EIP-7702).
    #[inline]
    pub(crate) fn delegate(&mut self, id: AccountId) -> Result<Option<AccountId>, Fault> {
        let program = self.program(id)?;
        let delegate = self.pools.programs.program(program).delegate();
        Ok(delegate.map(|address| self.pools.journal.account_id(&address)))
    }

    /// Notes that the account running at a depth agrees to pay.
    pub(crate) const fn give_consent(&mut self, depth: usize) {
        self.consent.anywhere = true;
        self.consent.own_frame |= depth == 1;
    }

    /// The price of accessing an account beyond the base price; marks it as accessed.
    #[inline]
    pub(crate) fn access(&mut self, id: AccountId) -> i64 {
        if self.pools.journal.warm_account(id) { self.rules.schedule.cold_account } else { 0 }
    }
}
