//! The proof that a committed polynomial has a value at a point (EIP-4844).
//!
//! A commitment C to the polynomial p, and a proof Q that p(z) = y, satisfy C - y G1 = (tau - z) Q in the exponent. As
//! pairings, with z moved to the first group, where a multiplication is cheaper:
//! e(C - y G1 + z Q, G2) = e(Q, tau G2). Of the trusted setup only tau G2 is needed.

use alloc::vec;

use ark_bls12_381::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr as _, CurveGroup as _};
use ark_ff::{BigInt, Field as _, MontFp, PrimeField as _};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::{
    PrecompileError, PrecompileOutput,
    bls12_381::{field_from_bytes, in_subgroup, is_pairing_one},
    charge,
};
use crate::Word;

const PRICE: u64 = 50_000;

/// Versioned hash, point, value, commitment, proof.
const INPUT_LENGTH: usize = 32 + 32 + 32 + 48 + 48;

/// The first byte of a versioned hash of a commitment.
const COMMITMENT_VERSION: u8 = 1;

/// How many field elements a blob has.
const FIELD_ELEMENTS_PER_BLOB: u64 = 4096;

/// The secret of the trusted setup times the generator of the second group.
const TAU_G2: G2Affine =
    G2Affine::new_unchecked(Fq2::new(TAU_X0, TAU_X1), Fq2::new(TAU_Y0, TAU_Y1));
const TAU_X0: Fq = MontFp!(
    "3749701713850085193403383609513386037494151572263731328608276629425322978272408394373143740944003571525027436289778"
);
const TAU_X1: Fq = MontFp!(
    "3347537128081568434923729147580015899756771550835613107520576615563260658656019591232316627827007503930666726825842"
);
const TAU_Y0: Fq = MontFp!(
    "194392958648403190675529552496435226424111592982833162118538452666741235889530674000225873281133418439621742897817"
);
const TAU_Y1: Fq = MontFp!(
    "3447898402727835650716129438012169492682148398295533958400255525306573911008434577489634554212211450783070687991119"
);

/// Verifies the proof; the output is the number of field elements in a blob and their modulus.
pub(super) fn run(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    let gas_used = charge(PRICE, gas_limit)?;
    let Ok(input) = <&[u8; INPUT_LENGTH]>::try_from(input) else {
        return Err(PrecompileError::InputLength { found: input.len() });
    };
    let (words, points) = input.split_at(96);
    let (words, _) = words.as_chunks::<32>();
    let (points, _) = points.as_chunks::<48>();
    if versioned_hash(&points[0]) != words[0] {
        return Err(PrecompileError::VersionedHash);
    }
    let (z, y) = (read_scalar(&words[1])?, read_scalar(&words[2])?);
    let (commitment, proof) = (read_compressed_g1(&points[0])?, read_compressed_g1(&points[1])?);
    let claim = commitment - G1Affine::generator() * y + proof * z;
    if !is_pairing_one(vec![claim.into_affine(), -proof], vec![G2Affine::generator(), TAU_G2]) {
        return Err(PrecompileError::Proof);
    }

    let mut output = [0; 64];
    output[..32].copy_from_slice(&Word::from(FIELD_ELEMENTS_PER_BLOB).to_be_bytes());
    output[32..].copy_from_slice(&Word::from_limbs(Fr::MODULUS.0).to_be_bytes());
    Ok(PrecompileOutput::new(gas_used, Bytes::copy_from_slice(&output)))
}

fn versioned_hash(commitment: &[u8; 48]) -> [u8; 32] {
    let mut hash: [u8; 32] = Sha256::digest(commitment).into();
    hash[0] = COMMITMENT_VERSION;
    hash
}

/// Reads 32 big-endian bytes below the order of the groups.
fn read_scalar(bytes: &[u8; 32]) -> Result<Fr, PrecompileError> {
    Fr::from_bigint(BigInt(Word::from_be_bytes(*bytes).limbs()))
        .ok_or(PrecompileError::FieldElement)
}

/// Reads an abscissa with three flags at its top: compressed, infinity, and the greater of the two ordinates.
fn read_compressed_g1(bytes: &[u8; 48]) -> Result<G1Affine, PrecompileError> {
    let mut abscissa = *bytes;
    let flags = abscissa[0] >> 5;
    abscissa[0] &= 0x1f;
    let is_greater = match flags {
        0b100 => false,
        0b101 => true,
        0b110 if abscissa == [0; 48] => return Ok(G1Affine::zero()),
        _ => return Err(PrecompileError::FieldElement),
    };
    let x = field_from_bytes(&abscissa)?;
    let y = (x * x * x + Fq::from(4_u8)).sqrt().ok_or(PrecompileError::NotOnCurve)?;
    let y = if (y.into_bigint() > Fq::MODULUS_MINUS_ONE_DIV_TWO) == is_greater { y } else { -y };
    in_subgroup(G1Affine::new_unchecked(x, y))
}
