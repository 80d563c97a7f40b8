//! Reaching into memory: growing it, and paying for that.

use super::{charge, small};
use crate::{
    Halt, Word,
    context::Context,
    frame::{Exit, Frame},
    gas,
    registers::Registers,
};

/// Makes a range of memory accessible and charges for growth and `cost` together. Gives start and size; an empty range
/// costs nothing and starts at zero, whatever its offset (YP, function M).
#[inline(always)]
pub(super) fn reach(
    registers: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
    offset: Word,
    size: Word,
    cost: i64,
) -> Result<(usize, usize), Exit> {
    if size.is_zero() {
        charge(registers, cost)?;
        return Ok((0, 0));
    }
    let (Some(start), Some(size)) = (small(offset), small(size)) else {
        return Err(Exit::Halt(Halt::OutOfGas));
    };
    if start + size <= registers.memory_size {
        charge(registers, cost)?;
    } else {
        grow(registers, frame, context, start + size, cost)?;
    }
    Ok((start, size))
}

/// Makes the word at an offset accessible, which it is not yet.
#[cold]
#[inline(never)]
fn grown_for_word(
    registers: Registers,
    frame: &Frame,
    context: &mut Context<'_>,
    offset: Word,
) -> Result<Registers, Exit> {
    let mut registers = registers;
    let Some(start) = small(offset) else { return Err(Exit::Halt(Halt::OutOfGas)) };
    grow_here(&mut registers, frame, context, start + 32, 0)?;
    Ok(registers)
}

/// Makes the word at an offset accessible, which it is not yet.
#[inline(always)]
pub(crate) fn grow_for_word(
    registers: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
    offset: Word,
) -> Result<(), Exit> {
    *registers = grown_for_word(*registers, frame, context, offset)?;
    Ok(())
}

/// Grows memory to hold `end` bytes, which it does not yet.
#[inline(always)]
fn grow(
    registers: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
    end: usize,
    cost: i64,
) -> Result<(), Exit> {
    *registers = grown(*registers, frame, context, end, cost)?;
    Ok(())
}

/// By value, so that the loops' registers never need an address.
#[cold]
#[inline(never)]
fn grown(
    registers: Registers,
    frame: &Frame,
    context: &mut Context<'_>,
    end: usize,
    cost: i64,
) -> Result<Registers, Exit> {
    let mut registers = registers;
    grow_here(&mut registers, frame, context, end, cost)?;
    Ok(registers)
}

fn grow_here(
    registers: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
    end: usize,
    cost: i64,
) -> Result<(), Exit> {
    let size = end.next_multiple_of(32);
    charge(registers, cost + gas::memory(size as u64) - gas::memory(registers.memory_size as u64))?;
    registers.set_memory(context.pools.memory.grow(frame.memory_base, size));
    Ok(())
}
