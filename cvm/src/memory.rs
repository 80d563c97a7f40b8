//! One buffer for the memories of all frames: each frame's window starts where its caller's ends.

use alloc::vec::Vec;

/// The size kept between transactions.
const RETAINED_BYTES_MAX: usize = 1 << 20;

/// Bytes zeroed beyond what a frame asked for, so that memory which grows word by word is not zeroed word by word.
const ZEROED_AHEAD: usize = 256;

/// The memory of all frames, call data of the transaction first.
///
/// # Invariants
/// `end <= zeroed_until <= bytes.len()`, and the bytes between `end` and `zeroed_until` are zero.
#[derive(Debug, Default)]
pub(crate) struct SharedMemory {
    bytes: Vec<u8>,
    /// Where the running frame's window ends.
    end: usize,
    /// Up to where the bytes behind the end are known to be zero.
    zeroed_until: usize,
}

/// The running frame's part of the buffer: valid until the buffer grows or another frame runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) start: *mut u8,
    pub(crate) size: usize,
}

impl SharedMemory {
    /// Starts a transaction: the buffer holds the call data, padded to words.
    pub(crate) fn start(&mut self, input: &[u8]) {
        if self.bytes.len() > RETAINED_BYTES_MAX {
            self.bytes = Vec::new();
        }
        self.truncate(0);
        self.append(input);
    }

    /// Puts bytes, padded to words, behind everything. Gives where they start.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> usize {
        let start = self.end;
        self.extend(start + bytes.len().next_multiple_of(32));
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        start
    }

    /// The window of the running frame, which starts at `base`.
    ///
    /// # Panics
    /// When `base` lies beyond the end.
    #[inline]
    pub(crate) fn window(&mut self, base: usize) -> Window {
        let size = self.end.checked_sub(base).expect("a frame's base lies in the buffer");
        Window { start: self.bytes.as_mut_ptr().wrapping_add(base), size }
    }

    /// Grows the running frame's window to `size` bytes, the new ones zero. Older windows become invalid.
    pub(crate) fn grow(&mut self, base: usize, size: usize) -> Window {
        self.extend(base + size);
        self.window(base)
    }

    fn extend(&mut self, end: usize) {
        debug_assert!(end >= self.end);
        if end > self.zeroed_until {
            self.zero_until(end + ZEROED_AHEAD);
        }
        self.end = end;
    }

    #[cold]
    fn zero_until(&mut self, until: usize) {
        let old_size = self.bytes.len();
        if until > old_size {
            let size = until.max(2 * old_size.min(RETAINED_BYTES_MAX)).max(4096);
            self.bytes.resize(size, 0);
        }
        // What was added is zero already.
        let dirty_until = until.min(old_size);
        if self.zeroed_until < dirty_until {
            self.bytes[self.zeroed_until..dirty_until].fill(0);
        }
        self.zeroed_until = until;
    }

    /// Where a frame called now has its base: the end of the running frame's window.
    #[inline]
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    /// Drops the windows from `base` on.
    #[inline]
    pub(crate) fn truncate(&mut self, base: usize) {
        if base < self.end {
            self.end = base;
            self.zeroed_until = base;
        }
    }

    /// Bytes at absolute positions, such as call data.
    #[inline]
    pub(crate) fn range(&self, start: usize, size: usize) -> &[u8] {
        &self.bytes[start..start + size]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a window as the registers do, but through the buffer.
    fn bytes(memory: &SharedMemory, base: usize) -> &[u8] {
        memory.range(base, memory.end() - base)
    }

    #[test]
    fn grown_memory_is_zero_even_where_another_frame_wrote() {
        let mut memory = SharedMemory::default();
        for round in 0..3 {
            memory.start(b"call data");
            assert_eq!(memory.range(0, 9), b"call data");
            let base = memory.end();
            assert_eq!(base, 32);
            for size in [32, 64, 96, 8192] {
                memory.grow(base, size);
                assert_eq!(bytes(&memory, base), vec![0; size], "round {round}, {size} bytes");
            }
            memory.bytes.fill(7);
            memory.truncate(base + 32);
            memory.grow(base, 4096);
            assert_eq!(bytes(&memory, base + 32), vec![0; 4064]);
            memory.bytes.fill(7);
        }
    }
}
