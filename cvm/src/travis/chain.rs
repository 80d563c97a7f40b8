//! Opcodes that look beyond accounts and storage: validators, scheduled calls, consent to pay.

use crate::{Halt, OpcodeContext, ScheduledCall, Word};

/// Whether an address owns a validator; its high 12 bytes do not matter.
pub(super) fn is_validator(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    let address = context.operand(0).to_address();
    let answer = context.host().is_validator(&address);
    context.set_result(Word::from(answer));
    Ok(())
}

/// Asks for a call later, which [`Executed::scheduled`](crate::Executed::scheduled) then lists. On mainnet nothing came of
/// it, so the historical rules list nothing; nor does a static call.
pub(super) fn schedule(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    if context.is_static() || context.is_historical() {
        return Ok(());
    }
    let call = ScheduledCall {
        sender: context.caller(),
        data: context.operand(0).into(),
        timestamp: context.operand(1).into(),
        receiver: context.operand(2).to_address(),
    };
    context.schedule(call)
}

/// Agrees to pay; allowed in static calls, and not undone by reverts where the rules count consent anywhere.
pub(super) fn free_gas(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    context.give_consent();
    Ok(())
}
