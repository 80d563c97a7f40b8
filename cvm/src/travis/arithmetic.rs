//! Signed and fixed-point arithmetic that halts rather than wraps (spec section 2.3).

use crate::{Halt, OpcodeContext, Word};

type Binary = fn(Word, Word) -> Option<Word>;
type Fixed = fn(Word, Word, Word) -> Option<Word>;

pub(super) fn signed_add(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    binary(context, Word::checked_signed_add)
}

pub(super) fn signed_sub(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    binary(context, Word::checked_signed_sub)
}

pub(super) fn signed_mul(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    binary(context, Word::checked_signed_mul)
}

pub(super) fn fixed_mul(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    fixed(context, Word::checked_fixed_mul)
}

pub(super) fn signed_fixed_mul(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    fixed(context, Word::checked_signed_fixed_mul)
}

pub(super) fn fixed_div(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    refuse_zero_divisor(context)?;
    fixed(context, Word::checked_fixed_div)
}

pub(super) fn signed_fixed_div(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    refuse_zero_divisor(context)?;
    fixed(context, Word::checked_signed_fixed_div)
}

fn refuse_zero_divisor(context: &OpcodeContext<'_, '_>) -> Result<(), Halt> {
    if context.operand(1).is_zero() { Err(Halt::DivisionByZero) } else { Ok(()) }
}

fn binary(context: &mut OpcodeContext<'_, '_>, operation: Binary) -> Result<(), Halt> {
    let result =
        operation(context.operand(0), context.operand(1)).ok_or(Halt::ArithmeticOverflow)?;
    context.set_result(result);
    Ok(())
}

fn fixed(context: &mut OpcodeContext<'_, '_>, operation: Fixed) -> Result<(), Halt> {
    let (x, y, decimals) = (context.operand(0), context.operand(1), context.operand(2));
    context.set_result(operation(x, y, decimals).ok_or(Halt::ArithmeticOverflow)?);
    Ok(())
}
