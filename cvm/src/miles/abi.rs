//! As much of Solidity's ABI as the system contracts need.

use crate::{Integer, NativeType, NativeValue, SystemFailure, Word};
use alloc::{borrow::Cow, vec::Vec};
use bytes::Bytes;
use primitive_types::H160 as Address;

const MALFORMED: SystemFailure = SystemFailure::Revert("malformed arguments");

/// Reads arguments by position. Nothing is copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(arguments: &'a [u8]) -> Self {
        Self(arguments)
    }

    /// A word argument.
    fn word(self, index: usize) -> Result<Word, SystemFailure> {
        let word = self.0.get(32 * index..32 * index + 32).ok_or(MALFORMED)?;
        Ok(Word::from_be_slice(word))
    }

    /// An address argument, of which the high 12 bytes must be zero.
    pub(super) fn address(self, index: usize) -> Result<Address, SystemFailure> {
        let word = self.word(index)?;
        if word.bits() > 160 { Err(MALFORMED) } else { Ok(word.to_address()) }
    }

    /// A string or byte string argument.
    pub(super) fn bytes(self, index: usize) -> Result<&'a [u8], SystemFailure> {
        let offset = self.word(index)?.to_usize().ok_or(MALFORMED)?;
        let (length, content) =
            self.0.get(offset..).and_then(|tail| tail.split_at_checked(32)).ok_or(MALFORMED)?;
        Word::from_be_slice(length)
            .to_usize()
            .and_then(|length| content.get(..length))
            .ok_or(MALFORMED)
    }

    /// An argument of a native function; integers are unsigned.
    pub(super) fn value(
        self,
        index: usize,
        kind: NativeType,
    ) -> Result<NativeValue<'a>, SystemFailure> {
        match kind {
            NativeType::Bool => match self.word(index)? {
                Word::ZERO => Ok(NativeValue::Bool(false)),
                Word::ONE => Ok(NativeValue::Bool(true)),
                _ => Err(MALFORMED),
            },
            NativeType::Integer => Ok(NativeValue::Integer(Integer {
                is_negative: false,
                magnitude: self.word(index)?,
            })),
            NativeType::String => Ok(NativeValue::String(Cow::Borrowed(self.bytes(index)?))),
            NativeType::List => Err(MALFORMED),
        }
    }
}

/// A result of one word.
pub(super) fn word(word: Word) -> Bytes {
    Bytes::copy_from_slice(&word.to_be_bytes())
}

/// A native function's result, encoded, as a byte string; nothing for types that the ABI side does not know.
pub(super) fn result(value: &NativeValue<'_>) -> Option<Bytes> {
    let mut inner = Vec::new();
    match value {
        NativeValue::Bool(value) => push_word(&mut inner, Word::from(*value)),
        NativeValue::Integer(Integer { is_negative, magnitude }) => {
            push_word(&mut inner, if *is_negative { magnitude.wrapping_neg() } else { *magnitude });
        }
        NativeValue::String(bytes) => push_bytes(&mut inner, bytes),
        NativeValue::List(_) => return None,
    }
    let mut outer = Vec::with_capacity(inner.len() + 64);
    push_bytes(&mut outer, &inner);
    Some(outer.into())
}

/// The revert data of a reason: `Error(string)`.
pub(crate) fn reason(reason: &str) -> Vec<u8> {
    let mut data = [0x08, 0xc3, 0x79, 0xa0].to_vec();
    let mut content = Vec::new();
    push_bytes(&mut content, reason.as_bytes());
    data.extend_from_slice(&content);
    data
}

/// An offset to right behind it, a length and padded bytes.
fn push_bytes(encoded: &mut Vec<u8>, bytes: &[u8]) {
    push_word(encoded, Word::from(32));
    push_word(encoded, Word::from(bytes.len() as u64));
    encoded.extend_from_slice(bytes);
    encoded.resize(encoded.len().next_multiple_of(32), 0);
}

fn push_word(encoded: &mut Vec<u8>, word: Word) {
    encoded.extend_from_slice(&word.to_be_bytes());
}
