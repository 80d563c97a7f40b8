//! Instructions that look at accounts and call data.

use super::charge;
use crate::{
    Word,
    context::Context,
    frame::{Exit, Frame},
    journal::AccountId,
    registers::Registers,
};

/// Reads a word of call data, zeros behind its end.
///
/// Stack: `offset -> word`.
#[inline(always)]
pub(super) fn call_data_load(r: &mut Registers, frame: &Frame, context: &Context<'_>) {
    let input = context.pools.memory.range(frame.input.start, frame.input.size);
    let from = r.word(0).as_u64_saturating().min(input.len() as u64) as usize;
    let rest = &input[from..];
    let word = match rest.first_chunk::<32>() {
        Some(bytes) => Word::from_be_bytes(*bytes),
        None => partial_word(rest),
    };
    r.set(0, word);
}

#[cold]
fn partial_word(bytes: &[u8]) -> Word {
    let mut padded = [0; 32];
    padded[..bytes.len()].copy_from_slice(bytes);
    Word::from_be_bytes(padded)
}

/// The account that the top word names, read, after its access is paid.
#[inline(never)]
fn accessed(gas: i64, address: Word, context: &mut Context<'_>) -> Result<(AccountId, i64), Exit> {
    let id = context.pools.journal.account_id(&address.to_address());
    let is_warm = context.pools.journal.account(id).is_warm;
    let left = gas - if is_warm { 0 } else { context.rules.schedule.cold_account };
    if left < 0 {
        return Err(Exit::Halt(crate::Halt::OutOfGas));
    }
    context.load(id)?;
    context.access(id);
    Ok((id, left))
}

/// Stack: `address -> balance`. Gas: access (EIP-2929).
#[inline(always)]
pub(super) fn balance(r: &mut Registers, context: &mut Context<'_>) -> Result<(), Exit> {
    let (id, gas) = accessed(r.gas, r.word(0), context)?;
    r.gas = gas;
    r.set(0, context.pools.journal.account(id).balance);
    Ok(())
}

/// Stack: `-> balance` (EIP-1884).
#[inline(always)]
pub(super) fn self_balance(
    r: &mut Registers,
    frame: &Frame,
    context: &mut Context<'_>,
) -> Result<(), Exit> {
    let balance = context.load(frame.account)?.balance;
    r.push(balance);
    Ok(())
}

/// Stack: `address -> size`. Gas: access (EIP-2929).
#[inline(always)]
pub(super) fn code_size(r: &mut Registers, context: &mut Context<'_>) -> Result<(), Exit> {
    let (id, gas) = accessed(r.gas, r.word(0), context)?;
    let program = context.program(id)?;
    r.gas = gas;
    r.set(0, Word::from(context.pools.programs.program(program).code().len() as u64));
    Ok(())
}

/// The hash of an account's code; zero for an account that is empty (EIP-1052).
///
/// Stack: `address -> hash`. Gas: access (EIP-2929).
#[inline(always)]
pub(super) fn code_hash(r: &mut Registers, context: &mut Context<'_>) -> Result<(), Exit> {
    let (id, gas) = accessed(r.gas, r.word(0), context)?;
    charge(r, r.gas - gas)?;
    let account = context.pools.journal.account(id);
    let is_absent = !account.exists || account.is_empty();
    r.set(0, if is_absent { Word::ZERO } else { account.code_hash.into() });
    Ok(())
}
