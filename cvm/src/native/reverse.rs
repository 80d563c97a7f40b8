//! `reverse`: the bytes of a string, last first.

use super::{NativeError, NativeFunction, NativeSignature, NativeType, NativeValue, string};
use alloc::vec::Vec;

/// Charged for each byte (spec section 2.5).
const GAS_PER_BYTE: u64 = 10;

pub(super) const FUNCTION: NativeFunction = NativeFunction {
    name: "reverse",
    signatures: &[NativeSignature { arguments: &[NativeType::String], result: NativeType::String }],
    gas,
    run,
};

fn gas(arguments: &[NativeValue<'_>]) -> Option<u64> {
    (string(arguments, 0).ok()?.len() as u64).checked_mul(GAS_PER_BYTE)
}

fn run(arguments: &[NativeValue<'_>]) -> Result<NativeValue<'static>, NativeError> {
    let reversed: Vec<u8> = string(arguments, 0)?.iter().rev().copied().collect();
    Ok(NativeValue::String(reversed.into()))
}
