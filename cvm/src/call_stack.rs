//! The explicit stack of frames: runs the top one, starts frames for calls and creations, and delivers their results.
//!
//! There is no recursion: 1024 calls deep take no more of the thread's stack than one.

use crate::{
    CallKind, Enter, Halt, Outcome, SystemContract, SystemFailure, Word,
    code::Program,
    context::{CallRequest, Context, CreateRequest, Pools},
    contract_address, exact, fast,
    frame::{Exit, Frame, Position, Range},
    gas,
    journal::{AccountId, Checkpoint, Fault},
    miles,
    opcode::STACK_WORDS_MAX,
    precompile_table::{self, BuiltIn},
    precompiles::Precompile,
    programs::ProgramId,
    registers::Registers,
    system_contract::{self, SystemEnd},
    translation::NO_BLOCK,
};
use alloc::{sync::Arc, vec::Vec};
use bytes::Bytes;
use primitive_types::H160 as Address;

/// Frames deeper than this cannot call (YP 9.4.2); the transaction's own frame is 1 deep.
const DEPTH_MAX: usize = 1024;

/// How a frame, or a call that needed none, ended. The output is the context's return data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) status: Status,
    pub(crate) gas_left: i64,
    /// Gas at the start.
    pub(crate) gas_given: i64,
    /// The new contract of a successful creation.
    pub(crate) created: Option<Address>,
}

/// Whether a frame's effects stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    Revert,
    Halt(Halt),
}

/// Runs a call as the first frame, and all that it calls.
pub(crate) fn run_call(
    frames: &mut Vec<Frame>,
    context: &mut Context<'_>,
    request: &CallRequest,
) -> Result<Ended, Fault> {
    // A transaction that could not be finished, because a read failed or a panic was contained, left its frames.
    frames.clear();
    match start_call(frames, context, request)? {
        Some(ended) => Ok(ended),
        None => run(frames, context),
    }
}

/// Runs given code as the first frame, whatever code its account has.
pub(crate) fn run_code(
    frames: &mut Vec<Frame>,
    context: &mut Context<'_>,
    request: &CallRequest,
    code: &[u8],
) -> Result<Ended, Fault> {
    frames.clear();
    context.pools.return_data.clear();
    let checkpoint = context.pools.journal.checkpoint();
    let program = Arc::new(Program::new(code));
    if context.is_traced {
        trace_call(context, request);
    }
    push_call_frame(frames, context, request, Prepared { program, id: None, checkpoint });
    run(frames, context)
}

/// Runs a creation as the first frame, and all that it calls.
pub(crate) fn run_create(
    frames: &mut Vec<Frame>,
    context: &mut Context<'_>,
    request: &CreateRequest,
) -> Result<Ended, Fault> {
    frames.clear();
    match start_create(frames, context, request)? {
        Some(ended) => Ok(ended),
        None => run(frames, context),
    }
}

/// Runs frames until the first one ends.
fn run(frames: &mut Vec<Frame>, context: &mut Context<'_>) -> Result<Ended, Fault> {
    while let Some(frame) = frames.last_mut() {
        let exit = match frame.position {
            Position::Fast(offset) => fast::run(frame, context, offset),
            Position::Exact(pc) if context.is_traced => exact::run::<true>(frame, context, pc),
            Position::Exact(pc) => exact::run::<false>(frame, context, pc),
        };
        let ended = match exit {
            Exit::Call => {
                let request = context.call.take().expect("the call instruction leaves a request");
                suspend(frame);
                let result = request.result;
                match start_call(frames, context, &request)? {
                    Some(ended) => deliver(frames, context, &ended, result),
                    None => continue,
                }
            }
            Exit::Create => {
                let request =
                    context.create.take().expect("the create instruction leaves a request");
                suspend(frame);
                match start_create(frames, context, &request)? {
                    Some(ended) => deliver(frames, context, &ended, Range::default()),
                    None => continue,
                }
            }
            Exit::NeedsExact => {
                frame.exact_since = frame.registers.gas;
                frame.hot_below = i64::MIN;
                continue;
            }
            Exit::IsHot => {
                translate(frame, context);
                continue;
            }
            Exit::Fault => return Err(Fault),
            Exit::Stop | Exit::Return | Exit::Revert | Exit::SelfDestruct | Exit::Halt(_) => {
                let Some(frame) = frames.pop() else { break };
                let ended = finish(&frame, context, exit);
                deliver(frames, context, &ended, frame.result)
            }
        };
        if let Some(ended) = ended {
            return Ok(ended);
        }
    }
    unreachable!("the first frame's end leaves the loop")
}

