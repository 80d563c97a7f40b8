//! Recursive length prefix, strict: every value has exactly one accepted encoding (YP appendix B).
//!
//! A decoder here borrows from its input, never recurses and never allocates.

use primitive_types::{H256, U256};

/// Why bytes are not the RLP that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RlpError {
    /// The input ends before the item does.
    #[error("input ends inside an item")]
    InputTooShort,
    /// Bytes follow the item.
    #[error("bytes follow the item")]
    TrailingBytes,
    /// A length or a single byte is written in a longer form than needed.
    #[error("item is not in its shortest form")]
    NotShortest,
    /// A byte string was expected.
    #[error("expected a byte string, found a list")]
    ExpectedBytes,
    /// A list was expected.
    #[error("expected a list, found a byte string")]
    ExpectedList,
    /// The list has fewer items than expected.
    #[error("list has too few items")]
    TooFewItems,
    /// The list has more items than expected.
    #[error("list has too many items")]
    TooManyItems,
    /// An integer begins with a zero byte.
    #[error("integer has a leading zero")]
    LeadingZero,
    /// The byte string does not have the length its type requires.
    #[error("byte string has {found} bytes where {expected} are allowed")]
    WrongLength {
        /// The largest or the only length allowed.
        expected: usize,
        /// The length found.
        found: usize,
    },
}

/// One item: the payload of a byte string or of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A byte string.
    Bytes(&'a [u8]),
    /// The encodings of a list's items, one after the other; not yet checked.
    List(&'a [u8]),
}

impl<'a> Item<'a> {
    /// The byte string.
    ///
    /// # Errors
    ///
    /// `ExpectedBytes` when the item is a list.
    pub const fn bytes(self) -> Result<&'a [u8], RlpError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::List(_) => Err(RlpError::ExpectedBytes),
        }
    }

    /// The list's items, to be taken one by one.
    ///
    /// # Errors
    ///
    /// `ExpectedList` when the item is a byte string.
    pub const fn list(self) -> Result<Items<'a>, RlpError> {
        match self {
            Self::Bytes(_) => Err(RlpError::ExpectedList),
            Self::List(payload) => Ok(Items { rest: payload }),
        }
    }

    /// The item as an integer without leading zeros.
    ///
    /// # Errors
    ///
    /// `ExpectedBytes`, `LeadingZero`, or `WrongLength` above 8 bytes.
    pub fn u64(self) -> Result<u64, RlpError> {
        let bytes = self.integer_bytes(8)?;
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// The item as an integer without leading zeros.
    ///
    /// # Errors
    ///
    /// `ExpectedBytes`, `LeadingZero`, or `WrongLength` above 32 bytes.
    pub fn u256(self) -> Result<U256, RlpError> {
        Ok(U256::from_big_endian(self.integer_bytes(32)?))
    }

    /// The item as a hash.
    ///
    /// # Errors
    ///
    /// `ExpectedBytes`, or `WrongLength` when there are not 32 bytes.
    pub fn h256(self) -> Result<H256, RlpError> {
        let bytes = self.bytes()?;
        if bytes.len() != 32 {
            return Err(RlpError::WrongLength { expected: 32, found: bytes.len() });
        }
        Ok(H256::from_slice(bytes))
    }

    fn integer_bytes(self, length_max: usize) -> Result<&'a [u8], RlpError> {
        let bytes = self.bytes()?;
        if bytes.len() > length_max {
            return Err(RlpError::WrongLength { expected: length_max, found: bytes.len() });
        }
        if bytes.first() == Some(&0) {
            return Err(RlpError::LeadingZero);
        }
        Ok(bytes)
    }
}

/// The items of a list that have not been taken yet.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    rest: &'a [u8],
}

impl<'a> Items<'a> {
    /// Takes the next item.
    ///
    /// # Errors
    ///
    /// `TooFewItems` at the end of the list, or the reason why the item cannot be read.
    pub fn take(&mut self) -> Result<Item<'a>, RlpError> {
        if self.rest.is_empty() {
            return Err(RlpError::TooFewItems);
        }
        let (item, rest) = split(self.rest)?;
        self.rest = rest;
        Ok(item)
    }

    /// Takes the next item together with its whole encoding.
    ///
    /// # Errors
    ///
    /// As for [`Items::take`].
    pub fn take_encoded(&mut self) -> Result<(Item<'a>, &'a [u8]), RlpError> {
        let before = self.rest;
        let item = self.take()?;
        Ok((item, &before[..before.len() - self.rest.len()]))
    }

    /// True when no item is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Ends a list of known length.
    ///
    /// # Errors
    ///
    /// `TooManyItems` when an item is left.
    pub const fn finish(self) -> Result<(), RlpError> {
        if self.rest.is_empty() { Ok(()) } else { Err(RlpError::TooManyItems) }
    }
}

