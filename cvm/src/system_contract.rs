//! Contracts that a chain adds at reserved addresses, which may ask what a precompiled contract cannot: who calls, and what
//! the chain around the state says.

use crate::{
    CallKind, Halt, Host, NativeFunction,
    context::{CallRequest, Context},
    journal::{Account, Fault},
};
use bytes::Bytes;
use primitive_types::{H160 as Address, H256};

/// A contract that the machine itself runs.
#[derive(Clone, Copy, Debug)]
pub struct SystemContract {
    /// The name, for tools.
    pub name: &'static str,
    /// Where it is called. Nothing should be deployed there; its state, if any, is an account like others.
    pub address: Address,
    /// What it does. It charges before it works.
    pub run: fn(&mut SystemContext<'_, '_>) -> Result<Bytes, SystemFailure>,
}

/// Why a system contract failed; its effects are undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemFailure {
    /// With a reason for the caller, who keeps the gas left.
    Revert(&'static str),
    /// All gas given to the call is gone.
    Halt(Halt),
}

impl From<Halt> for SystemFailure {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// What a system contract sees and may do.
pub struct SystemContext<'c, 'a> {
    context: &'c mut Context<'a>,
    request: &'c CallRequest,
    input: &'c [u8],
    gas_left: i64,
    has_fault: bool,
}

impl core::fmt::Debug for SystemContext<'_, '_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("SystemContext")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// How a system contract ended, and the gas left.
pub(crate) struct SystemEnd {
    pub(crate) result: Result<Bytes, SystemFailure>,
    pub(crate) gas_left: i64,
}

/// Runs a system contract.
pub(crate) fn run(
    contract: &SystemContract,
    context: &mut Context<'_>,
    request: &CallRequest,
) -> Result<SystemEnd, Fault> {
    // The input stays where it is while the contract has the rest of the context.
    let memory = core::mem::take(&mut context.pools.memory);
    let input = memory.range(request.input.start, request.input.size);
    let mut system =
        SystemContext { context, request, input, gas_left: request.gas, has_fault: false };
    let result = (contract.run)(&mut system);
    let (gas_left, has_fault) = (system.gas_left, system.has_fault);
    context.pools.memory = memory;
    if has_fault { Err(Fault) } else { Ok(SystemEnd { result, gas_left }) }
}

impl<'c> SystemContext<'c, '_> {
    /// The call data.
    #[must_use]
    pub const fn input(&self) -> &'c [u8] {
        self.input
    }

    /// Takes gas.
    ///
    /// # Errors
    /// [`Halt::OutOfGas`], for the function to return.
    pub fn charge(&mut self, gas: u64) -> Result<(), Halt> {
        let left = i64::try_from(gas)
            .ok()
            .map(|gas| self.gas_left.saturating_sub(gas))
            .filter(|left| *left >= 0);
        self.gas_left = left.ok_or(Halt::OutOfGas)?;
        Ok(())
    }

    /// Who calls. After DELEGATECALL and CALLCODE, the contract that lends its storage.
    #[must_use]
    pub fn caller(&self) -> Address {
        if self.is_delegated() {
            self.context.pools.journal.account(self.request.target).address
        } else {
            self.request.caller
        }
    }

    /// Whether the code runs on its caller's storage (DELEGATECALL, CALLCODE).
    #[must_use]
    pub const fn is_delegated(&self) -> bool {
        matches!(self.request.kind, CallKind::DelegateCall | CallKind::CallCode)
    }

    /// Whether changes of state are forbidden.
    #[must_use]
    pub const fn is_static(&self) -> bool {
        self.request.is_static
    }

    /// Whether the call comes with coins, which a contract that cannot return them should refuse.
    #[must_use]
    pub const fn has_value(&self) -> bool {
        self.request.transfers && !self.request.value.is_zero()
    }

    /// Who sent the transaction.
    #[must_use]
    pub const fn origin(&self) -> Address {
        self.context.origin
    }

    /// The chain around the state.
    #[must_use]
    pub fn host(&self) -> &dyn Host {
        self.context.host
    }

    /// The native function of a name, if the rules have it.
    #[must_use]
    pub fn native(&self, name: &[u8]) -> Option<NativeFunction> {
        self.context.rules.natives.find(name).copied()
    }

    /// Agrees, on behalf of the caller, to pay for the transaction. It is the called contract's own consent only when the
    /// transaction's own frame calls here directly.
    pub fn give_consent(&mut self) {
        self.context.give_consent(self.request.depth);
    }

    /// An account's nonce at this moment.
    ///
    /// # Errors
    /// A halt for the function to return; the machine then reports that the state could not be read.
    pub fn nonce(&mut self, address: &Address) -> Result<u64, Halt> {
        self.account(address).map(|account| account.nonce)
    }

    /// The hash of an account's code at this moment.
    ///
    /// # Errors
    /// A halt for the function to return; the machine then reports that the state could not be read.
    pub fn code_hash(&mut self, address: &Address) -> Result<H256, Halt> {
        self.account(address).map(|account| account.code_hash)
    }

    fn account(&mut self, address: &Address) -> Result<&Account, Halt> {
        let id = self.context.pools.journal.account_id(address);
        self.has_fault |= self.context.load(id).is_err();
        if self.has_fault {
            Err(Halt::InvalidInstruction)
        } else {
            Ok(self.context.pools.journal.account(id))
        }
    }

    /// Counts and gives how often the transaction asked for a random value, 1 at first; reverts do not take it back.
    pub const fn next_random_count(&mut self) -> u64 {
        self.context.random_count += 1;
        self.context.random_count
    }
}
