//! Converts between values and ENI's layout in memory (spec section 2.5).
//!
//! At the type offset: the length in bytes and the codes of the argument types; then, aligned to words, the same for the
//! result. At the data offset: the length in bytes and the arguments, each a word or, for strings, a length and bytes padded
//! to words.
//!
//! **Deviations** from the original: nothing outside of memory in use is read; there is exactly one result.

use super::{
    Integer, NativeError, NativeValue,
    type_code::{self, ELEMENTS_MAX, Type},
};
use crate::Word;
use alloc::{borrow::Cow, vec::Vec};

/// No memory that gas can buy is larger.
const SECTION_SIZE_MAX: usize = u32::MAX as usize;

/// Whether the defects of the original's converters are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fidelity {
    /// Arrays of two elements or more and structs with fields are not understood; signed results are negated.
    Historical,
    /// As documented.
    Corrected,
}

/// The arguments of a call, and where and how its result is written.
#[derive(Debug)]
pub(crate) struct Call<'m> {
    pub(crate) arguments: Vec<NativeValue<'m>>,
    pub(crate) layout: ResultLayout,
}

/// Reads a call out of memory.
pub(crate) fn decode(
    memory: &[u8],
    types: Word,
    data: Word,
    fidelity: Fidelity,
) -> Result<Call<'_>, NativeError> {
    let (codes, types_end) = section(memory, types.to_usize())?;
    let (result_codes, _) = section(memory, types_end.checked_next_multiple_of(32))?;
    let (data, data_end) = section(memory, data.to_usize())?;
    let [result] = <[Type; 1]>::try_from(type_code::parse(result_codes)?)
        .map_err(|_others| NativeError::Signature)?;
    let mut reader = Reader { rest: data, elements_left: ELEMENTS_MAX, fidelity };
    let arguments =
        type_code::parse(codes)?.iter().map(|kind| reader.value(kind)).collect::<Result<_, _>>()?;
    let offset = data_end.next_multiple_of(32) as u64;
    Ok(Call { arguments, layout: ResultLayout { result, offset } })
}

/// A length and that many bytes, and where they end. Bytes beyond memory are missing: the first compilers counted the
/// length word as data, too.
fn section(memory: &[u8], offset: Option<usize>) -> Result<(&[u8], usize), NativeError> {
    let missing = NativeError::Signature;
    let start = offset.ok_or(missing)?.checked_add(32).ok_or(missing)?;
    let length = memory.get(start - 32..start).ok_or(missing)?;
    let length = Word::from_be_slice(length)
        .to_usize()
        .filter(|length| *length <= SECTION_SIZE_MAX)
        .ok_or(missing)?;
    let end = start.checked_add(length).ok_or(missing)?;
    Ok((&memory[start..end.min(memory.len())], end))
}

/// Reads values off the data.
struct Reader<'m> {
    rest: &'m [u8],
    elements_left: usize,
    fidelity: Fidelity,
}

impl<'m> Reader<'m> {
    /// Reads a value. The types' depth is bounded.
    fn value(&mut self, kind: &Type) -> Result<NativeValue<'m>, NativeError> {
        self.elements_left = self.elements_left.checked_sub(1).ok_or(NativeError::Signature)?;
        match kind {
            Type::Bool => Ok(NativeValue::Bool(!self.word()?.is_zero())),
            Type::Signed { .. } => {
                let word = self.word()?;
                let is_negative = word.is_negative();
                let magnitude = if is_negative { word.wrapping_neg() } else { word };
                Ok(NativeValue::Integer(Integer { is_negative, magnitude }))
            }
            Type::Unsigned { .. } | Type::FixedBytes { .. } => {
                Ok(NativeValue::Integer(Integer { is_negative: false, magnitude: self.word()? }))
            }
            Type::String => {
                let length = self.word()?.to_usize().ok_or(NativeError::Signature)?;
                let bytes = self.rest.get(..length).ok_or(NativeError::Signature)?;
                // The padding of the last string may be missing.
                let padded = length.next_multiple_of(32).min(self.rest.len());
                self.rest = &self.rest[padded..];
                Ok(NativeValue::String(Cow::Borrowed(bytes)))
            }
            Type::Array { count, element } => {
                self.refuse_malformed(*count > 1)?;
                (0..*count)
                    .map(|_| self.value(element))
                    .collect::<Result<_, _>>()
                    .map(NativeValue::List)
            }
            Type::Struct(fields) => {
                self.refuse_malformed(!fields.is_empty())?;
                fields
                    .iter()
                    .map(|field| self.value(field))
                    .collect::<Result<_, _>>()
                    .map(NativeValue::List)
            }
        }
    }

    /// The original wrote the commas of arrays and structs in the wrong places, so that no function could read them.
    fn refuse_malformed(&self, has_commas: bool) -> Result<(), NativeError> {
        if has_commas && self.fidelity == Fidelity::Historical {
            Err(NativeError::Signature)
        } else {
            Ok(())
        }
    }

    fn word(&mut self) -> Result<Word, NativeError> {
        let (word, rest) = self.rest.split_at_checked(32).ok_or(NativeError::Signature)?;
        self.rest = rest;
        Ok(Word::from_be_slice(word))
    }
}

