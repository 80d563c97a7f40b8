//! Canonical encoding: big-endian integers, tags of one byte, counts in front of lists.
//!
//! One value has exactly one encoding; a decoder accepts nothing else, allocates no more than a small multiple of the
//! bytes it is given, and never panics.

use alloc::vec::Vec;

/// The version byte in front of every message, record and file of this crate.
pub const FORMAT_VERSION: u8 = 1;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input ends too early.
    #[error("{needed} more bytes needed, {left} left")]
    Truncated {
        /// How many bytes the next item needs.
        needed: usize,
        /// How many are left.
        left: usize,
    },
    /// The input goes on after the last item.
    #[error("{left} bytes after the end")]
    Trailing {
        /// How many.
        left: usize,
    },
    /// A version this code does not know.
    #[error("format version {found}, expected {expected}")]
    Version {
        /// The version byte.
        found: u8,
        /// The version this code writes.
        expected: u8,
    },
    /// A tag that means nothing here.
    #[error("unknown tag {found} for {what}")]
    Tag {
        /// What was to be decoded.
        what: &'static str,
        /// The tag.
        found: u8,
    },
    /// A count above its limit.
    #[error("{found} {what}, at most {limit} allowed")]
    Count {
        /// What was counted.
        what: &'static str,
        /// The claimed count.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A value that breaks the rules of its type.
    #[error("malformed {what}")]
    Malformed {
        /// What was to be decoded.
        what: &'static str,
    },
}

/// A value with a canonical encoding.
pub trait Encode {
    /// Appends the encoding.
    fn encode(&self, out: &mut Vec<u8>);

    /// Returns the encoding.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }
}

/// A value that can be decoded from untrusted bytes.
pub trait Decode: Sized {
    /// Takes the value off the front of the reader.
    ///
    /// # Errors
    /// See [`DecodeError`].
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Decodes the whole input.
    ///
    /// # Errors
    /// See [`DecodeError`]; bytes after the end are an error too.
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let value = Self::decode(&mut reader)?;
        match reader.left() {
            0 => Ok(value),
            left => Err(DecodeError::Trailing { left }),
        }
    }
}

/// Untrusted bytes, consumed from the front.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Returns how many bytes are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.bytes.len()
    }

    /// Takes some bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when there are fewer.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or(DecodeError::Truncated { needed: count, left: self.bytes.len() })?;
        self.bytes = rest;
        Ok(taken)
    }

    /// Takes a fixed number of bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when there are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self
            .bytes
            .split_first_chunk::<N>()
            .ok_or(DecodeError::Truncated { needed: N, left: self.bytes.len() })?;
        self.bytes = rest;
        Ok(*taken)
    }

    /// Takes a count of two bytes and checks it.
    ///
    /// # Errors
    /// [`DecodeError::Count`] above the limit, [`DecodeError::Truncated`] at the end.
    pub fn count_u16(&mut self, what: &'static str, limit: usize) -> Result<usize, DecodeError> {
        let found = usize::from(u16::decode(self)?);
        if found <= limit { Ok(found) } else { Err(DecodeError::Count { what, found, limit }) }
    }

    /// Takes the version byte.
    ///
    /// # Errors
    /// [`DecodeError::Version`] when it is not [`FORMAT_VERSION`].
    pub fn version(&mut self) -> Result<(), DecodeError> {
        match u8::decode(self)? {
            FORMAT_VERSION => Ok(()),
            found => Err(DecodeError::Version { found, expected: FORMAT_VERSION }),
        }
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Encode for $integer {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }

        impl Decode for $integer {
            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.array().map(Self::from_be_bytes)
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, i64);

/// Layout: tag 0 for none, tag 1 and the value otherwise.
impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                value.encode(out);
            }
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(reader)? {
            0 => Ok(None),
            1 => T::decode(reader).map(Some),
            found => Err(DecodeError::Tag { what: "option", found }),
        }
    }
}

impl Encode for crate::Height {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_u64().encode(out);
    }
}

impl Decode for crate::Height {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u64::decode(reader).map(Self::new)
    }
}

impl Encode for crate::Round {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_u32().encode(out);
    }
}

impl Decode for crate::Round {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(u32::decode(reader)?).ok_or(DecodeError::Malformed { what: "round" })
    }
}

impl Encode for crate::ValueId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl Decode for crate::ValueId {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array().map(Self)
    }
}

impl Encode for crate::ValidatorIndex {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for crate::ValidatorIndex {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u16::decode(reader).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_too_short_too_long_or_unknown() {
        assert_eq!(u32::from_bytes(&[0, 0, 1]), Err(DecodeError::Truncated { needed: 4, left: 3 }));
        assert_eq!(u16::from_bytes(&[0, 1, 2]), Err(DecodeError::Trailing { left: 1 }));
        assert_eq!(
            Option::<u8>::from_bytes(&[2, 0]),
            Err(DecodeError::Tag { what: "option", found: 2 })
        );
        assert_eq!(Option::<u8>::from_bytes(&[1, 7]), Ok(Some(7)));
        assert_eq!(
            crate::Round::from_bytes(&[0, 16, 0, 0]),
            Err(DecodeError::Malformed { what: "round" })
        );
        assert_eq!(
            Reader::new(&[9]).version(),
            Err(DecodeError::Version { found: 9, expected: FORMAT_VERSION })
        );
        assert_eq!(
            Reader::new(&[1, 1]).count_u16("things", 256),
            Err(DecodeError::Count { what: "things", found: 257, limit: 256 })
        );
    }
}
