//! Addition, multi-scalar multiplication, pairing and maps to the curve BLS12-381 (EIP-2537).

mod encoding;
mod price;

use alloc::vec::Vec;

use ark_bls12_381::{Bls12_381, Fq2, G1Affine, G2Affine, g1, g2};
use ark_ec::{
    AffineRepr as _, CurveGroup as _, VariableBaseMSM as _,
    hashing::{curve_maps::wb::WBMap, map_to_curve_hasher::MapToCurve as _},
    pairing::Pairing as _,
    short_weierstrass::{Affine, Projective, SWCurveConfig},
};
use ark_ff::{One as _, PrimeField as _, Zero as _};
use bytes::Bytes;

use self::encoding::{
    FIELD_LENGTH, G1_LENGTH, G2_LENGTH, read_field, read_g1, read_g2, written_g1, written_g2,
};
use super::{PrecompileError, PrecompileOutput, charge};
use crate::Word;

pub(super) use self::encoding::{field_from_bytes, in_subgroup};

const SCALAR_LENGTH: usize = 32;

/// Adds two points of the first group's curve.
pub(super) fn g1_add(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    let gas_used = charge(375, gas_limit)?;
    let (&[left, right], []) = input.as_chunks::<G1_LENGTH>() else {
        return Err(PrecompileError::InputLength { found: input.len() });
    };
    let sum = read_g1(&left)? + read_g1(&right)?;
    Ok(PrecompileOutput::new(gas_used, written_g1(sum.into_affine())))
}

/// Adds two points of the second group's curve.
pub(super) fn g2_add(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    let gas_used = charge(600, gas_limit)?;
    let (&[left, right], []) = input.as_chunks::<G2_LENGTH>() else {
        return Err(PrecompileError::InputLength { found: input.len() });
    };
    let sum = read_g2(&left)? + read_g2(&right)?;
    Ok(PrecompileOutput::new(gas_used, written_g2(sum.into_affine())))
}

/// Multiplies points of the first group by scalars and adds the products.
pub(super) fn g1_msm(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    const PAIR_LENGTH: usize = G1_LENGTH + SCALAR_LENGTH;
    let pairs = non_empty_chunks::<PAIR_LENGTH>(input)?;
    let gas_used = charge(price::g1_msm(pairs.len()), gas_limit)?;
    let mut terms = Terms::<g1::Config>::with_capacity(pairs.len());
    for pair in pairs {
        let (point, scalar) = split::<PAIR_LENGTH, G1_LENGTH, SCALAR_LENGTH>(pair);
        terms.push(read_g1(&point)?, &scalar)?;
    }
    Ok(PrecompileOutput::new(gas_used, written_g1(terms.sum().into_affine())))
}

/// Multiplies points of the second group by scalars and adds the products.
pub(super) fn g2_msm(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    const PAIR_LENGTH: usize = G2_LENGTH + SCALAR_LENGTH;
    let pairs = non_empty_chunks::<PAIR_LENGTH>(input)?;
    let gas_used = charge(price::g2_msm(pairs.len()), gas_limit)?;
    let mut terms = Terms::<g2::Config>::with_capacity(pairs.len());
    for pair in pairs {
        let (point, scalar) = split::<PAIR_LENGTH, G2_LENGTH, SCALAR_LENGTH>(pair);
        terms.push(read_g2(&point)?, &scalar)?;
    }
    Ok(PrecompileOutput::new(gas_used, written_g2(terms.sum().into_affine())))
}

/// Says whether a product of pairings is one.
pub(super) fn pairing(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    const PAIR_LENGTH: usize = G1_LENGTH + G2_LENGTH;
    let pairs = non_empty_chunks::<PAIR_LENGTH>(input)?;
    let gas_used = charge(37_700 + 32_600 * pairs.len() as u64, gas_limit)?;
    let mut g1_points = Vec::with_capacity(pairs.len());
    let mut g2_points = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let (g1, g2) = split::<PAIR_LENGTH, G1_LENGTH, G2_LENGTH>(pair);
        let (g1, g2) = (in_subgroup(read_g1(&g1)?)?, in_subgroup(read_g2(&g2)?)?);
        // A pairing with the point at infinity is one.
        if !g1.is_zero() && !g2.is_zero() {
            g1_points.push(g1);
            g2_points.push(g2);
        }
    }
    let is_one = is_pairing_one(g1_points, g2_points);
    Ok(PrecompileOutput::new(gas_used, Bytes::copy_from_slice(&Word::from(is_one).to_be_bytes())))
}