/// Reads one item that fills the whole input. The items of a list are checked when they are taken.
///
/// # Errors
///
/// `RlpError` names the first rule that the bytes break.
pub fn decode(bytes: &[u8]) -> Result<Item<'_>, RlpError> {
    let (item, rest) = split(bytes)?;
    if rest.is_empty() { Ok(item) } else { Err(RlpError::TrailingBytes) }
}

/// Reads one item and returns what follows it.
fn split(bytes: &[u8]) -> Result<(Item<'_>, &[u8]), RlpError> {
    let (&first, rest) = bytes.split_first().ok_or(RlpError::InputTooShort)?;
    match first {
        0x00..=0x7f => Ok((Item::Bytes(&bytes[..1]), rest)),
        0x80..=0xb7 => {
            let (payload, rest) = split_payload(rest, usize::from(first - 0x80))?;
            if payload.len() == 1 && payload[0] < 0x80 {
                return Err(RlpError::NotShortest);
            }
            Ok((Item::Bytes(payload), rest))
        }
        0xb8..=0xbf => {
            let (payload, rest) = split_long_payload(rest, usize::from(first - 0xb7))?;
            Ok((Item::Bytes(payload), rest))
        }
        0xc0..=0xf7 => {
            let (payload, rest) = split_payload(rest, usize::from(first - 0xc0))?;
            Ok((Item::List(payload), rest))
        }
        0xf8..=0xff => {
            let (payload, rest) = split_long_payload(rest, usize::from(first - 0xf7))?;
            Ok((Item::List(payload), rest))
        }
    }
}

fn split_payload(bytes: &[u8], length: usize) -> Result<(&[u8], &[u8]), RlpError> {
    bytes.split_at_checked(length).ok_or(RlpError::InputTooShort)
}

fn split_long_payload(bytes: &[u8], length_bytes: usize) -> Result<(&[u8], &[u8]), RlpError> {
    let (length, rest) = split_payload(bytes, length_bytes)?;
    if length[0] == 0 {
        return Err(RlpError::NotShortest);
    }
    let length = length.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    if length <= 55 {
        return Err(RlpError::NotShortest);
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    split_payload(rest, length)
}

/// Appends a byte string.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() != 1 || bytes[0] >= 0x80 {
        put_header(out, 0x80, bytes.len());
    }
    out.extend_from_slice(bytes);
}

/// Appends an integer without leading zeros.
pub fn put_u64(out: &mut Vec<u8>, value: u64) {
    let zeros = value.leading_zeros() as usize / 8;
    put_bytes(out, &value.to_be_bytes()[zeros..]);
}

/// Appends an integer without leading zeros.
pub fn put_u256(out: &mut Vec<u8>, value: &U256) {
    let zeros = value.leading_zeros() as usize / 8;
    put_bytes(out, &value.to_big_endian()[zeros..]);
}

/// Appends the header of a list whose items' encodings take `payload_length` bytes.
pub fn put_list_header(out: &mut Vec<u8>, payload_length: usize) {
    put_header(out, 0xc0, payload_length);
}

/// The length of the encoding of a byte string.
#[must_use]
pub fn length_of_bytes(bytes: &[u8]) -> usize {
    if bytes.len() == 1 && bytes[0] < 0x80 {
        1
    } else {
        length_of_header(bytes.len()) + bytes.len()
    }
}

/// The length of the encoding of an integer.
#[must_use]
pub const fn length_of_u64(value: u64) -> usize {
    if value < 0x80 { 1 } else { 9 - value.leading_zeros() as usize / 8 }
}

/// The length of the encoding of an integer.
#[must_use]
pub fn length_of_u256(value: &U256) -> usize {
    if *value < U256::from(0x80) { 1 } else { 33 - value.leading_zeros() as usize / 8 }
}

/// The length of the header in front of a payload of this length, single bytes apart.
#[must_use]
pub const fn length_of_header(payload_length: usize) -> usize {
    if payload_length <= 55 { 1 } else { 1 + significant_bytes(payload_length) }
}

const fn significant_bytes(length: usize) -> usize {
    (usize::BITS - length.leading_zeros()).div_ceil(8) as usize
}

fn put_header(out: &mut Vec<u8>, offset: u8, length: usize) {
    if length <= 55 {
        out.push(offset + length as u8);
    } else {
        let count = significant_bytes(length);
        out.push(offset + 55 + count as u8);
        out.extend_from_slice(&length.to_be_bytes()[size_of::<usize>() - count..]);
    }
}
