//! The virtual machine: rules, and what is kept between transactions.

use crate::{
    BackendError, Block, CallKind, ExecuteError, Executed, FeeTerms, Host, KeccakMemo, Log, NoHost,
    NoTracer, Outcome, Rules, StateDiff, StateView, Tracer, Transaction, call_stack,
    context::{CallRequest, ConsentState, Context, Pools},
    frame::{Frame, Range},
    journal::{Fault, Journal},
    memory::SharedMemory,
    programs::{Programs, Translate},
};
use alloc::{boxed::Box, vec::Vec};
use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};

/// What a transaction runs in: the block, the state before it, and the chain around.
pub struct Environment<'a> {
    /// The block that holds the transaction.
    pub block: &'a Block,
    /// The state before the transaction.
    pub state: &'a dyn StateView,
    /// What chain-specific instructions ask; [`NoHost`] where there are none.
    pub host: &'a dyn Host,
    /// Watches execution, if given.
    pub tracer: Option<&'a mut dyn Tracer>,
}

impl<'a> Environment<'a> {
    /// An environment without chain-specific instructions and tracing.
    #[must_use]
    pub fn new(block: &'a Block, state: &'a dyn StateView) -> Self {
        Self { block, state, host: &NoHost, tracer: None }
    }
}

impl core::fmt::Debug for Environment<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Environment").field("block", self.block).finish_non_exhaustive()
    }
}

/// A virtual machine: executes transactions and bare calls under one set of rules.
///
/// It holds no state of the chain, only prepared code and buffers that are reused; a fresh one gives the same results.
///
/// # Examples
/// ```
/// use cybermiles_cvm::{Block, MemoryState, Message, Outcome, Revision, Rules, Vm};
///
/// // PUSH1 2, PUSH1 3, ADD, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
/// let code = vec![0x60, 2, 0x60, 3, 0x01, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3];
/// let mut vm = Vm::new(Rules::ethereum(Revision::Osaka));
/// let message = Message { code: Some(code.into()), gas_limit: 100_000, ..Message::default() };
/// let called = vm.call(&Block::default(), &message, &MemoryState::default()).unwrap();
/// assert_eq!(called.outcome.output()[31], 5);
/// assert_eq!(called.gas_used, 22);
/// ```
pub struct Vm {
    rules: Rules,
    pools: Box<Pools>,
    frames: Vec<Frame>,
}

const fn assert_send<T: Send>() {}
// Embedders move machines to worker threads.
const _: () = assert_send::<Vm>();

impl core::fmt::Debug for Vm {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Vm").field("rules", &self.rules.revision()).finish_non_exhaustive()
    }
}

/// A call of code outside of a transaction: no nonce, no fee, no intrinsic gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What CALLER answers.
    pub caller: Address,
    /// Whose storage the code works on.
    pub address: Address,
    /// The code to run; `None` for the code of `address`.
    pub code: Option<Bytes>,
    /// The call data.
    pub input: Bytes,
    /// What CALLVALUE answers. The wei move from caller to address unless `code` is given.
    pub value: U256,
    /// Gas for the call, at most 2^63 - 1.
    pub gas_limit: u64,
    /// What ORIGIN answers.
    pub origin: Address,
    /// What GASPRICE answers.
    pub gas_price: U256,
    /// What BLOBHASH answers.
    pub blob_hashes: Vec<H256>,
    /// Whether changes of state are forbidden.
    pub is_static: bool,
}

impl Default for Message {
    /// A call from and to the zero address, without code, data and value, with 30,000,000 gas.
    fn default() -> Self {
        Self {
            caller: Address::zero(),
            address: Address::zero(),
            code: None,
            input: Bytes::new(),
            value: U256::zero(),
            gas_limit: 30_000_000,
            origin: Address::zero(),
            gas_price: U256::zero(),
            blob_hashes: Vec::new(),
            is_static: false,
        }
    }
}

/// What a bare call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// How it ended.
    pub outcome: Outcome,
    /// Gas used, before any refund.
    pub gas_used: u64,
    /// The refund counter; a transaction would give back at most a part of the gas used.
    pub gas_refund: u64,
    /// The events, in order; none unless the outcome is a success.
    pub logs: Vec<Log>,
    /// Every change of state.
    pub diff: StateDiff,
}

