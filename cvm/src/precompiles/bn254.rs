//! Addition, multiplication and pairing on the curve bn254 (EIP-196, EIP-197, prices of EIP-1108).

use alloc::vec::Vec;

use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr as _, CurveGroup as _, pairing::Pairing as _};
use ark_ff::{BigInt, BigInteger as _, One as _, PrimeField as _, Zero as _};
use bytes::Bytes;

use super::{PrecompileError, PrecompileOutput, charge, padded_input::read};
use crate::Word;

/// One point of each group.
const PAIR_LENGTH: usize = 192;

/// Adds two points for 500 gas.
pub(super) fn add_byzantium(
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    add(input, charge(500, gas_limit)?)
}

/// Adds two points for 150 gas.
pub(super) fn add_istanbul(
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    add(input, charge(150, gas_limit)?)
}

/// Multiplies a point by a scalar for 40000 gas.
pub(super) fn mul_byzantium(
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    mul(input, charge(40_000, gas_limit)?)
}

/// Multiplies a point by a scalar for 6000 gas.
pub(super) fn mul_istanbul(
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    mul(input, charge(6000, gas_limit)?)
}

/// Checks a product of pairings for 100000 gas and 80000 a pair.
pub(super) fn pairing_byzantium(
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    let pair_count = (input.len() / PAIR_LENGTH) as u64;
    pairing(input, charge(100_000 + 80_000 * pair_count, gas_limit)?)
}

/// Checks a product of pairings for 45000 gas and 34000 a pair.
pub(super) fn pairing_istanbul(
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    let pair_count = (input.len() / PAIR_LENGTH) as u64;
    pairing(input, charge(45_000 + 34_000 * pair_count, gas_limit)?)
}

fn add(input: &[u8], gas_used: u64) -> Result<PrecompileOutput, PrecompileError> {
    let left = read_g1(&read(input, 0))?;
    let right = read_g1(&read(input, 64))?;
    Ok(PrecompileOutput::new(gas_used, written_g1(left + right)))
}

fn mul(input: &[u8], gas_used: u64) -> Result<PrecompileOutput, PrecompileError> {
    let point = read_g1(&read(input, 0))?;
    let scalar = Fr::from_be_bytes_mod_order(&read::<32>(input, 64));
    Ok(PrecompileOutput::new(gas_used, written_g1(point * scalar)))
}

fn pairing(input: &[u8], gas_used: u64) -> Result<PrecompileOutput, PrecompileError> {
    let (pairs, rest) = input.as_chunks::<PAIR_LENGTH>();
    if !rest.is_empty() {
        return Err(PrecompileError::InputLength { found: input.len() });
    }
    let mut g1_points = Vec::with_capacity(pairs.len());
    let mut g2_points = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let g1 = read_g1(&read(pair, 0))?;
        let g2 = read_g2(&read(pair, 64))?;
        // A pairing with the point at infinity is one.
        if !g1.is_zero() && !g2.is_zero() {
            g1_points.push(g1);
            g2_points.push(g2);
        }
    }
    let is_one = g1_points.is_empty() || Bn254::multi_pairing(g1_points, g2_points).0.is_one();
    Ok(PrecompileOutput::new(gas_used, Bytes::copy_from_slice(&Word::from(is_one).to_be_bytes())))
}

/// Reads 32 big-endian bytes below the field's modulus.
fn read_field(bytes: &[u8; 32]) -> Result<Fq, PrecompileError> {
    Fq::from_bigint(BigInt(Word::from_be_bytes(*bytes).limbs()))
        .ok_or(PrecompileError::FieldElement)
}

/// Reads both coordinates; two zeros are the point at infinity.
fn read_g1(bytes: &[u8; 64]) -> Result<G1Affine, PrecompileError> {
    let (coordinates, _) = bytes.as_chunks::<32>();
    let (x, y) = (read_field(&coordinates[0])?, read_field(&coordinates[1])?);
    if x.is_zero() && y.is_zero() {
        return Ok(G1Affine::zero());
    }
    let point = G1Affine::new_unchecked(x, y);
    // The group is the whole curve.
    if point.is_on_curve() { Ok(point) } else { Err(PrecompileError::NotOnCurve) }
}

/// Reads both coordinates, of each the imaginary part first; four zeros are the point at infinity.
fn read_g2(bytes: &[u8; 128]) -> Result<G2Affine, PrecompileError> {
    let (parts, _) = bytes.as_chunks::<32>();
    let x = Fq2::new(read_field(&parts[1])?, read_field(&parts[0])?);
    let y = Fq2::new(read_field(&parts[3])?, read_field(&parts[2])?);
    if x.is_zero() && y.is_zero() {
        return Ok(G2Affine::zero());
    }
    let point = G2Affine::new_unchecked(x, y);
    if !point.is_on_curve() {
        return Err(PrecompileError::NotOnCurve);
    }
    if !point.is_in_correct_subgroup_assuming_on_curve() {
        return Err(PrecompileError::NotInSubgroup);
    }
    Ok(point)
}

fn written_g1(point: G1Projective) -> Bytes {
    let mut output = [0; 64];
    if let Some((x, y)) = point.into_affine().xy() {
        output[..32].copy_from_slice(&x.into_bigint().to_bytes_be());
        output[32..].copy_from_slice(&y.into_bigint().to_bytes_be());
    }
    Bytes::copy_from_slice(&output)
}
