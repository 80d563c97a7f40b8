//! Reads canonical RLP and refuses every other spelling of the same value.

use primitive_types::U256;

/// Why bytes are not the canonical RLP of what was asked for (YP appendix B).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RlpError {
    /// An item, or its length, goes beyond the end of what contains it.
    #[error("item needs {needed} bytes, {available} are left")]
    Truncated {
        /// Bytes that the header announces.
        needed: usize,
        /// Bytes that are there.
        available: usize,
    },
    /// A length does not fit the address space.
    #[error("item length does not fit in memory")]
    LengthOverflow,
    /// A length has leading zero bytes.
    #[error("item length has leading zeros")]
    LengthLeadingZero,
    /// A short item is spelled with the long header.
    #[error("item of {length} bytes has the header of a long one")]
    LengthNotMinimal {
        /// The length in that header.
        length: usize,
    },
    /// A byte below 0x80 is spelled with a header.
    #[error("single byte {byte:#04x} has a header")]
    ByteNotMinimal {
        /// The byte.
        byte: u8,
    },
    /// A list stands where bytes are due.
    #[error("found a list where bytes are due")]
    UnexpectedList,
    /// Bytes stand where a list is due.
    #[error("found bytes where a list is due")]
    UnexpectedBytes,
    /// An integer starts with a zero byte.
    #[error("integer has leading zeros")]
    IntegerLeadingZero,
    /// An integer is larger than its field.
    #[error("integer of {found} bytes, at most {max} fit")]
    IntegerTooLarge {
        /// The size of the field in bytes.
        max: usize,
        /// The size found.
        found: usize,
    },
    /// Bytes of fixed length have another length.
    #[error("found {found} bytes, expected {expected}")]
    WrongLength {
        /// The length of the field.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// Something follows the last item.
    #[error("{count} bytes follow the last item")]
    TrailingBytes {
        /// How many bytes.
        count: usize,
    },
}

/// One item: bytes, or a list to read on in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RlpItem<'a> {
    /// A byte string.
    Bytes(&'a [u8]),
    /// The content of a list.
    List(RlpReader<'a>),
}

/// A cursor over the items of a list, or of a whole document.
///
/// Allocates nothing and does not recurse: the depth is the caller's to spend.
///
/// # Examples
///
/// ```
/// use cybermiles_cvm::{RlpError, RlpReader};
///
/// let mut document = RlpReader::new(&[0xc2, 0x07, 0x80]);
/// let mut list = document.read_list()?;
/// document.finish()?;
/// assert_eq!((list.read_u64()?, list.read_u64()?), (7, 0));
/// list.finish()?;
///
/// assert_eq!(RlpReader::new(&[0x81, 0x07]).read_u64(), Err(RlpError::ByteNotMinimal { byte: 7 }));
/// # Ok::<(), RlpError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RlpReader<'a> {
    rest: &'a [u8],
}

/// The longest content that has a one-byte header.
const SHORT_LENGTH_MAX: usize = 55;

impl<'a> RlpReader<'a> {
    /// Starts at the first of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns whether every item was read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns the bytes that were not read yet.
    #[must_use]
    pub const fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// Returns whether the next item is a list; `false` at the end.
    #[must_use]
    pub fn is_list_next(&self) -> bool {
        self.rest.first().is_some_and(|byte| *byte >= 0xc0)
    }