impl Vm {
    /// A machine under the given rules.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let journal = Journal::new(rules.schedule.clears_empty, rules.precompiles.addresses());
        let pools = Pools {
            journal,
            programs: Programs::default(),
            memory: SharedMemory::default(),
            stack: Vec::new(),
            return_data: Vec::new(),
            keccak: KeccakMemo::default(),
        };
        Self { rules, pools: Box::new(pools), frames: Vec::new() }
    }

    /// The same machine with another choice of when to translate code.
    #[must_use]
    pub const fn with_translation(mut self, translate: Translate) -> Self {
        self.pools.programs.translate = translate;
        self
    }

    /// The rules.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Executes a transaction. See [`Self::execute_in`] for chain-specific instructions and tracing.
    ///
    /// # Errors
    /// [`ExecuteError`] when the transaction may not be in the block, or the state could not be read. Whatever a valid
    /// transaction does, failing included, is an [`Outcome`].
    pub fn execute(
        &mut self,
        block: &Block,
        transaction: &Transaction,
        fee: &FeeTerms,
        state: &dyn StateView,
    ) -> Result<Executed, ExecuteError> {
        self.execute_in(Environment::new(block, state), transaction, fee)
    }

    /// Executes a transaction and reports every step to a tracer.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn execute_traced(
        &mut self,
        block: &Block,
        transaction: &Transaction,
        fee: &FeeTerms,
        state: &dyn StateView,
        tracer: &mut dyn Tracer,
    ) -> Result<Executed, ExecuteError> {
        let environment = Environment { tracer: Some(tracer), ..Environment::new(block, state) };
        self.execute_in(environment, transaction, fee)
    }

    /// Executes a transaction in an environment.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn execute_in(
        &mut self,
        environment: Environment<'_>,
        transaction: &Transaction,
        fee: &FeeTerms,
    ) -> Result<Executed, ExecuteError> {
        crate::execute::execute(
            &self.rules,
            &mut self.pools,
            &mut self.frames,
            environment,
            transaction,
            fee,
        )
    }

    /// Calls code outside of a transaction. See [`Self::call_in`] for chain-specific instructions and tracing.
    ///
    /// # Errors
    /// [`BackendError`] when the state could not be read.
    pub fn call(
        &mut self,
        block: &Block,
        message: &Message,
        state: &dyn StateView,
    ) -> Result<Called, BackendError> {
        self.call_in(Environment::new(block, state), message)
    }

    /// Calls code outside of a transaction, in an environment.
    ///
    /// # Errors
    /// [`BackendError`] when the state could not be read.
    pub fn call_in(
        &mut self,
        environment: Environment<'_>,
        message: &Message,
    ) -> Result<Called, BackendError> {
        let Self { rules, pools, frames } = self;
        pools.start(&message.input);
        let mut no_tracer = NoTracer;
        let is_traced = environment.tracer.is_some();
        let mut context = Context {
            rules,
            block: environment.block,
            state: environment.state,
            host: environment.host,
            pools,
            origin: message.origin,
            gas_price: message.gas_price.into(),
            blob_hashes: &message.blob_hashes,
            call: None,
            create: None,
            consent: ConsentState::default(),
            tracer: environment.tracer.unwrap_or(&mut no_tracer),
            is_traced,
            random_count: 0,
            scheduled: Vec::new(),
        };
        let called = run_message(frames, &mut context, message);
        called.map_err(|_fault| pools.take_backend_error())
    }
}

fn run_message(
    frames: &mut Vec<Frame>,
    context: &mut Context<'_>,
    message: &Message,
) -> Result<Called, Fault> {
    let journal = &mut context.pools.journal;
    let target = journal.account_id(&message.address);
    let from = journal.account_id(&message.caller);
    journal.warm_account(target);
    journal.warm_account(from);
    context.load(target)?;
    context.load(from)?;
    let delegate = context.delegate(target)?;
    let gas = i64::try_from(message.gas_limit).unwrap_or(i64::MAX);
    let request = CallRequest {
        kind: if message.is_static { CallKind::StaticCall } else { CallKind::Call },
        depth: 0,
        gas,
        caller: message.caller,
        from,
        target,
        code: target,
        delegate,
        value: message.value.into(),
        transfers: !message.is_static,
        is_static: message.is_static,
        input: Range { start: 0, size: message.input.len() },
        result: Range::default(),
    };
    let ended = match &message.code {
        Some(code) => call_stack::run_code(frames, context, &request, code)?,
        None => call_stack::run_call(frames, context, &request)?,
    };
    let Pools { journal, programs, return_data, .. } = &mut *context.pools;
    Ok(Called {
        outcome: ended.outcome(return_data),
        gas_used: (gas - ended.gas_left) as u64,
        gas_refund: journal.refund.max(0) as u64,
        logs: core::mem::take(&mut journal.logs),
        diff: journal.diff(programs),
    })
}

impl Pools {
    /// Prepares for a transaction with the given call data, which is put at the start of the shared memory.
    pub(crate) fn start(&mut self, input: &[u8]) {
        self.journal.start();
        self.programs.start();
        self.memory.start(input);
        if self.stack.len() > RETAINED_STACK_WORDS_MAX {
            self.stack = Vec::new();
        }
        if self.return_data.capacity() > RETAINED_RETURN_DATA_MAX {
            self.return_data = Vec::new();
        }
        self.return_data.clear();
    }

    /// Why the state could not be read.
    pub(crate) fn take_backend_error(&mut self) -> BackendError {
        let error = self.journal.backend_error.take();
        error.unwrap_or_else(|| BackendError::new("the state gave no reason"))
    }
}

/// Words of stack kept between transactions: enough for common depths.
const RETAINED_STACK_WORDS_MAX: usize = 1 << 17;
/// Bytes of return data kept between transactions.
const RETAINED_RETURN_DATA_MAX: usize = 1 << 20;

/// The largest gas limit that fits the machine's signed counter.
pub(crate) const GAS_LIMIT_MAX: u64 = i64::MAX as u64;
