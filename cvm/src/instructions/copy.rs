//! KECCAK256 and the copying instructions.

use super::access::reach;
use crate::{
    Halt, Word,
    context::Context,
    frame::{Exit, Frame},
    gas,
    registers::Registers,
};

/// The price of copying as many bytes as the word says; without end for what no memory holds.
#[inline(always)]
fn copy_cost(size: Word, word: i64) -> i64 {
    gas::words(size.as_u64_saturating().min(gas::MEMORY_SIZE_MAX), word)
}

/// Hashes a range of memory.
///
/// Stack: `offset size -> hash`. Gas: 30 + 6 for each word + growth (YP appendix H).
#[inline(always)]
pub(super) fn keccak256(
    r: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
) -> Result<(), Exit> {
    let size = r.word(1);
    let (start, size) =
        reach(r, frame, context, r.word(0), size, copy_cost(size, gas::KECCAK_WORD))?;
    let hash = context.pools.keccak.keccak256(&r.memory()[start..start + size]);
    r.pop(1);
    r.set(0, Word::from(hash));
    Ok(())
}

/// Copies `source` from `from` on to memory, zeros behind its end.
#[inline(always)]
fn fill(target: &mut [u8], source: &[u8], from: Word) {
    let from = from.as_u64_saturating().min(source.len() as u64) as usize;
    let available = (source.len() - from).min(target.len());
    let (copied, zeroed) = target.split_at_mut(available);
    copied.copy_from_slice(&source[from..from + available]);
    zeroed.fill(0);
}

/// Copies call data to memory.
///
/// Stack: `target source size ->`. Gas: 3 + 3 for each word + growth (YP appendix H).
#[inline(always)]
pub(super) fn call_data(
    r: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
) -> Result<(), Exit> {
    let size = r.word(2);
    let (start, size) = reach(r, frame, context, r.word(0), size, copy_cost(size, gas::COPY_WORD))?;
    let from = r.word(1);
    let input = context.pools.memory.range(frame.input.start, frame.input.size);
    fill(&mut r.memory_mut()[start..start + size], input, from);
    r.pop(3);
    Ok(())
}

/// Copies the running code to memory. Stack and gas as [`call_data`].
#[inline(always)]
pub(super) fn code(
    r: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
) -> Result<(), Exit> {
    let size = r.word(2);
    let (start, size) = reach(r, frame, context, r.word(0), size, copy_cost(size, gas::COPY_WORD))?;
    let from = r.word(1);
    fill(&mut r.memory_mut()[start..start + size], frame.program.code(), from);
    r.pop(3);
    Ok(())
}

/// Copies what the last call returned to memory; halts beyond its end (EIP-211). Stack and gas as [`call_data`].
#[inline(always)]
pub(super) fn return_data(
    r: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
) -> Result<(), Exit> {
    let (from, size) = (r.word(1), r.word(2));
    let end = from.as_u64_saturating().saturating_add(size.as_u64_saturating());
    if end > context.pools.return_data.len() as u64 {
        return Err(Exit::Halt(Halt::ReturnDataOutOfBounds));
    }
    let (start, size) = reach(r, frame, context, r.word(0), size, copy_cost(size, gas::COPY_WORD))?;
    fill(&mut r.memory_mut()[start..start + size], &context.pools.return_data, from);
    r.pop(3);
    Ok(())
}

/// Copies within memory; the ranges may overlap.
///
/// Stack: `target source size ->`. Gas: 3 + 3 for each word + growth (EIP-5656).
#[inline(always)]
pub(super) fn memory(
    r: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
) -> Result<(), Exit> {
    let (target, source, size) = (r.word(0), r.word(1), r.word(2));
    let furthest = target.max(source);
    let (_, size) = reach(r, frame, context, furthest, size, copy_cost(size, gas::COPY_WORD))?;
    if size != 0 {
        let (target, source) = (target.low_u64() as usize, source.low_u64() as usize);
        r.memory_mut().copy_within(source..source + size, target);
    }
    r.pop(3);
    Ok(())
}

/// Copies another account's code to memory.
///
/// Stack: `address target source size ->`. Gas: access (EIP-2929) + 3 for each word + growth.
#[inline(always)]
pub(super) fn external_code(
    r: &mut Registers,
    frame: &mut Frame,
    context: &mut Context<'_>,
) -> Result<(), Exit> {
    frame.registers = *r;
    external_code_here(frame, context)?;
    *r = frame.registers;
    Ok(())
}

#[inline(never)]
fn external_code_here(frame: &mut Frame, context: &mut Context<'_>) -> Result<(), Exit> {
    let mut r = frame.registers;
    let id = context.pools.journal.account_id(&r.word(0).to_address());
    let is_warm = context.pools.journal.account(id).is_warm;
    let cold = if is_warm { 0 } else { context.rules.schedule.cold_account };
    let (target, size) = (r.word(1), r.word(3));
    let (start, size) =
        reach(&mut r, frame, context, target, size, copy_cost(size, gas::COPY_WORD) + cold)?;
    context.access(id);
    let program = context.program(id)?;
    let from = r.word(2);
    fill(
        &mut r.memory_mut()[start..start + size],
        context.pools.programs.program(program).code(),
        from,
    );
    r.pop(4);
    frame.registers = r;
    Ok(())
}