/// Maps a field element to the first group.
pub(super) fn map_fp_to_g1(
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    let gas_used = charge(5500, gas_limit)?;
    let (&[element], []) = input.as_chunks::<FIELD_LENGTH>() else {
        return Err(PrecompileError::InputLength { found: input.len() });
    };
    let point = WBMap::<g1::Config>::map_to_curve(read_field(&element)?);
    let point = point.map_err(|_unmapped| PrecompileError::FieldElement)?.clear_cofactor();
    Ok(PrecompileOutput::new(gas_used, written_g1(point)))
}

/// Maps an element of the quadratic extension to the second group.
pub(super) fn map_fp2_to_g2(
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    let gas_used = charge(23_800, gas_limit)?;
    let (&[real, imaginary], []) = input.as_chunks::<FIELD_LENGTH>() else {
        return Err(PrecompileError::InputLength { found: input.len() });
    };
    let element = Fq2::new(read_field(&real)?, read_field(&imaginary)?);
    let point = WBMap::<g2::Config>::map_to_curve(element);
    let point = point.map_err(|_unmapped| PrecompileError::FieldElement)?.clear_cofactor();
    Ok(PrecompileOutput::new(gas_used, written_g2(point)))
}

/// Says whether the product of the pairings of two lists of points is one.
pub(super) fn is_pairing_one(g1_points: Vec<G1Affine>, g2_points: Vec<G2Affine>) -> bool {
    g1_points.is_empty() || Bls12_381::multi_pairing(g1_points, g2_points).0.is_one()
}

/// Points of one group, each with a scalar.
struct Terms<P: SWCurveConfig> {
    points: Vec<Affine<P>>,
    scalars: Vec<P::ScalarField>,
}

impl<P: SWCurveConfig> Terms<P> {
    /// From how many terms on the shared multiplication beats one by one.
    const SHARED_COUNT_MIN: usize = 4;

    fn with_capacity(count: usize) -> Self {
        Self { points: Vec::with_capacity(count), scalars: Vec::with_capacity(count) }
    }

    fn push(
        &mut self,
        point: Affine<P>,
        scalar: &[u8; SCALAR_LENGTH],
    ) -> Result<(), PrecompileError> {
        let point = in_subgroup(point)?;
        let scalar = P::ScalarField::from_be_bytes_mod_order(scalar);
        if !point.is_zero() && !scalar.is_zero() {
            self.points.push(point);
            self.scalars.push(scalar);
        }
        Ok(())
    }

    fn sum(&self) -> Projective<P> {
        if self.points.len() < Self::SHARED_COUNT_MIN {
            return self
                .points
                .iter()
                .zip(&self.scalars)
                .map(|(point, scalar)| *point * scalar)
                .sum();
        }
        Projective::msm_unchecked(&self.points, &self.scalars)
    }
}

/// Splits the input into pieces of `N` bytes, at least one.
fn non_empty_chunks<const N: usize>(input: &[u8]) -> Result<&[[u8; N]], PrecompileError> {
    match input.as_chunks::<N>() {
        (chunks @ [_, ..], []) => Ok(chunks),
        _ => Err(PrecompileError::InputLength { found: input.len() }),
    }
}

/// Splits `N` bytes into `A` and `B` bytes.
fn split<const N: usize, const A: usize, const B: usize>(bytes: &[u8; N]) -> ([u8; A], [u8; B]) {
    const { assert!(A + B == N, "the parts are the whole") };
    let (mut first, mut second) = ([0; A], [0; B]);
    first.copy_from_slice(&bytes[..A]);
    second.copy_from_slice(&bytes[A..]);
    (first, second)
}
