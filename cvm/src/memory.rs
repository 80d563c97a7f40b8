//! One buffer for the memories of all frames: each frame's window starts where its caller's ends.

use alloc::vec::Vec;

/// The capacity kept between transactions.
const RETAINED_BYTES_MAX: usize = 1 << 20;

/// The running frame's part of the buffer: valid until the buffer grows or another frame runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) start: *mut u8,
    pub(crate) size: usize,
}

/// The memory of all frames, call data of the transaction first.
#[derive(Debug, Default)]
pub(crate) struct SharedMemory {
    bytes: Vec<u8>,
}

impl SharedMemory {
    /// Starts a transaction: the buffer holds the call data, padded to words.
    pub(crate) fn start(&mut self, input: &[u8]) {
        self.bytes.clear();
        self.bytes.shrink_to(RETAINED_BYTES_MAX);
        self.append(input);
    }

    /// Puts bytes, padded to words, behind everything. Gives where they start.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(32), 0);
        start
    }

    /// The window of the running frame, which starts at `base` and ends with the buffer.
    ///
    /// # Panics
    /// When `base` lies beyond the buffer.
    #[inline]
    pub(crate) fn window(&mut self, base: usize) -> Window {
        let size = self.bytes.len().checked_sub(base).expect("a frame's base lies in the buffer");
        Window { start: self.bytes.as_mut_ptr().wrapping_add(base), size }
    }

    /// Grows the running frame's window to `size` bytes, the new ones zero. Older windows become invalid.
    #[cold]
    pub(crate) fn grow(&mut self, base: usize, size: usize) -> Window {
        self.bytes.resize(base + size, 0);
        self.window(base)
    }

    /// Where a frame called now has its base: the end of the running frame's window.
    #[inline]
    pub(crate) fn end(&self) -> usize {
        self.bytes.len()
    }

    /// Drops the windows from `base` on.
    #[inline]
    pub(crate) fn truncate(&mut self, base: usize) {
        self.bytes.truncate(base);
    }

    /// Bytes at absolute positions, such as call data.
    #[inline]
    pub(crate) fn range(&self, start: usize, size: usize) -> &[u8] {
        &self.bytes[start..start + size]
    }
}
