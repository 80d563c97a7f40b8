//! The verification of a signature over secp256r1 (EIP-7951).

use bytes::Bytes;
use p256::{
    Sec1Point,
    ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier as _},
};

use super::{PrecompileError, PrecompileOutput, charge};

const PRICE: u64 = 6900;

/// Returns one as a word when the signature is good, else nothing.
pub(super) fn run(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    let gas_used = charge(PRICE, gas_limit)?;
    let mut one = [0; 32];
    one[31] = 1;
    let output = if is_valid(input) { Bytes::copy_from_slice(&one) } else { Bytes::new() };
    Ok(PrecompileOutput::new(gas_used, output))
}

/// Checks the hash, r, s and both coordinates of the key, 32 bytes each.
fn is_valid(input: &[u8]) -> bool {
    let Ok(input) = <&[u8; 160]>::try_from(input) else {
        return false;
    };
    let (words, _) = input.as_chunks::<32>();
    let Ok(signature) = Signature::from_scalars(words[1], words[2]) else {
        return false;
    };
    let point = Sec1Point::from_affine_coordinates(&words[3].into(), &words[4].into(), false);
    VerifyingKey::from_sec1_point(&point)
        .is_ok_and(|key| key.verify_prehash(&words[0], &signature).is_ok())
}
