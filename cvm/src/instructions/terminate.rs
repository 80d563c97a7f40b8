//! RETURN, REVERT and SELFDESTRUCT.

use super::{access::reach, refuse_static, storage::charge_frame};
use crate::{
    Word,
    context::Context,
    frame::{Exit, Frame, Range},
    gas,
    instruction::Instruction,
};

/// Ends the frame with a range of memory as its output.
///
/// Stack: `offset size ->`. Gas: growth.
pub(super) fn finish(
    frame: &mut Frame,
    context: &mut Context<'_>,
    instruction: Instruction,
) -> Result<Exit, Exit> {
    let mut r = frame.registers;
    let (offset, size) = (r.word(0), r.word(1));
    let (start, size) = reach(&mut r, frame, context, offset, size, 0)?;
    r.pop(2);
    frame.registers = r;
    frame.output = Range { start, size };
    Ok(if instruction == Instruction::Return { Exit::Return } else { Exit::Revert })
}

/// Sends the balance away and, unless EIP-6780 forbids it, marks the account for deletion.
///
/// Stack: `beneficiary ->`. Gas: 5000 (EIP-150), a cold beneficiary (EIP-2929), a new account (EIP-161).
pub(super) fn self_destruct(
    frame: &mut Frame,
    context: &mut Context<'_>,
    _instruction: Instruction,
) -> Result<Exit, Exit> {
    refuse_static(frame)?;
    let schedule = &context.rules.schedule;
    let journal = &mut context.pools.journal;
    let beneficiary = journal.account_id(&frame.registers.word(0).to_address());
    frame.registers.pop(1);
    if journal.warm_account(beneficiary) {
        charge_frame(frame, schedule.cold_beneficiary)?;
    }
    let balance = journal.load(frame.account, context.state)?.balance;
    let receiver = journal.load(beneficiary, context.state)?;
    let is_new = if schedule.clears_empty {
        !balance.is_zero() && receiver.is_empty()
    } else {
        !receiver.exists
    };
    if schedule.self_destruct_new_account && is_new {
        charge_frame(frame, gas::NEW_ACCOUNT)?;
    }

    if context.is_traced {
        let receiver = journal.account(beneficiary).address;
        context.tracer.self_destruct(&frame.address, &receiver, &balance.into());
    }
    let is_deleted = !schedule.self_destruct_only_new || journal.account(frame.account).is_created;
    if frame.account != beneficiary {
        journal.take_balance(frame.account, balance);
        journal.add_balance(beneficiary, balance);
    } else {
        journal.touch(beneficiary);
        if is_deleted {
            journal.set_balance(beneficiary, Word::ZERO);
        }
    }
    if is_deleted && journal.destruct(frame.account) {
        journal.refund += schedule.self_destruct_refund;
    }
    Ok(Exit::SelfDestruct)
}
