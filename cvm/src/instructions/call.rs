//! CALL, CALLCODE, DELEGATECALL and STATICCALL up to the point where the new frame starts.

use super::{access::reach, storage::charge_frame};
use crate::{
    CallKind, Halt, Word,
    context::{CallRequest, Context},
    frame::{Exit, Frame, Range},
    gas,
    instruction::Instruction,
    journal::AccountId,
};

/// Charges for a call and leaves the request in the context.
///
/// Stack: `gas address [value] input-offset input-size output-offset output-size -> success`.
/// Gas: access (EIP-2929), growth, value transfer, new account (EIP-161), and what is passed on (EIP-150).
pub(super) fn call(
    frame: &mut Frame,
    context: &mut Context<'_>,
    instruction: Instruction,
) -> Result<Exit, Exit> {
    let kind = match instruction {
        Instruction::CallCode => CallKind::CallCode,
        Instruction::DelegateCall => CallKind::DelegateCall,
        Instruction::StaticCall => CallKind::StaticCall,
        _ => CallKind::Call,
    };
    let r = &frame.registers;
    let gas_asked = r.word(0);
    let code = context.pools.journal.account_id(&r.word(1).to_address());
    let has_value = matches!(kind, CallKind::Call | CallKind::CallCode);
    let (value, first) = if has_value { (r.word(2), 3) } else { (Word::ZERO, 2) };
    if frame.is_static && kind == CallKind::Call && !value.is_zero() {
        return Err(Exit::Halt(Halt::StaticViolation));
    }
    let words = [0, 1, 2, 3].map(|index| r.word(first + index));
    let input = memory_range(frame, context, words[0], words[1])?;
    let result = memory_range(frame, context, words[2], words[3])?;
    let target =
        if kind == CallKind::Call || kind == CallKind::StaticCall { code } else { frame.account };
    let delegate = charge_access(frame, context, kind, code, value)?;
    let gas = charge_gas_passed_on(frame, context, gas_asked)?;
    let stipend = if value.is_zero() { 0 } else { gas::CALL_STIPEND };
    frame.registers.pop(first + 4);

    let keeps_caller = kind == CallKind::DelegateCall;
    context.call = Some(CallRequest {
        kind,
        depth: frame.depth,
        gas: gas + stipend,
        from: frame.account,
        caller: if keeps_caller { frame.caller } else { frame.address },
        target,
        code,
        delegate,
        value: if keeps_caller { frame.value } else { value },
        transfers: kind == CallKind::Call,
        is_static: frame.is_static || kind == CallKind::StaticCall,
        input: Range { start: frame.memory_base + input.start, size: input.size },
        result,
    });
    Ok(Exit::Call)
}

fn memory_range(
    frame: &mut Frame,
    context: &mut Context<'_>,
    offset: Word,
    size: Word,
) -> Result<Range, Exit> {
    let mut registers = frame.registers;
    let (start, size) = reach(&mut registers, frame, context, offset, size, 0)?;
    frame.registers = registers;
    Ok(Range { start, size })
}

/// Charges for reaching the account, for the value, and for an account that the value brings into existence. Gives the
/// account whose code runs instead, if the code is a delegation (EIP-7702).
fn charge_access(
    frame: &mut Frame,
    context: &mut Context<'_>,
    kind: CallKind,
    code: AccountId,
    value: Word,
) -> Result<Option<AccountId>, Exit> {
    let mut cost = context.access(code);
    if !value.is_zero() {
        cost += gas::CALL_VALUE;
    }
    charge_frame(frame, cost)?;
    let clears_empty = context.rules.schedule.clears_empty;
    let account = context.load(code)?;
    if kind == CallKind::Call {
        let is_new =
            if clears_empty { !value.is_zero() && account.is_empty() } else { !account.exists };
        charge_frame(frame, if is_new { gas::NEW_ACCOUNT } else { 0 })?;
    }
    if !context.rules.schedule.delegates {
        return Ok(None);
    }
    let delegate = context.delegate(code)?;
    if let Some(delegate) = delegate {
        let cold = context.access(delegate);
        charge_frame(frame, gas::WARM_ACCOUNT + cold)?;
    }
    Ok(delegate)
}

/// All that was asked for, at most all but one 64th of what is left (EIP-150); before, asking for more halts.
fn charge_gas_passed_on(
    frame: &mut Frame,
    context: &Context<'_>,
    asked: Word,
) -> Result<i64, Exit> {
    let asked = i64::try_from(asked.as_u64_saturating()).unwrap_or(i64::MAX);
    let schedule = &context.rules.schedule;
    let gas = if schedule.keeps_one_64th {
        asked.min(schedule.forwardable(frame.registers.gas))
    } else {
        asked
    };
    charge_frame(frame, gas)?;
    Ok(gas)
}