/// Where and how a result is written.
#[derive(Debug)]
pub(crate) struct ResultLayout {
    result: Type,
    /// The first word after the argument data.
    pub(crate) offset: u64,
}

impl ResultLayout {
    /// A length and the encoded result.
    pub(crate) fn encode(
        &self,
        value: &NativeValue<'_>,
        fidelity: Fidelity,
    ) -> Result<Vec<u8>, NativeError> {
        let mut bytes = Word::ZERO.to_be_bytes().to_vec();
        push_value(&mut bytes, &self.result, value, fidelity)?;
        let length = Word::from(bytes.len() as u64 - 32);
        bytes[..32].copy_from_slice(&length.to_be_bytes());
        Ok(bytes)
    }
}

/// Appends a value in the form of a type. The types' depth is bounded.
fn push_value(
    bytes: &mut Vec<u8>,
    kind: &Type,
    value: &NativeValue<'_>,
    fidelity: Fidelity,
) -> Result<(), NativeError> {
    match (kind, value) {
        (Type::Bool, NativeValue::Bool(value)) => push_word(bytes, Word::from(*value)),
        (Type::String, NativeValue::String(text)) => {
            push_word(bytes, Word::from(text.len() as u64));
            bytes.extend_from_slice(text);
            bytes.resize(bytes.len().next_multiple_of(32), 0);
        }
        (Type::Signed { bits }, NativeValue::Integer(integer)) => {
            push_signed(bytes, *bits, *integer, fidelity)?;
        }
        (Type::Unsigned { bits }, NativeValue::Integer(integer)) => {
            push_unsigned(bytes, *bits, *integer)?;
        }
        (Type::FixedBytes { .. }, NativeValue::Integer(integer)) => {
            push_unsigned(bytes, 256, *integer)?;
        }
        (Type::Array { count, element }, NativeValue::List(values)) if values.len() == *count => {
            for value in values {
                push_value(bytes, element, value, fidelity)?;
            }
        }
        (Type::Struct(fields), NativeValue::List(values))
            if values.len() == fields.len() && fidelity == Fidelity::Corrected =>
        {
            for (field, value) in fields.iter().zip(values) {
                push_value(bytes, field, value, fidelity)?;
            }
        }
        _ => return Err(NativeError::Signature),
    }
    Ok(())
}

fn push_unsigned(bytes: &mut Vec<u8>, bits: u32, integer: Integer) -> Result<(), NativeError> {
    let is_below_zero = integer.is_negative && !integer.magnitude.is_zero();
    if is_below_zero || integer.magnitude.bits() > bits {
        return Err(NativeError::Signature);
    }
    push_word(bytes, integer.magnitude);
    Ok(())
}

fn push_signed(
    bytes: &mut Vec<u8>,
    bits: u32,
    integer: Integer,
    fidelity: Fidelity,
) -> Result<(), NativeError> {
    let Integer { is_negative, magnitude } = integer;
    let greatest = Word::SIGNED_MAX.shr(Word::from(u64::from(256 - bits)));
    let limit = if is_negative { greatest.wrapping_add(Word::ONE) } else { greatest };
    if magnitude > limit {
        return Err(NativeError::Signature);
    }
    match fidelity {
        // 2^256 minus the magnitude, which for zero takes one byte more than a word.
        Fidelity::Historical => {
            if magnitude.is_zero() {
                bytes.push(1);
            }
            push_word(bytes, magnitude.wrapping_neg());
        }
        Fidelity::Corrected if is_negative => push_word(bytes, magnitude.wrapping_neg()),
        Fidelity::Corrected => push_word(bytes, magnitude),
    }
    Ok(())
}