    /// Reads the next item.
    ///
    /// # Errors
    /// When its header is not minimal or goes beyond the end.
    pub fn read_item(&mut self) -> Result<RlpItem<'a>, RlpError> {
        let header = *self.rest.first().ok_or(RlpError::Truncated { needed: 1, available: 0 })?;
        match header {
            0x00..=0x7f => Ok(RlpItem::Bytes(self.take(1)?)),
            0x80..=0xb7 => {
                let content = self.short_content(header - 0x80)?;
                match content {
                    [byte @ 0x00..=0x7f] => Err(RlpError::ByteNotMinimal { byte: *byte }),
                    _ => Ok(RlpItem::Bytes(content)),
                }
            }
            0xb8..=0xbf => Ok(RlpItem::Bytes(self.long_content(header - 0xb7)?)),
            0xc0..=0xf7 => Ok(RlpItem::List(Self::new(self.short_content(header - 0xc0)?))),
            0xf8..=0xff => Ok(RlpItem::List(Self::new(self.long_content(header - 0xf7)?))),
        }
    }

    /// Reads a byte string.
    ///
    /// # Errors
    /// As [`Self::read_item`], and when the item is a list.
    pub fn read_bytes(&mut self) -> Result<&'a [u8], RlpError> {
        match self.read_item()? {
            RlpItem::Bytes(bytes) => Ok(bytes),
            RlpItem::List(_) => Err(RlpError::UnexpectedList),
        }
    }

    /// Reads a list.
    ///
    /// # Errors
    /// As [`Self::read_item`], and when the item is not a list.
    pub fn read_list(&mut self) -> Result<Self, RlpError> {
        match self.read_item()? {
            RlpItem::List(list) => Ok(list),
            RlpItem::Bytes(_) => Err(RlpError::UnexpectedBytes),
        }
    }

    /// Reads exactly `SIZE` bytes.
    ///
    /// # Errors
    /// As [`Self::read_bytes`], and when there are fewer or more.
    pub fn read_array<const SIZE: usize>(&mut self) -> Result<[u8; SIZE], RlpError> {
        let bytes = self.read_bytes()?;
        match <[u8; SIZE]>::try_from(bytes) {
            Ok(array) => Ok(array),
            Err(_) => Err(RlpError::WrongLength { expected: SIZE, found: bytes.len() }),
        }
    }

    /// Reads an unsigned integer of at most 8 bytes.
    ///
    /// # Errors
    /// As [`Self::read_bytes`], and when it has leading zeros or is larger.
    pub fn read_u64(&mut self) -> Result<u64, RlpError> {
        let bytes = self.read_integer(8)?;
        Ok(bytes.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
    }

    /// Reads an unsigned integer of at most 1 byte.
    ///
    /// # Errors
    /// As [`Self::read_bytes`], and when it has leading zeros or is larger.
    pub fn read_u8(&mut self) -> Result<u8, RlpError> {
        Ok(self.read_integer(1)?.first().copied().unwrap_or(0))
    }

    /// Reads an unsigned integer of at most 32 bytes.
    ///
    /// # Errors
    /// As [`Self::read_bytes`], and when it has leading zeros or is larger.
    pub fn read_word(&mut self) -> Result<U256, RlpError> {
        Ok(U256::from_big_endian(self.read_integer(32)?))
    }

    /// Refuses bytes after the last item.
    ///
    /// # Errors
    /// When something was not read.
    pub const fn finish(self) -> Result<(), RlpError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(RlpError::TrailingBytes { count }),
        }
    }

    fn read_integer(&mut self, max: usize) -> Result<&'a [u8], RlpError> {
        let bytes = self.read_bytes()?;
        if bytes.first() == Some(&0) {
            return Err(RlpError::IntegerLeadingZero);
        }
        if bytes.len() > max {
            return Err(RlpError::IntegerTooLarge { max, found: bytes.len() });
        }
        Ok(bytes)
    }

    fn short_content(&mut self, length: u8) -> Result<&'a [u8], RlpError> {
        self.take(1)?;
        self.take(usize::from(length))
    }

    fn long_content(&mut self, length_size: u8) -> Result<&'a [u8], RlpError> {
        self.take(1)?;
        let digits = self.take(usize::from(length_size))?;
        if digits.first() == Some(&0) {
            return Err(RlpError::LengthLeadingZero);
        }
        if digits.len() > size_of::<usize>() {
            return Err(RlpError::LengthOverflow);
        }
        let length = digits.iter().fold(0_usize, |value, byte| (value << 8) | usize::from(*byte));
        if length <= SHORT_LENGTH_MAX {
            return Err(RlpError::LengthNotMinimal { length });
        }
        self.take(length)
    }

    fn take(&mut self, needed: usize) -> Result<&'a [u8], RlpError> {
        let available = self.rest.len();
        let (taken, rest) =
            self.rest.split_at_checked(needed).ok_or(RlpError::Truncated { needed, available })?;
        self.rest = rest;
        Ok(taken)
    }
}