/// Notes what is needed to resume the frame.
fn suspend(frame: &mut Frame) {
    frame.height = frame.registers.height();
}

/// Moves a hot frame to the fast loop, at the jump destination where it stands.
#[cold]
fn translate(frame: &mut Frame, context: &mut Context<'_>) {
    frame.hot_below = i64::MIN;
    let (Some(id), Position::Exact(pc)) = (frame.program_id, frame.position) else { return };
    add_heat(frame, context);
    frame.program = context.pools.programs.translate(id, &context.rules.table);
    let translation = frame.program.translation.as_ref();
    let offset = translation.map_or(NO_BLOCK, |translation| translation.destination(pc as u64));
    if offset != NO_BLOCK {
        frame.position = Position::Fast(offset as usize);
    }
}

/// Counts the gas that the exact loop used in cached code that is not translated yet.
fn add_heat(frame: &Frame, context: &mut Context<'_>) {
    if let (Some(id), Position::Exact(_)) = (frame.program_id, frame.position) {
        let used = frame.exact_since.saturating_sub(frame.registers.gas);
        context.pools.programs.add_heat(id, used.max(0).unsigned_abs());
    }
}

/// Starts a call. Gives its end if there is nothing to run.
fn start_call(
    frames: &mut Vec<Frame>,
    context: &mut Context<'_>,
    request: &CallRequest,
) -> Result<Option<Ended>, Fault> {
    context.pools.return_data.clear();
    if context.is_traced {
        trace_call(context, request);
    }
    // DELEGATECALL repeats its caller's value, which has moved already; CALLCODE moves nothing but must own the value.
    let value = if request.kind == CallKind::DelegateCall { Word::ZERO } else { request.value };
    if let Some(halt) = refused(frames, context, request.from, value)? {
        return Ok(Some(end_call(context, request, Status::Halt(halt), request.gas)));
    }
    let Pools { journal, .. } = &mut *context.pools;
    let checkpoint = journal.checkpoint();
    if matches!(request.kind, CallKind::Call | CallKind::StaticCall) {
        journal.load(request.target, context.state)?;
        if request.transfers && !request.value.is_zero() {
            journal.take_balance(request.from, request.value);
        }
        let received = if request.transfers { request.value } else { Word::ZERO };
        journal.add_balance(request.target, received);
    }
    let address = journal.account(request.code).address;
    match context.rules.precompiles.find(&address) {
        Some(BuiltIn::Precompile(precompile)) => {
            return Ok(Some(run_precompile(context, request, precompile, checkpoint)));
        }
        Some(BuiltIn::System(contract)) => {
            return run_system_contract(context, request, contract, checkpoint).map(Some);
        }
        None => {}
    }
    let id = context.program(request.delegate.unwrap_or(request.code))?;
    let program = context.pools.programs.program(id);
    let is_delegate_precompile = request.delegate.is_some_and(|delegate| {
        context.rules.precompiles.find(&context.pools.journal.account(delegate).address).is_some()
    });
    if program.code().is_empty() || is_delegate_precompile {
        return Ok(Some(end_call(context, request, Status::Success, request.gas)));
    }
    let program = Arc::clone(program);
    push_call_frame(frames, context, request, Prepared { program, id: Some(id), checkpoint });
    Ok(None)
}

/// Why a call or creation does not even start: it is too deep, or the value is not there.
fn refused(
    frames: &[Frame],
    context: &mut Context<'_>,
    from: AccountId,
    value: Word,
) -> Result<Option<Halt>, Fault> {
    if frames.len() > DEPTH_MAX {
        return Ok(Some(Halt::CallDepth));
    }
    if !value.is_zero() && context.load(from)?.balance < value {
        return Ok(Some(Halt::InsufficientBalance));
    }
    Ok(None)
}

