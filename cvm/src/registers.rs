//! The interpreter's registers: stack pointer, gas and memory window, as a value that the loops keep in machine
//! registers.
//!
//! This is the only file that touches the stack and the memory without bounds checks.
//!
//! # Invariants
//! Both loops check an instruction's (or a basic block's) least and greatest stack height before it runs, so every
//! access below stays within the frame's 1024 words. Debug builds check each access again.

#![expect(
    unsafe_code,
    reason = "the stack is accessed by pointer; heights are checked before each instruction or block"
)]

use crate::{Word, memory::Window, opcode::STACK_WORDS_MAX};
use alloc::vec::Vec;

/// Stack, gas and memory of the running frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registers {
    /// One past the top word.
    top: *mut Word,
    /// Below the bottom word's end: where an empty stack's `top` points.
    bottom: *mut Word,
    /// Gas left; negative only inside a check.
    pub(crate) gas: i64,
    /// The frame's memory; valid for `memory_size` bytes.
    memory: *mut u8,
    /// A multiple of 32.
    pub(crate) memory_size: usize,
}

// SAFETY: the pointers go into buffers that the same machine owns, and are used only while it runs, on one thread; they
// are rebuilt whenever a frame starts or resumes. So a machine may move to another thread between transactions.
unsafe impl Send for Registers {}

impl Registers {
    /// Registers of a frame whose stack starts at `base` of the shared stack and has `height` words in use.
    ///
    /// # Panics
    /// When the shared stack has no room for 1024 words from `base` on.
    pub(crate) fn new(
        stack: &mut Vec<Word>,
        base: usize,
        height: usize,
        gas: i64,
        memory: Window,
    ) -> Self {
        assert!(stack.len() >= base + STACK_WORDS_MAX);
        assert!(height <= STACK_WORDS_MAX);
        let bottom = stack.as_mut_ptr().wrapping_add(base);
        let top = bottom.wrapping_add(height);
        Self { top, bottom, gas, memory: memory.start, memory_size: memory.size }
    }

    /// Words on the stack.
    #[inline(always)]
    pub(crate) fn height(&self) -> usize {
        self.height_bytes() / size_of::<Word>()
    }

    /// Bytes of stack in use.
    #[inline(always)]
    pub(crate) fn height_bytes(&self) -> usize {
        self.top as usize - self.bottom as usize
    }

    /// The word at a depth; 0 is the top.
    #[inline(always)]
    pub(crate) fn word(&self, depth: usize) -> Word {
        debug_assert!(depth < self.height());
        // SAFETY: the instruction's least height was checked to exceed the depth.
        read(unsafe { &*self.top.sub(depth + 1) })
    }

    /// Replaces the word at a depth; 0 is the top.
    #[inline(always)]
    pub(crate) fn set(&mut self, depth: usize, word: Word) {
        debug_assert!(depth < self.height());
        // SAFETY: as in `word`.
        unsafe { *self.top.sub(depth + 1) = word };
    }

    /// Removes words from the top.
    #[inline(always)]
    pub(crate) fn pop(&mut self, count: usize) {
        debug_assert!(count <= self.height());
        // SAFETY: the instruction's least height was checked to be at least the count.
        self.top = unsafe { self.top.sub(count) };
    }

    /// Puts a word on top.
    #[inline(always)]
    pub(crate) fn push(&mut self, word: Word) {
        debug_assert!(self.height() < STACK_WORDS_MAX);
        // SAFETY: the instruction's greatest height was checked to leave room for its results.
        unsafe {
            *self.top = word;
            self.top = self.top.add(1);
        }
    }

    /// Puts a copy of the word at `depth` (1 is the top) on top.
    #[inline(always)]
    pub(crate) fn dup(&mut self, depth: usize) {
        self.push(self.word(depth - 1));
    }

    /// Swaps the top with the word `depth` below it.
    #[inline(always)]
    pub(crate) fn swap(&mut self, depth: usize) {
        let (top, other) = (self.word(0), self.word(depth));
        self.set(0, other);
        self.set(depth, top);
    }

