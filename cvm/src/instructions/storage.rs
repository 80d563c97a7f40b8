//! Storage and logs.

use super::{access::reach, charge, refuse_static};
use crate::{
    Halt, Log, Word,
    context::Context,
    frame::{Exit, Frame},
    gas,
    journal::AccountId,
    registers::Registers,
};
use alloc::vec::Vec;
use bytes::Bytes;

/// Reads a slot of the current account.
///
/// Stack: `key -> value`. Gas: the base price, and a surcharge for the first access (EIP-2929).
#[inline(always)]
pub(super) fn load(
    r: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
) -> Result<(), Exit> {
    let (value, gas) = loaded(r.gas, r.word(0), frame.account, context)?;
    r.gas = gas;
    r.set(0, value);
    Ok(())
}

#[inline(never)]
fn loaded(
    gas: i64,
    key: Word,
    account: AccountId,
    context: &mut Context<'_>,
) -> Result<(Word, i64), Exit> {
    let journal = &mut context.pools.journal;
    let slot = journal.slot_id(account, key);
    let mut left = gas;
    if !journal.is_warm_slot(slot) {
        left -= context.rules.schedule.cold_slot;
        if left < 0 {
            return Err(Exit::Halt(Halt::OutOfGas));
        }
        journal.warm_slot(slot);
    }
    let (_, current) = journal.slot(slot, context.state)?;
    Ok((current, left))
}

/// Writes a slot of the current account. Ends a basic block.
///
/// Stack: `key value ->`. Gas: see [`gas::StorageGas`]. Halts in a static frame, and when the gas left is at most the
/// call stipend (EIP-2200).
#[inline(always)]
pub(super) fn store(
    r: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
) -> Result<(), Exit> {
    r.gas = stored(r.gas, r.word(0), r.word(1), frame, context)?;
    r.pop(2);
    Ok(())
}

#[inline(never)]
fn stored(
    gas: i64,
    key: Word,
    value: Word,
    frame: &Frame,
    context: &mut Context<'_>,
) -> Result<i64, Exit> {
    refuse_static(frame)?;
    let prices = &context.rules.schedule.storage;
    if gas <= prices.sentry {
        return Err(Exit::Halt(Halt::OutOfGas));
    }
    let journal = &mut context.pools.journal;
    let slot = journal.slot_id(frame.account, key);
    let (original, current) = journal.slot(slot, context.state)?;
    let (cost, refund) = prices.store(&original, &current, &value);
    let cold = if journal.is_warm_slot(slot) { 0 } else { prices.cold };
    let left = gas - cost - cold;
    if left < 0 {
        return Err(Exit::Halt(Halt::OutOfGas));
    }
    journal.warm_slot(slot);
    journal.refund += refund;
    if current != value {
        journal.set_slot(slot, value);
    }
    Ok(left)
}

/// Emits an event.
///
/// Stack: `offset size topic... ->`. Gas: 375 + 375 for each topic + 8 for each byte + growth (YP appendix H).
#[inline(always)]
pub(super) fn log(
    r: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
    topics: usize,
) -> Result<(), Exit> {
    refuse_static(frame)?;
    let size = r.word(1);
    let cost = size.as_u64_saturating().min(gas::MEMORY_SIZE_MAX) as i64 * gas::LOG_BYTE;
    let (start, size) = reach(r, frame, context, r.word(0), size, cost)?;
    let words =
        [0, 1, 2, 3].map(|index| if index < topics { r.word(2 + index) } else { Word::ZERO });
    emit(frame, context, &words[..topics], &r.memory()[start..start + size]);
    r.pop(2 + topics);
    Ok(())
}

#[inline(never)]
fn emit(frame: &Frame, context: &mut Context<'_>, topics: &[Word], data: &[u8]) {
    let topics: Vec<_> = topics.iter().map(|topic| (*topic).into()).collect();
    let log = Log { address: frame.address, topics, data: Bytes::copy_from_slice(data) };
    if context.is_traced {
        context.tracer.log(&log);
    }
    context.pools.journal.logs.push(log);
}

/// Charges in functions that keep the registers in the frame.
pub(super) fn charge_frame(frame: &mut Frame, cost: i64) -> Result<(), Exit> {
    charge(&mut frame.registers, cost)
}
