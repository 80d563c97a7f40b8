//! Modular exponentiation of numbers of any length (EIP-198, EIP-2565, EIP-7823, EIP-7883).

mod montgomery;
mod power;

use alloc::{vec, vec::Vec};

use super::{
    PrecompileError, PrecompileOutput, charge,
    padded_input::{read, tail},
};
use crate::Word;

/// The longest operand from Osaka on, in bytes (EIP-7823).
const OPERAND_LENGTH_MAX: u64 = 1024;

/// The price as one revision has it.
struct Pricing {
    /// Prices one multiplication of numbers of this many bytes.
    complexity: fn(u64) -> u128,
    /// What the complexity times the iterations is divided by.
    divisor: u128,
    /// The iterations for each byte of the exponent after the first 32.
    iterations_per_byte: u128,
    /// The least price.
    floor: u64,
}

const BYZANTIUM: Pricing =
    Pricing { complexity: complexity_198, divisor: 20, iterations_per_byte: 8, floor: 0 };
const BERLIN: Pricing =
    Pricing { complexity: complexity_2565, divisor: 3, iterations_per_byte: 8, floor: 200 };
const OSAKA: Pricing =
    Pricing { complexity: complexity_7883, divisor: 1, iterations_per_byte: 16, floor: 500 };

/// Raises at the prices of EIP-198.
pub(super) fn run_byzantium(
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    run(&BYZANTIUM, &Lengths::read(input), input, gas_limit)
}

/// Raises at the prices of EIP-2565.
pub(super) fn run_berlin(
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    run(&BERLIN, &Lengths::read(input), input, gas_limit)
}

/// Raises at the prices of EIP-7883 numbers that EIP-7823 allows.
pub(super) fn run_osaka(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    let lengths = Lengths::read(input);
    if lengths.base.max(lengths.exponent).max(lengths.modulus) > OPERAND_LENGTH_MAX {
        return Err(PrecompileError::OperandLength { limit: OPERAND_LENGTH_MAX });
    }
    run(&OSAKA, &lengths, input, gas_limit)
}

/// How many bytes each operand has; `u64::MAX` stands for anything longer, which nobody can pay for.
struct Lengths {
    base: u64,
    exponent: u64,
    modulus: u64,
}

impl Lengths {
    fn read(input: &[u8]) -> Self {
        let length = |offset| Word::from_be_bytes(read(input, offset)).as_u64_saturating();
        Self { base: length(0), exponent: length(32), modulus: length(64) }
    }
}

fn run(
    pricing: &Pricing,
    lengths: &Lengths,
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    let operands = tail(input, 96);
    let exponent_and_modulus = tail(operands, usize::try_from(lengths.base).unwrap_or(usize::MAX));
    let gas_used = charge(pricing.price(lengths, exponent_and_modulus), gas_limit)?;

    // What is paid for fits into memory, save for an exponent, which is therefore never copied.
    let base_length = usize::try_from(lengths.base).map_err(out_of_gas)?;
    let modulus_length = usize::try_from(lengths.modulus).map_err(out_of_gas)?;
    if modulus_length == 0 {
        return Ok(PrecompileOutput::new(gas_used, Vec::new()));
    }
    let exponent_length = usize::try_from(lengths.exponent).unwrap_or(usize::MAX);
    let exponent = &exponent_and_modulus[..exponent_length.min(exponent_and_modulus.len())];
    let exponent_zeros = lengths.exponent - exponent.len() as u64;
    let base = padded(operands, base_length);
    let modulus = padded(tail(exponent_and_modulus, exponent_length), modulus_length);
    Ok(PrecompileOutput::new(
        gas_used,
        power::modular_power(&base, exponent, exponent_zeros, &modulus),
    ))
}

/// Raises to a power modulo a number, all big-endian; the result has the modulus' length. The caller bounds the work.
pub(crate) fn raise(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    power::modular_power(base, exponent, 0, modulus)
}

fn out_of_gas(_: core::num::TryFromIntError) -> PrecompileError {
    PrecompileError::OutOfGas
}

/// Copies the first `length` bytes; what lies beyond the input is zero.
fn padded(input: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let available = length.min(input.len());
    bytes[..available].copy_from_slice(&input[..available]);
    bytes
}

impl Pricing {
    fn price(&self, lengths: &Lengths, exponent: &[u8]) -> u64 {
        let complexity = (self.complexity)(lengths.base.max(lengths.modulus));
        let work = complexity.saturating_mul(self.iterations(lengths.exponent, exponent));
        u64::try_from(work / self.divisor).unwrap_or(u64::MAX).max(self.floor)
    }

    /// Counts the iterations, from the length of the exponent and the bits of its first 32 bytes.
    fn iterations(&self, length: u64, exponent: &[u8]) -> u128 {
        let head_length = length.min(32) as usize;
        let head = Word::from_be_slice(&read::<32>(exponent, 0)[..head_length]);
        let head_bits = u128::from(head.bits().saturating_sub(1));
        (self.iterations_per_byte * u128::from(length.saturating_sub(32)) + head_bits).max(1)
    }
}

/// EIP-198; at most 2^124 and so free of overflow.
fn complexity_198(length: u64) -> u128 {
    let length = u128::from(length);
    match length {
        0..=64 => length * length,
        65..=1024 => length * length / 4 + 96 * length - 3072,
        _ => length * length / 16 + 480 * length - 199_680,
    }
}

/// EIP-2565.
fn complexity_2565(length: u64) -> u128 {
    let words = u128::from(length.div_ceil(8));
    words * words
}

/// EIP-7883.
fn complexity_7883(length: u64) -> u128 {
    if length <= 32 { 16 } else { 2 * complexity_2565(length) }
}
