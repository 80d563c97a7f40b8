//! The types of ENI's memory layout, by their codes (spec section 2.5).

use super::NativeError;
use alloc::{boxed::Box, vec::Vec};

/// The most types in a list, and the most elements of values that they describe.
pub(super) const ELEMENTS_MAX: usize = 1024;

/// How deep arrays and structs may nest.
const DEPTH_MAX: usize = 8;

const BOOL: u8 = 0;
const STRING: u8 = 4;
const FIX_ARRAY_START: u8 = 5;
const STRUCT_START: u8 = 7;
const STRUCT_END: u8 = 8;
const INT: u8 = 9;
const INT8: u8 = 10;
const INT256: u8 = 41;
const UINT: u8 = 42;
const UINT8: u8 = 43;
const UINT256: u8 = 74;
const BYTE1: u8 = 75;
const BYTE32: u8 = 106;

/// A type as contracts write it. ADDRESS, BYTES, ENUM and dynamic arrays were never implemented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    String,
    Signed {
        bits: u32,
    },
    Unsigned {
        bits: u32,
    },
    /// Bytes at the start of a word, converted as the word's number.
    FixedBytes {
        size: u32,
    },
    Array {
        count: usize,
        element: Box<Self>,
    },
    Struct(Vec<Self>),
}

/// Reads a list of types.
pub(super) fn parse(codes: &[u8]) -> Result<Vec<Type>, NativeError> {
    if codes.len() > ELEMENTS_MAX {
        return Err(NativeError::Signature);
    }
    let mut rest = codes;
    let mut types = Vec::new();
    while !rest.is_empty() {
        types.push(parse_type(&mut rest, 0)?);
    }
    Ok(types)
}

/// Reads one type. The depth is bounded.
fn parse_type(rest: &mut &[u8], depth: usize) -> Result<Type, NativeError> {
    let code = take(rest, 1)?[0];
    let bits = |first: u8| 8 * (u32::from(code - first) + 1);
    match code {
        BOOL => Ok(Type::Bool),
        STRING => Ok(Type::String),
        INT => Ok(Type::Signed { bits: 256 }),
        INT8..=INT256 => Ok(Type::Signed { bits: bits(INT8) }),
        UINT => Ok(Type::Unsigned { bits: 256 }),
        UINT8..=UINT256 => Ok(Type::Unsigned { bits: bits(UINT8) }),
        BYTE1..=BYTE32 => Ok(Type::FixedBytes { size: bits(BYTE1) / 8 }),
        FIX_ARRAY_START if depth < DEPTH_MAX => {
            let count = small_count(take(rest, 32)?)?;
            Ok(Type::Array { count, element: Box::new(parse_type(rest, depth + 1)?) })
        }
        STRUCT_START if depth < DEPTH_MAX => {
            let mut fields = Vec::new();
            while rest.first() != Some(&STRUCT_END) {
                fields.push(parse_type(rest, depth + 1)?);
            }
            take(rest, 1)?;
            Ok(Type::Struct(fields))
        }
        _ => Err(NativeError::Signature),
    }
}

/// An element count of 32 bytes.
fn small_count(word: &[u8]) -> Result<usize, NativeError> {
    let (high, low) = word.split_at(30);
    let count = low.iter().fold(0, |count, byte| count << 8 | usize::from(*byte));
    if high.iter().any(|byte| *byte != 0) || count > ELEMENTS_MAX {
        Err(NativeError::Signature)
    } else {
        Ok(count)
    }
}

fn take<'a>(rest: &mut &'a [u8], size: usize) -> Result<&'a [u8], NativeError> {
    let (taken, left) = rest.split_at_checked(size).ok_or(NativeError::Signature)?;
    *rest = left;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_types() {
        let mut array = vec![5; 1];
        array.extend([0; 31]);
        array.extend([3, 43]);
        type Row = (Vec<u8>, Result<Vec<Type>, NativeError>);
        let rows: Vec<Row> = vec![
            (vec![], Ok(vec![])),
            (vec![0, 4], Ok(vec![Type::Bool, Type::String])),
            (vec![9, 10, 41], Ok([256, 8, 256].map(|bits| Type::Signed { bits }).to_vec())),
            (vec![42, 43, 74], Ok([256, 8, 256].map(|bits| Type::Unsigned { bits }).to_vec())),
            (vec![75, 106], Ok([1, 32].map(|size| Type::FixedBytes { size }).to_vec())),
            (
                array.clone(),
                Ok(vec![Type::Array { count: 3, element: Box::new(Type::Unsigned { bits: 8 }) }]),
            ),
            (array[..33].to_vec(), Err(NativeError::Signature)),
            (vec![7, 0, 7, 8, 8], Ok(vec![Type::Struct(vec![Type::Bool, Type::Struct(vec![])])])),
            (vec![7, 0], Err(NativeError::Signature)),
            (vec![8], Err(NativeError::Signature)),
            (vec![1], Err(NativeError::Signature)),
            (vec![2], Err(NativeError::Signature)),
            (vec![3], Err(NativeError::Signature)),
            (vec![6, 0], Err(NativeError::Signature)),
            (vec![107], Err(NativeError::Signature)),
            (vec![0; ELEMENTS_MAX], Ok(vec![Type::Bool; ELEMENTS_MAX])),
            (vec![0; ELEMENTS_MAX + 1], Err(NativeError::Signature)),
            (vec![7; ELEMENTS_MAX], Err(NativeError::Signature)),
        ];
        for (codes, expected) in rows {
            assert_eq!(parse(&codes), expected, "{codes:?}");
        }
    }

    #[test]
    fn counts_that_no_memory_could_hold_are_refused() {
        let with_count = |high: u8, low: [u8; 2]| [&[5, high][..], &[0; 29], &low, &[0]].concat();
        assert!(parse(&with_count(0, [4, 0])).is_ok());
        assert!(parse(&with_count(0, [4, 1])).is_err());
        assert!(parse(&with_count(0x80, [0, 1])).is_err());
    }
}