/// Code ready to run, and the point to return to when it fails.
struct Prepared {
    program: Arc<Program>,
    id: Option<ProgramId>,
    checkpoint: Checkpoint,
}

fn push_call_frame(
    frames: &mut Vec<Frame>,
    context: &mut Context<'_>,
    request: &CallRequest,
    code: Prepared,
) {
    let address = context.pools.journal.account(request.target).address;
    let frame = Frame {
        kind: request.kind,
        is_static: request.is_static,
        address,
        account: request.target,
        caller: request.caller,
        value: request.value,
        input: request.input,
        result: request.result,
        ..blank_frame(frames, context, request.gas, code)
    };
    frames.push(frame);
}

/// A frame on top of the others, with an empty stack and memory.
fn blank_frame(frames: &[Frame], context: &mut Context<'_>, gas: i64, code: Prepared) -> Frame {
    let pools = &mut *context.pools;
    let stack_base = frames.last().map_or(0, |frame| frame.stack_base + frame.height);
    if pools.stack.len() < stack_base + STACK_WORDS_MAX {
        pools.stack.resize((stack_base + STACK_WORDS_MAX).next_power_of_two(), Word::ZERO);
    }
    let memory_base = pools.memory.end();
    let window = pools.memory.window(memory_base);
    // Traced frames stay in the exact loop, which reports every step.
    let mut program = code.program;
    let hot_after =
        code.id.filter(|_| !context.is_traced).map(|id| (id, pools.programs.gas_until_hot(id)));
    let (position, hot_below) = match hot_after {
        Some((_, None)) => (Position::Fast(0), i64::MIN),
        Some((id, Some(0))) => {
            program = pools.programs.translate(id, &context.rules.table);
            (Position::Fast(0), i64::MIN)
        }
        Some((_, Some(until))) => (Position::Exact(0), gas.saturating_sub_unsigned(until)),
        None => (Position::Exact(0), i64::MIN),
    };
    Frame {
        registers: Registers::new(&mut pools.stack, stack_base, 0, gas, window),
        height: 0,
        position,
        program,
        program_id: code.id,
        stack_base,
        memory_base,
        input: Range::default(),
        output: Range::default(),
        result: Range::default(),
        kind: CallKind::Call,
        is_static: false,
        depth: frames.len() + 1,
        address: Address::zero(),
        account: AccountId::NONE,
        caller: Address::zero(),
        value: Word::ZERO,
        gas_given: gas,
        exact_since: gas,
        hot_below,
        checkpoint: code.checkpoint,
        scheduled_before: context.scheduled.len(),
    }
}

fn run_precompile(
    context: &mut Context<'_>,
    request: &CallRequest,
    precompile: &Precompile,
    checkpoint: Checkpoint,
) -> Ended {
    let Pools { memory, return_data, .. } = &mut *context.pools;
    let input = memory.range(request.input.start, request.input.size);
    let done = precompile_table::run(precompile, input, request.gas as u64);
    let (status, gas_left) = match done {
        Ok(result) => {
            return_data.extend_from_slice(&result.output);
            (Status::Success, request.gas - result.gas_used as i64)
        }
        Err(halt) => {
            context.pools.journal.revert(checkpoint);
            (Status::Halt(halt), 0)
        }
    };
    end_call(context, request, status, gas_left)
}

#[cold]
fn run_system_contract(
    context: &mut Context<'_>,
    request: &CallRequest,
    contract: &SystemContract,
    checkpoint: Checkpoint,
) -> Result<Ended, Fault> {
    let SystemEnd { result, gas_left } = system_contract::run(contract, context, request)?;
    let return_data = &mut context.pools.return_data;
    let (status, gas_left) = match result {
        Ok(output) => {
            return_data.extend_from_slice(&output);
            (Status::Success, gas_left)
        }
        Err(SystemFailure::Revert(reason)) => {
            return_data.extend_from_slice(&miles::abi::reason(reason));
            (Status::Revert, gas_left)
        }
        Err(SystemFailure::Halt(halt)) => (Status::Halt(halt), 0),
    };
    if status != Status::Success {
        context.pools.journal.revert(checkpoint);
    }
    Ok(end_call(context, request, status, gas_left))
}

