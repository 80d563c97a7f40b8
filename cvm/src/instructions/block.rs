//! Instructions that look at the block.

use crate::{Word, context::Context, frame::Exit, registers::Registers};

/// The hash of one of the 256 blocks before this one; zero for any other.
///
/// Stack: `number -> hash`.
#[inline(always)]
pub(super) fn hash(r: &mut Registers, context: &mut Context<'_>) -> Result<(), Exit> {
    r.set(0, hash_of(r.word(0), context)?);
    Ok(())
}

#[inline(never)]
fn hash_of(number: Word, context: &mut Context<'_>) -> Result<Word, Exit> {
    let current = context.block.number;
    let Some(number) =
        number.to_u64().filter(|number| *number < current && current - number <= 256)
    else {
        return Ok(Word::ZERO);
    };
    match context.state.block_hash(number) {
        Ok(hash) => Ok(hash.into()),
        Err(error) => {
            context.pools.journal.backend_error = Some(error);
            Err(Exit::Fault)
        }
    }
}

/// A versioned hash of the transaction's blobs; zero beyond their number (EIP-4844).
///
/// Stack: `index -> hash`.
#[inline(always)]
pub(super) fn blob_hash(r: &mut Registers, context: &Context<'_>) {
    let index = usize::try_from(r.word(0).as_u64_saturating()).unwrap_or(usize::MAX);
    r.set(0, context.blob_hashes.get(index).map_or(Word::ZERO, |hash| (*hash).into()));
}
