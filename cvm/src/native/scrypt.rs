//! `scrypt`: the proof-of-work hash of a Dogecoin block header, both in hexadecimal.

use super::{
    NativeError, NativeFunction, NativeSignature, NativeType, NativeValue, hexadecimal, string,
};

/// Dogecoin's parameters: N = 2^10, r = 1, p = 1.
const COST_LOG2: u8 = 10;

/// The header's size in bytes. The original read that many, whatever it was given: what is missing is zero.
const HEADER_SIZE: usize = 80;

/// Charged for each byte of the header (spec section 2.5).
const GAS_PER_BYTE: u64 = 10;

/// Charged for the mixing of 128 KiB of memory, which takes a third of a millisecond whatever the header.
const GAS_FOR_MIXING: u64 = 30_000;

const SIGNATURES: &[NativeSignature] =
    &[NativeSignature { arguments: &[NativeType::String], result: NativeType::String }];

/// At mainnet's price, which is far below the cost.
pub(super) const FUNCTION_HISTORICAL: NativeFunction =
    NativeFunction { name: "scrypt", signatures: SIGNATURES, gas: gas_historical, run };

pub(super) const FUNCTION: NativeFunction =
    NativeFunction { name: "scrypt", signatures: SIGNATURES, gas, run };

fn gas_historical(arguments: &[NativeValue<'_>]) -> Option<u64> {
    let digits = string(arguments, 0).ok()?.len() as u64;
    digits.div_ceil(2).checked_mul(GAS_PER_BYTE)
}

fn gas(arguments: &[NativeValue<'_>]) -> Option<u64> {
    gas_historical(arguments)?.checked_add(GAS_FOR_MIXING)
}

fn run(arguments: &[NativeValue<'_>]) -> Result<NativeValue<'static>, NativeError> {
    let mut header =
        hexadecimal::decode(string(arguments, 0)?).ok_or(NativeError::Argument { index: 0 })?;
    header.resize(HEADER_SIZE, 0);
    let mut hash = [0; 32];
    let parameters =
        scrypt::Params::new(COST_LOG2, 1, 1).map_err(|_never| NativeError::Signature)?;
    scrypt::scrypt(&header, &header, &parameters, &mut hash)
        .map_err(|_never| NativeError::Signature)?;
    Ok(NativeValue::String(hexadecimal::encode(&hash).into()))
}