/// The end of a call without a frame.
fn end_call(
    context: &mut Context<'_>,
    request: &CallRequest,
    status: Status,
    gas_left: i64,
) -> Ended {
    let ended = Ended { status, gas_left, gas_given: request.gas, created: None };
    if context.is_traced {
        trace_end(context, &ended, request.depth + 1);
    }
    ended
}

/// Starts a creation. Gives its end if it can not start.
fn start_create(
    frames: &mut Vec<Frame>,
    context: &mut Context<'_>,
    request: &CreateRequest,
) -> Result<Option<Ended>, Fault> {
    context.pools.return_data.clear();
    let failed = |halt| {
        let (status, gas) = (Status::Halt(halt), request.gas);
        Ok(Some(Ended { status, gas_left: gas, gas_given: gas, created: None }))
    };
    if let Some(halt) = refused(frames, context, request.creator, request.value)? {
        return failed(halt);
    }
    let creator = context.load(request.creator)?;
    let (creator_address, nonce) = (creator.address, creator.nonce);
    let Some(next_nonce) = nonce.checked_add(1) else { return failed(Halt::NonceOverflow) };
    let Pools { journal, memory, .. } = &mut *context.pools;
    let code = memory.range(request.code.start, request.code.size);
    let address = match request.kind {
        CallKind::Create2 => contract_address::of_salted(&creator_address, &request.salt, code),
        _ => contract_address::of_nonce(&creator_address, nonce),
    };
    let program = Program::new(code);
    journal.set_nonce(request.creator, next_nonce);
    let target = journal.account_id(&address);
    journal.warm_account(target);
    let account = journal.load(target, context.state)?;
    let has_storage = account.before.is_some_and(|before| before.has_storage);
    let is_taken = account.nonce != 0
        || account.has_code()
        || (context.rules.schedule.storage_collides && has_storage);
    if context.is_traced {
        trace_create(context, request, &creator_address, &address);
    }
    if is_taken {
        let status = Status::Halt(Halt::CreateCollision);
        let ended = Ended { status, gas_left: 0, gas_given: request.gas, created: None };
        if context.is_traced {
            trace_end(context, &ended, frames.len() + 1);
        }
        return Ok(Some(ended));
    }
    let journal = &mut context.pools.journal;
    let checkpoint = journal.checkpoint();
    journal.create(target, context.rules.schedule.contract_nonce);
    if !request.value.is_zero() {
        journal.take_balance(request.creator, request.value);
        journal.add_balance(target, request.value);
    }
    let prepared = Prepared { program: Arc::new(program), id: None, checkpoint };
    let frame = Frame {
        kind: request.kind,
        address,
        account: target,
        caller: creator_address,
        value: request.value,
        ..blank_frame(frames, context, request.gas, prepared)
    };
    frames.push(frame);
    Ok(None)
}

/// Ends a frame that ran: keeps or undoes its effects, and moves its output to the return data.
fn finish(frame: &Frame, context: &mut Context<'_>, exit: Exit) -> Ended {
    add_heat(frame, context);
    let (gas_left, gas_given) = (frame.registers.gas, frame.gas_given);
    let mut ended = Ended { status: Status::Success, gas_left, gas_given, created: None };
    let Pools { memory, return_data, .. } = &mut *context.pools;
    return_data.clear();
    match exit {
        Exit::Return | Exit::Revert => {
            let output = memory.range(frame.memory_base + frame.output.start, frame.output.size);
            return_data.extend_from_slice(output);
            if exit == Exit::Revert {
                ended.status = Status::Revert;
            }
        }
        Exit::Halt(halt) => ended.status = Status::Halt(halt),
        _ => {}
    }
    memory.truncate(frame.memory_base);
    if frame.kind.is_create() && ended.status == Status::Success {
        deploy(frame, context, &mut ended);
    }
    if let Status::Halt(_) = ended.status {
        ended.gas_left = 0;
        context.pools.return_data.clear();
    }
    if ended.status != Status::Success {
        context.pools.journal.revert(frame.checkpoint);
        context.scheduled.truncate(frame.scheduled_before);
    }
    if context.is_traced {
        trace_end(context, &ended, frame.depth);
    }
    if ended.created.is_some() {
        context.pools.return_data.clear();
    }
    ended
}