    /// Replaces the top by a function of it.
    #[inline(always)]
    pub(crate) fn unary(&mut self, operation: impl FnOnce(Word) -> Word) {
        self.set(0, operation(self.word(0)));
    }

    /// Replaces the two top words by a function of them, the top first.
    #[inline(always)]
    pub(crate) fn binary(&mut self, operation: impl FnOnce(Word, Word) -> Word) {
        let result = operation(self.word(0), self.word(1));
        self.pop(1);
        self.set(0, result);
    }

    /// [`Self::binary`] for an operation that is a real call: its result comes in memory, written limb by limb, and
    /// must not be read wider than that, see [`Self::word`].
    #[inline(always)]
    pub(crate) fn binary_called(&mut self, operation: impl FnOnce(Word, Word) -> Word) {
        let result = read(&operation(self.word(0), self.word(1)));
        self.pop(1);
        self.set(0, result);
    }

    /// Replaces the three top words by a function of them that is a real call, the top first.
    #[inline(always)]
    pub(crate) fn ternary(&mut self, operation: impl FnOnce(Word, Word, Word) -> Word) {
        let result = read(&operation(self.word(0), self.word(1), self.word(2)));
        self.pop(2);
        self.set(0, result);
    }

    /// The stack, bottom first.
    pub(crate) fn stack(&self) -> &[Word] {
        // SAFETY: bottom points to `height` initialised words of the slice given to `new`.
        unsafe { core::slice::from_raw_parts(self.bottom, self.height()) }
    }

    /// Whether the 32 bytes at a word-sized offset lie in memory.
    #[inline(always)]
    pub(crate) fn holds_word(&self, offset: Word) -> bool {
        let [low, rest @ ..] = offset.limbs();
        // Below 2^32 the addition cannot overflow.
        (low >> 32 | rest[0] | rest[1] | rest[2]) == 0 && low as usize + 32 <= self.memory_size
    }

    /// The big-endian word at an offset.
    #[inline(always)]
    pub(crate) fn load(&self, offset: usize) -> Word {
        debug_assert!(offset + 32 <= self.memory_size);
        // SAFETY: the caller checked that 32 bytes from the offset lie in memory.
        let bytes = unsafe { self.memory.add(offset).cast::<[u8; 32]>().read_unaligned() };
        Word::from_be_bytes(bytes)
    }

    /// Writes a big-endian word at an offset.
    #[inline(always)]
    pub(crate) fn store(&mut self, offset: usize, word: Word) {
        debug_assert!(offset + 32 <= self.memory_size);
        // SAFETY: the caller checked that 32 bytes from the offset lie in memory.
        unsafe { self.memory.add(offset).cast::<[u8; 32]>().write_unaligned(word.to_be_bytes()) };
    }

    /// Writes one byte.
    #[inline(always)]
    pub(crate) fn store_byte(&mut self, offset: usize, byte: u8) {
        debug_assert!(offset < self.memory_size);
        // SAFETY: the caller checked that the offset lies in memory.
        unsafe { *self.memory.add(offset) = byte };
    }

    /// The frame's memory.
    #[inline(always)]
    pub(crate) fn memory(&self) -> &[u8] {
        // SAFETY: memory points to memory_size initialised bytes, which only the running frame uses.
        unsafe { core::slice::from_raw_parts(self.memory, self.memory_size) }
    }

    /// The frame's memory, to change.
    #[inline(always)]
    pub(crate) fn memory_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `memory`; the borrow of self keeps it unique.
        unsafe { core::slice::from_raw_parts_mut(self.memory, self.memory_size) }
    }

    /// Points to the memory window after it grew and perhaps moved.
    pub(crate) fn set_memory(&mut self, window: Window) {
        self.memory = window.start;
        self.memory_size = window.size;
    }
}

/// Reads a word limb by limb, which `volatile` enforces: most words were just written limb by limb, and a wider load
/// would wait until all of those stores left the store buffer.
#[inline(always)]
fn read(word: &Word) -> Word {
    let limbs = word.as_limbs().as_ptr();
    // SAFETY: a word is four limbs.
    Word::from_limbs([0, 1, 2, 3].map(|index| unsafe { limbs.add(index).read_volatile() }))
}
