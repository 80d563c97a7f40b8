//! Translation of code into the form that the fast loop runs.
//!
//! Translated code is a stream of bytes: one instruction byte each, followed by immediates in little-endian order. It is
//! divided into basic blocks; each starts with its whole base gas and the stack heights at which it can run, so that
//! these are checked once. Within a block, constants are folded and common sequences fused, and jumps to constants
//! carry the stream offset of their target.
//!
//! Wherever a check fails, the fast loop hands the frame to the exact loop at the same instruction; [`Translation::locate`]
//! finds out which that is, and how much of the block's gas was not due yet. Errors, gas and traces therefore always
//! come from the exact loop.
//!
//! # Invariants
//! - Every stream offset that the fast loop can reach is written by [`Emitter`] as a valid instruction.
//! - The stream ends with an `Exact` instruction and as many spare bytes as the longest instruction has.

mod decode;
mod emit;
mod fuse;

use crate::{code::Program, opcode::OpcodeTable};
use alloc::{boxed::Box, vec, vec::Vec};
use decode::Block;
use emit::Emitter;

/// No block starts at this code offset.
pub(crate) const NO_BLOCK: u32 = u32::MAX;

/// Translated code.
#[derive(Clone, Debug)]
pub(crate) struct Translation {
    stream: Box<[u8]>,
    /// For each code offset, where the block that starts there is in the stream; [`NO_BLOCK`] unless a JUMPDEST.
    destinations: Box<[u32]>,
    /// Every block's start, ascending.
    blocks: Box<[BlockStart]>,
}

/// Where a block is.
#[derive(Clone, Copy, Debug)]
struct BlockStart {
    stream_offset: u32,
    pc: u32,
}

/// Where the exact loop goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) pc: usize,
    /// Gas that the block charged in advance for this instruction and the ones behind it.
    pub(crate) gas_not_due: i64,
}

/// Translates an analysed program.
pub(crate) fn translate(program: &Program, table: &OpcodeTable) -> Translation {
    let code_size = program.code().len();
    let mut emitter = Emitter::new(code_size);
    let mut destinations = vec![NO_BLOCK; code_size + 1];
    let mut blocks = Vec::new();
    let mut next = Some(0);
    while let Some(pc) = next {
        let block = decode::block(program, table, pc);
        let start = emitter.offset();
        if program.is_jump_destination(pc as u64) {
            destinations[pc] = start;
        }
        blocks.push(BlockStart { stream_offset: start, pc: pc as u32 });
        emitter.block(&block, program);
        next = following(program, &block);
    }
    Translation {
        stream: emitter.finish(&destinations),
        destinations: destinations.into_boxed_slice(),
        blocks: blocks.into_boxed_slice(),
    }
}

/// Where the next block starts; code that can not be reached is left out.
fn following(program: &Program, block: &Block) -> Option<usize> {
    if block.falls_through {
        return Some(block.end);
    }
    (block.end..program.code().len()).find(|pc| program.is_jump_destination(*pc as u64))
}

impl Translation {
    /// The stream.
    #[inline]
    pub(crate) fn stream(&self) -> &[u8] {
        &self.stream
    }

    /// Where the block that a JUMPDEST starts is in the stream; [`NO_BLOCK`] for any other place.
    #[inline]
    pub(crate) fn destination(&self, pc: u64) -> u32 {
        usize::try_from(pc)
            .ok()
            .and_then(|pc| self.destinations.get(pc))
            .copied()
            .unwrap_or(NO_BLOCK)
    }

    /// Memory held.
    pub(crate) fn size_bytes(&self) -> usize {
        self.stream.len()
            + self.destinations.len() * 4
            + self.blocks.len() * size_of::<BlockStart>()
    }

    /// Finds the code offset of a translated instruction. Takes time in proportion to its block, whose gas was paid.
    #[cold]
    pub(crate) fn locate(
        &self,
        program: &Program,
        table: &OpcodeTable,
        stream_offset: usize,
    ) -> Location {
        let after =
            self.blocks.partition_point(|block| block.stream_offset as usize <= stream_offset);
        let start = self.blocks[after.saturating_sub(1)];
        let pc = start.pc as usize;
        let relative = stream_offset - start.stream_offset as usize;
        if relative == 0 {
            return Location { pc, gas_not_due: 0 };
        }
        let block = decode::block(program, table, pc);
        let mut emitter = Emitter::recording();
        emitter.block(&block, program);
        emitter.location(relative as u32, &block)
    }
}

#[cfg(test)]
mod tests;