/// Makes the output of creation code the new contract's code (YP 7, EIP-2, EIP-170, EIP-3541).
fn deploy(frame: &Frame, context: &mut Context<'_>, ended: &mut Ended) {
    let Pools { journal, programs, return_data, .. } = &mut *context.pools;
    let schedule = &context.rules.schedule;
    if return_data.len() > schedule.code_size_max {
        ended.status = Status::Halt(Halt::CodeTooLarge);
        return;
    }
    if schedule.refuses_reserved_prefix && return_data.first() == Some(&0xef) {
        ended.status = Status::Halt(Halt::InvalidCodePrefix);
        return;
    }
    let deposit = return_data.len() as i64 * gas::CODE_DEPOSIT_BYTE;
    if deposit > ended.gas_left {
        if schedule.deposit_must_be_paid {
            ended.status = Status::Halt(Halt::OutOfGas);
            return;
        }
        return_data.clear();
    } else {
        ended.gas_left -= deposit;
    }
    if !return_data.is_empty() {
        journal.set_code(frame.account, return_data, programs);
    }
    ended.created = Some(frame.address);
}

/// Gives a result to the frame that waits for it, or out of the loop if none does.
fn deliver(
    frames: &mut [Frame],
    context: &mut Context<'_>,
    ended: &Ended,
    result: Range,
) -> Option<Ended> {
    let Some(frame) = frames.last_mut() else { return Some(*ended) };
    let Pools { stack, memory, return_data, .. } = &mut *context.pools;
    let window = memory.window(frame.memory_base);
    let gas = frame.registers.gas + ended.gas_left;
    let mut registers = Registers::new(stack, frame.stack_base, frame.height, gas, window);
    let copied = return_data.len().min(result.size);
    registers.memory_mut()[result.start..result.start + copied]
        .copy_from_slice(&return_data[..copied]);
    registers.push(match (ended.created, ended.status) {
        (Some(address), _) => Word::from_address(address),
        (None, Status::Success) => Word::ONE,
        (None, _) => Word::ZERO,
    });
    frame.registers = registers;
    // What the call used does not make the caller's code hot.
    let used = ended.gas_given - ended.gas_left;
    frame.exact_since -= used;
    frame.hot_below = frame.hot_below.saturating_sub(used);
    None
}

#[cold]
fn trace_call(context: &mut Context<'_>, request: &CallRequest) {
    let Pools { journal, memory, .. } = &mut *context.pools;
    context.tracer.enter(&Enter {
        kind: request.kind,
        depth: request.depth + 1,
        caller: request.caller,
        address: journal.account(request.target).address,
        code_address: journal.account(request.code).address,
        value: request.value.into(),
        gas: request.gas as u64,
        input: memory.range(request.input.start, request.input.size),
    });
}

#[cold]
fn trace_create(
    context: &mut Context<'_>,
    request: &CreateRequest,
    creator: &Address,
    address: &Address,
) {
    context.tracer.enter(&Enter {
        kind: request.kind,
        depth: request.depth + 1,
        caller: *creator,
        address: *address,
        code_address: *address,
        value: request.value.into(),
        gas: request.gas as u64,
        input: context.pools.memory.range(request.code.start, request.code.size),
    });
}

#[cold]
fn trace_end(context: &mut Context<'_>, ended: &Ended, depth: usize) {
    let outcome = ended.outcome(&context.pools.return_data);
    let gas_used = (ended.gas_given - ended.gas_left) as u64;
    context.tracer.exit(&crate::tracer::Exit { depth, gas_used, outcome: &outcome });
}

impl Ended {
    /// The public form of the end, with its output.
    pub(crate) fn outcome(&self, output: &[u8]) -> Outcome {
        let output = Bytes::copy_from_slice(output);
        match (self.status, self.created) {
            (Status::Success, Some(address)) => Outcome::Created { address, code: output },
            (Status::Success, None) => Outcome::Success { output },
            (Status::Revert, _) => Outcome::Revert { output },
            (Status::Halt(halt), _) => Outcome::Halt(halt),
        }
    }
}
