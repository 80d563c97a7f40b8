//! Writes canonical RLP.

use alloc::vec::Vec;

use primitive_types::U256;

/// A growing RLP document.
///
/// # Examples
///
/// ```
/// use cybermiles_cvm::RlpWriter;
///
/// let mut writer = RlpWriter::default();
/// writer.write_list(|list| {
///     list.write_u64(7);
///     list.write_bytes(b"");
/// });
/// assert_eq!(writer.into_bytes(), [0xc2, 0x07, 0x80]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RlpWriter {
    bytes: Vec<u8>,
}

impl RlpWriter {
    /// Starts with one raw byte, such as the type of an EIP-2718 transaction.
    #[must_use]
    pub fn with_prefix(byte: u8) -> Self {
        Self { bytes: alloc::vec![byte] }
    }

    /// Writes a byte string.
    pub fn write_bytes(&mut self, content: &[u8]) {
        if !matches!(content, [0x00..=0x7f]) {
            let header = Header::new(0x80, content.len());
            self.bytes.extend_from_slice(header.as_bytes());
        }
        self.bytes.extend_from_slice(content);
    }

    /// Writes an unsigned integer without leading zeros.
    pub fn write_u64(&mut self, value: u64) {
        self.write_integer(&value.to_be_bytes());
    }

    /// Writes an unsigned integer without leading zeros.
    pub fn write_word(&mut self, value: &U256) {
        self.write_integer(&value.to_big_endian());
    }

    /// Writes a list of what `content` writes.
    pub fn write_list(&mut self, content: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        content(self);
        let header = Header::new(0xc0, self.bytes.len() - start);
        self.bytes.splice(start..start, header.as_bytes().iter().copied());
    }

    /// Returns the document so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the document.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn write_integer(&mut self, digits: &[u8]) {
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        self.write_bytes(&digits[zeros..]);
    }
}

/// One byte, or one byte and a length of at most 8.
struct Header {
    bytes: [u8; 9],
    size: usize,
}

impl Header {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a length below 56, and a count of at most 8 bytes"
    )]
    fn new(base: u8, length: usize) -> Self {
        let mut bytes = [0; 9];
        if length <= 55 {
            bytes[0] = base + length as u8;
            return Self { bytes, size: 1 };
        }
        let digits = (length as u64).to_be_bytes();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let count = digits.len() - zeros;
        bytes[0] = base + 55 + count as u8;
        bytes[1..=count].copy_from_slice(&digits[zeros..]);
        Self { bytes, size: 1 + count }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.size]
    }
}
