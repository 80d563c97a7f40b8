//! Reading translated code.

#![expect(
    unsafe_code,
    reason = "translated code is read by pointer; only the translator writes it"
)]

use crate::instruction::Instruction;

/// A place in translated code.
///
/// # Invariants
/// It points to the start of an instruction written by the translator, in a stream that outlives the cursor; the
/// stream's end has spare bytes, so that reading any instruction's immediates stays inside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    at: *const u8,
    start: *const u8,
    #[cfg(debug_assertions)]
    size: usize,
}

impl Cursor {
    /// A cursor on the instruction at `offset`.
    ///
    /// # Panics
    /// When the offset is outside of the stream.
    pub(super) fn new(stream: &[u8], offset: usize) -> Self {
        assert!(offset < stream.len());
        let start = stream.as_ptr();
        Self {
            at: start.wrapping_add(offset),
            start,
            #[cfg(debug_assertions)]
            size: stream.len(),
        }
    }

    /// Where the cursor stands in the stream.
    #[inline(always)]
    pub(super) fn offset(&self) -> usize {
        self.at as usize - self.start as usize
    }

    /// The instruction under the cursor.
    #[inline(always)]
    pub(super) fn instruction(&self) -> Instruction {
        let byte = self.read::<1>(0)[0];
        debug_assert!(byte <= Instruction::Exact as u8);
        // SAFETY: the byte was written by the translator from an `Instruction`, see the invariant.
        unsafe { core::mem::transmute::<u8, Instruction>(byte) }
    }

    /// An immediate byte at a distance from the instruction.
    #[inline(always)]
    pub(super) fn byte(&self, distance: usize) -> usize {
        usize::from(self.read::<1>(distance)[0])
    }

    /// An immediate u16.
    #[inline(always)]
    pub(super) fn short(&self, distance: usize) -> u64 {
        u64::from(u16::from_le_bytes(self.read(distance)))
    }

    /// An immediate u32.
    #[inline(always)]
    pub(super) fn offset_immediate(&self, distance: usize) -> u32 {
        u32::from_le_bytes(self.read(distance))
    }

    /// An immediate u64.
    #[inline(always)]
    pub(super) fn constant(&self, distance: usize) -> u64 {
        u64::from_le_bytes(self.read(distance))
    }

    #[inline(always)]
    fn read<const SIZE: usize>(&self, distance: usize) -> [u8; SIZE] {
        #[cfg(debug_assertions)]
        assert!(self.offset() + distance + SIZE <= self.size);
        // SAFETY: the instruction and its immediates lie in the stream, see the invariant.
        unsafe { self.at.add(distance).cast::<[u8; SIZE]>().read_unaligned() }
    }

    /// Moves on by the size of an instruction.
    #[inline(always)]
    pub(super) fn advance(&mut self, size: usize) {
        self.at = self.at.wrapping_add(size);
    }

    /// Moves to a stream offset that the translator wrote.
    #[inline(always)]
    pub(super) fn go_to(&mut self, offset: u32) {
        self.at = self.start.wrapping_add(offset as usize);
    }
}
