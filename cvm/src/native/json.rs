//! `json`: finds values in a JSON text. The first argument names the operation; a value is named by where it begins and
//! ends in the text, so that nothing is kept between calls.
//!
//! | operation | arguments | result |
//! |---|---|---|
//! | `arrayGet` | text, begin, end, index | where the element is |
//! | `objectGet` | text, begin, end, key | where the member's value is |
//! | `parseString` | text, begin, end | the string without escapes; any other scalar as it stands |
//!
//! A place is written as begin and end, eight hexadecimal digits each. The scanner has no recursion and reads the text
//! between begin and end once.
//!
//! **Deviations**: the original's prices were never published; here every byte between begin and end costs as in `reverse`.

use super::{
    NativeError, NativeFunction, NativeSignature, NativeType, NativeValue, small_integer, string,
};
use alloc::{borrow::Cow, format, vec::Vec};

mod scanner;

use scanner::Scanner;

/// Charged for each byte between begin and end.
const GAS_PER_BYTE: u64 = 10;

pub(super) const FUNCTION: NativeFunction = NativeFunction {
    name: "json",
    signatures: &[
        NativeSignature {
            arguments: &[
                NativeType::String,
                NativeType::String,
                NativeType::Integer,
                NativeType::Integer,
                NativeType::Integer,
            ],
            result: NativeType::String,
        },
        NativeSignature {
            arguments: &[
                NativeType::String,
                NativeType::String,
                NativeType::Integer,
                NativeType::Integer,
                NativeType::String,
            ],
            result: NativeType::String,
        },
        NativeSignature {
            arguments: &[
                NativeType::String,
                NativeType::String,
                NativeType::Integer,
                NativeType::Integer,
            ],
            result: NativeType::String,
        },
    ],
    gas,
    run,
};

/// `arrayGet` on its own, for callers that give no types: text, begin, end, index.
pub(super) const ARRAY_GET: NativeFunction = NativeFunction {
    name: "jsonArrayGet",
    signatures: &[NativeSignature {
        arguments: &[
            NativeType::String,
            NativeType::Integer,
            NativeType::Integer,
            NativeType::Integer,
        ],
        result: NativeType::String,
    }],
    gas: |arguments| gas(&with_operation("arrayGet", arguments)),
    run: |arguments| run(&with_operation("arrayGet", arguments)),
};

/// `objectGet` on its own: text, begin, end, key.
pub(super) const OBJECT_GET: NativeFunction = NativeFunction {
    name: "jsonObjectGet",
    signatures: &[NativeSignature {
        arguments: &[
            NativeType::String,
            NativeType::Integer,
            NativeType::Integer,
            NativeType::String,
        ],
        result: NativeType::String,
    }],
    gas: |arguments| gas(&with_operation("objectGet", arguments)),
    run: |arguments| run(&with_operation("objectGet", arguments)),
};

/// `parseString` on its own: text, begin, end.
pub(super) const PARSE_STRING: NativeFunction = NativeFunction {
    name: "jsonParseString",
    signatures: &[NativeSignature {
        arguments: &[NativeType::String, NativeType::Integer, NativeType::Integer],
        result: NativeType::String,
    }],
    gas: |arguments| gas(&with_operation("parseString", arguments)),
    run: |arguments| run(&with_operation("parseString", arguments)),
};

/// The arguments of `json`; strings are borrowed.
fn with_operation<'v>(
    operation: &'static str,
    arguments: &'v [NativeValue<'_>],
) -> Vec<NativeValue<'v>> {
    let borrowed = arguments.iter().map(|argument| match argument {
        NativeValue::String(bytes) => NativeValue::String(Cow::Borrowed(bytes)),
        other => other.clone(),
    });
    core::iter::once(NativeValue::String(operation.as_bytes().into())).chain(borrowed).collect()
}

fn gas(arguments: &[NativeValue<'_>]) -> Option<u64> {
    let range = range(arguments).ok()?;
    (range.bytes.len() as u64).checked_mul(GAS_PER_BYTE)
}

fn run(arguments: &[NativeValue<'_>]) -> Result<NativeValue<'static>, NativeError> {
    let range = range(arguments)?;
    let mut scanner = Scanner::new(range.bytes);
    let result = match (string(arguments, 0)?, arguments.len()) {
        (b"arrayGet", 5) => {
            let index = small_integer(arguments, 4)?;
            range.name(scanner.element(index).ok_or(NativeError::NotFound)?)?
        }
        (b"objectGet", 5) => {
            let key = string(arguments, 4)?;
            range.name(scanner.member(key).ok_or(NativeError::NotFound)?)?
        }
        (b"parseString", 4) => scanner.scalar().ok_or(NativeError::NotFound)?,
        _ => return Err(NativeError::Argument { index: 0 }),
    };
    Ok(NativeValue::String(result.into()))
}

/// A part of the text.
struct Range<'t> {
    bytes: &'t [u8],
    begin: usize,
}

fn range<'v>(arguments: &'v [NativeValue<'_>]) -> Result<Range<'v>, NativeError> {
    let text = string(arguments, 1)?;
    let place = |index| {
        let place = small_integer(arguments, index)?;
        usize::try_from(place).map_err(|_too_large| NativeError::Argument { index })
    };
    let (begin, end) = (place(2)?, place(3)?);
    let bytes = text.get(begin..end).ok_or(NativeError::Argument { index: 3 })?;
    Ok(Range { bytes, begin })
}

impl Range<'_> {
    /// Names a place within the range by its offsets in the text.
    fn name(&self, (begin, end): (usize, usize)) -> Result<Vec<u8>, NativeError> {
        let offset = |place: usize| {
            let offset =
                self.begin.checked_add(place).and_then(|offset| u32::try_from(offset).ok());
            offset.ok_or(NativeError::NotFound)
        };
        Ok(format!("{:08x}{:08x}", offset(begin)?, offset(end)?).into_bytes())
    }
}
