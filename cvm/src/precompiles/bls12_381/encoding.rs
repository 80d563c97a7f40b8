//! Field elements and points as bytes (EIP-2537): big endian, zeros for the point at infinity.

use ark_bls12_381::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::{
    AffineRepr as _,
    short_weierstrass::{Affine, SWCurveConfig},
};
use ark_ff::{BigInt, BigInteger as _, PrimeField as _, Zero as _};
use bytes::Bytes;

use crate::precompiles::PrecompileError;

/// A field element: 16 zeros and 48 bytes.
pub(super) const FIELD_LENGTH: usize = 64;
pub(super) const G1_LENGTH: usize = 2 * FIELD_LENGTH;
pub(super) const G2_LENGTH: usize = 4 * FIELD_LENGTH;

/// Passes a point of a curve on if it is in the subgroup of prime order.
pub(in crate::precompiles) fn in_subgroup<P: SWCurveConfig>(
    point: Affine<P>,
) -> Result<Affine<P>, PrecompileError> {
    if point.is_in_correct_subgroup_assuming_on_curve() {
        Ok(point)
    } else {
        Err(PrecompileError::NotInSubgroup)
    }
}

/// Reads 48 big-endian bytes below the field's modulus.
pub(in crate::precompiles) fn field_from_bytes(bytes: &[u8; 48]) -> Result<Fq, PrecompileError> {
    let mut limbs = [0; 6];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_be_bytes(*chunk);
    }
    Fq::from_bigint(BigInt(limbs)).ok_or(PrecompileError::FieldElement)
}

pub(super) fn read_field(bytes: &[u8; FIELD_LENGTH]) -> Result<Fq, PrecompileError> {
    match bytes.split_last_chunk::<48>() {
        Some((zeros, element)) if zeros.iter().all(|&byte| byte == 0) => field_from_bytes(element),
        _ => Err(PrecompileError::FieldElement),
    }
}

/// Reads a point of the curve of the first group.
pub(super) fn read_g1(bytes: &[u8; G1_LENGTH]) -> Result<G1Affine, PrecompileError> {
    let (coordinates, _) = bytes.as_chunks::<FIELD_LENGTH>();
    let (x, y) = (read_field(&coordinates[0])?, read_field(&coordinates[1])?);
    if x.is_zero() && y.is_zero() {
        return Ok(G1Affine::zero());
    }
    let point = G1Affine::new_unchecked(x, y);
    if point.is_on_curve() { Ok(point) } else { Err(PrecompileError::NotOnCurve) }
}

/// Reads a point of the curve of the second group; the real part of each coordinate comes first.
pub(super) fn read_g2(bytes: &[u8; G2_LENGTH]) -> Result<G2Affine, PrecompileError> {
    let (parts, _) = bytes.as_chunks::<FIELD_LENGTH>();
    let x = Fq2::new(read_field(&parts[0])?, read_field(&parts[1])?);
    let y = Fq2::new(read_field(&parts[2])?, read_field(&parts[3])?);
    if x.is_zero() && y.is_zero() {
        return Ok(G2Affine::zero());
    }
    let point = G2Affine::new_unchecked(x, y);
    if point.is_on_curve() { Ok(point) } else { Err(PrecompileError::NotOnCurve) }
}

pub(super) fn written_g1(point: G1Affine) -> Bytes {
    let mut output = [0; G1_LENGTH];
    if let Some((x, y)) = point.xy() {
        write_fields([x, y], &mut output);
    }
    Bytes::copy_from_slice(&output)
}

pub(super) fn written_g2(point: G2Affine) -> Bytes {
    let mut output = [0; G2_LENGTH];
    if let Some((x, y)) = point.xy() {
        write_fields([x.c0, x.c1, y.c0, y.c1], &mut output);
    }
    Bytes::copy_from_slice(&output)
}

fn write_fields<const N: usize>(elements: [Fq; N], output: &mut [u8]) {
    for (target, element) in output.as_chunks_mut::<FIELD_LENGTH>().0.iter_mut().zip(elements) {
        target[FIELD_LENGTH - 48..].copy_from_slice(&element.into_bigint().to_bytes_be());
    }
}
