//! SHA-256, RIPEMD-160 and the identity (YP E.1).

use bytes::Bytes;
use ripemd::Ripemd160;
use sha2::{Digest as _, Sha256};

use super::{PrecompileError, PrecompileOutput, charge};

/// Hashes with SHA-256.
pub(super) fn sha256(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    let gas_used = charge(linear_price(input, 60, 12), gas_limit)?;
    let hash: [u8; 32] = Sha256::digest(input).into();
    Ok(PrecompileOutput::new(gas_used, Bytes::copy_from_slice(&hash)))
}

/// Hashes with RIPEMD-160; the 20 bytes are preceded by 12 zeros.
pub(super) fn ripemd160(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    let gas_used = charge(linear_price(input, 600, 120), gas_limit)?;
    let mut output = [0; 32];
    output[12..].copy_from_slice(&Ripemd160::digest(input));
    Ok(PrecompileOutput::new(gas_used, Bytes::copy_from_slice(&output)))
}

/// Returns the input.
pub(super) fn identity(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    let gas_used = charge(linear_price(input, 15, 3), gas_limit)?;
    Ok(PrecompileOutput::new(gas_used, Bytes::copy_from_slice(input)))
}

/// A base price and a price for each word begun.
fn linear_price(input: &[u8], base: u64, per_word: u64) -> u64 {
    base + per_word * (input.len() as u64).div_ceil(32)
}