fn push_word(bytes: &mut Vec<u8>, word: Word) {
    bytes.extend_from_slice(&word.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(value: u64) -> [u8; 32] {
        Word::from(value).to_be_bytes()
    }

    /// Memory with types at 0 and data at `data`.
    fn memory(codes: &[u8], result: &[u8], data: &[u8]) -> (Vec<u8>, Word) {
        let mut memory = Vec::new();
        for section in [codes, result] {
            memory.extend(word(section.len() as u64));
            memory.extend(section);
            memory.resize(memory.len().next_multiple_of(32), 0);
        }
        let offset = Word::from(memory.len() as u64);
        memory.extend(word(data.len() as u64));
        memory.extend(data);
        (memory, offset)
    }

    fn integer(value: i64) -> NativeValue<'static> {
        let magnitude = Word::from(value.unsigned_abs());
        NativeValue::Integer(Integer { is_negative: value < 0, magnitude })
    }

    #[test]
    fn arguments_are_read_by_their_types() {
        let data = [&word(1)[..], &Word::MAX.to_be_bytes(), &word(7), &word(3), b"abc"].concat();
        let (memory, offset) = memory(&[0, 9, 43, 4], &[4], &data);
        let call = decode(&memory, Word::ZERO, offset, Fidelity::Historical).unwrap();
        let expected = [
            NativeValue::Bool(true),
            integer(-1),
            integer(7),
            NativeValue::String(Cow::Borrowed(b"abc")),
        ];
        assert_eq!(call.arguments, expected);
        // The data starts at 160 and ends 131 bytes later.
        assert_eq!(call.layout.offset, 320);
    }

    #[test]
    fn arrays_and_structs_were_never_understood() {
        let array = |count: u8| [&[5][..], &[0; 31], &[count, 42]].concat();
        let data = [word(4), word(5)].concat();
        let pair = NativeValue::List(vec![integer(4), integer(5)]);
        let rows = [
            (array(2), Fidelity::Corrected, Ok(pair.clone())),
            (array(2), Fidelity::Historical, Err(NativeError::Signature)),
            (array(1), Fidelity::Historical, Ok(NativeValue::List(vec![integer(4)]))),
            (array(0), Fidelity::Historical, Ok(NativeValue::List(vec![]))),
            (array(3), Fidelity::Corrected, Err(NativeError::Signature)),
            (vec![7, 42, 9, 8], Fidelity::Corrected, Ok(pair)),
            (vec![7, 42, 9, 8], Fidelity::Historical, Err(NativeError::Signature)),
        ];
        for (codes, fidelity, expected) in rows {
            let (memory, offset) = memory(&codes, &[4], &data);
            let found =
                decode(&memory, Word::ZERO, offset, fidelity).map(|call| call.arguments[0].clone());
            assert_eq!(found, expected, "{codes:?} {fidelity:?}");
        }
    }

    #[test]
    fn nested_arrays_stay_within_the_limit_of_elements() {
        let many = |inner: [u8; 2]| {
            [&[5][..], &[0; 30], &[1, 0], &[5], &[0; 30], &inner, &[7, 8]].concat()
        };
        for (inner, is_taken) in [([0, 2], true), ([0, 4], false), ([4, 0], false)] {
            let (memory, offset) = memory(&many(inner), &[4], &[]);
            assert_eq!(decode(&memory, Word::ZERO, offset, Fidelity::Corrected).is_ok(), is_taken);
        }
    }

    #[test]
    fn signed_results_were_negated() {
        let rows = [
            (9, 5, Fidelity::Corrected, Ok(Word::from(5).to_be_bytes().to_vec())),
            (9, -5, Fidelity::Corrected, Ok(Word::from(5).wrapping_neg().to_be_bytes().to_vec())),
            (9, 5, Fidelity::Historical, Ok(Word::from(5).wrapping_neg().to_be_bytes().to_vec())),
            (9, 0, Fidelity::Historical, Ok([&[1][..], &[0; 32]].concat())),
            (42, 5, Fidelity::Historical, Ok(word(5).to_vec())),
            (42, -5, Fidelity::Corrected, Err(NativeError::Signature)),
            (43, 255, Fidelity::Corrected, Ok(word(255).to_vec())),
            (43, 256, Fidelity::Corrected, Err(NativeError::Signature)),
            (10, 127, Fidelity::Corrected, Ok(word(127).to_vec())),
            (10, 128, Fidelity::Corrected, Err(NativeError::Signature)),
            (
                10,
                -128,
                Fidelity::Corrected,
                Ok(Word::from(128).wrapping_neg().to_be_bytes().to_vec()),
            ),
            (10, -129, Fidelity::Corrected, Err(NativeError::Signature)),
            (0, 1, Fidelity::Corrected, Err(NativeError::Signature)),
        ];
        for (code, value, fidelity, expected) in rows {
            let (memory, offset) = memory(&[], &[code], &[]);
            let call = decode(&memory, Word::ZERO, offset, fidelity).unwrap();
            let expected = expected.map(|bytes| [&word(bytes.len() as u64)[..], &bytes].concat());
            assert_eq!(
                call.layout.encode(&integer(value), fidelity),
                expected,
                "{code} {value} {fidelity:?}"
            );
        }
    }
}
