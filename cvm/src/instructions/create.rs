//! CREATE and CREATE2 up to the point where the creation code starts.

use super::{access::reach, refuse_static, storage::charge_frame};
use crate::{
    CallKind, Halt, Word,
    context::{Context, CreateRequest},
    frame::{Exit, Frame, Range},
    gas,
    instruction::Instruction,
};

/// Charges for a creation and leaves the request in the context.
///
/// Stack: `value offset size [salt] -> address`. Gas: 32000, growth, 2 for each word of creation code (EIP-3860),
/// 6 for each word hashed by CREATE2 (EIP-1014), and all but one 64th of the rest (EIP-150).
pub(super) fn create(
    frame: &mut Frame,
    context: &mut Context<'_>,
    instruction: Instruction,
) -> Result<Exit, Exit> {
    refuse_static(frame)?;
    let is_salted = instruction == Instruction::Create2;
    let mut r = frame.registers;
    let (value, offset, size) = (r.word(0), r.word(1), r.word(2));
    let salt = if is_salted { r.word(3) } else { Word::ZERO };
    let schedule = &context.rules.schedule;
    let size_bytes = size.as_u64_saturating();
    if size_bytes > schedule.init_code_size_max as u64 {
        return Err(Exit::Halt(Halt::InitCodeTooLarge));
    }
    let word_price = schedule.init_code_word + if is_salted { gas::KECCAK_WORD } else { 0 };
    let cost = gas::words(size_bytes.min(gas::MEMORY_SIZE_MAX), word_price);
    let (start, size) = reach(&mut r, frame, context, offset, size, cost)?;
    r.pop(if is_salted { 4 } else { 3 });
    frame.registers = r;

    let gas = context.rules.schedule.forwardable(frame.registers.gas);
    charge_frame(frame, gas)?;
    context.create = Some(CreateRequest {
        kind: if is_salted { CallKind::Create2 } else { CallKind::Create },
        depth: frame.depth,
        gas,
        creator: frame.account,
        value,
        salt,
        code: Range { start: frame.memory_base + start, size },
    });
    Ok(Exit::Create)
}
