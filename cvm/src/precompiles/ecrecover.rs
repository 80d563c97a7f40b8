//! The recovery of a signer's address from a secp256k1 signature (YP E.1).

use bytes::Bytes;
use primitive_types::H160;

use super::{PrecompileError, PrecompileOutput, charge, padded_input};
use crate::keccak256;

const PRICE: u64 = 3000;

/// Recovers the signer; the output is empty when there is none.
pub(super) fn run(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    let gas_used = charge(PRICE, gas_limit)?;
    let signer = match padded_input::read::<32>(input, 32) {
        [zeros @ .., recovery] if zeros == [0; 31] && (recovery == 27 || recovery == 28) => {
            recover_address(
                &padded_input::read(input, 0),
                &padded_input::read(input, 64),
                recovery == 28,
            )
        }
        _ => None,
    };
    let output = signer.map_or_else(Bytes::new, |address| {
        let mut word = [0; 32];
        word[12..].copy_from_slice(&address.0);
        Bytes::copy_from_slice(&word)
    });
    Ok(PrecompileOutput::new(gas_used, output))
}

/// Recovers the address whose key signed `message_hash`, if the signature is one.
///
/// `r_s` holds r and s as 32 big-endian bytes each; both must be from 1 to the group order less 1, and s may be in
/// the upper half. `odd_y` tells which of the two points with the abscissa r was meant.
#[must_use]
pub fn recover_address(message_hash: &[u8; 32], r_s: &[u8; 64], odd_y: bool) -> Option<H160> {
    let public_key = recover_public_key(message_hash, r_s, odd_y)?;
    let mut address = [0; 20];
    address.copy_from_slice(&keccak256(&public_key).0[12..]);
    Some(H160(address))
}

/// Returns both coordinates of the key.
#[cfg(not(feature = "secp256k1"))]
fn recover_public_key(message_hash: &[u8; 32], r_s: &[u8; 64], odd_y: bool) -> Option<[u8; 64]> {
    use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

    let signature = Signature::from_slice(r_s).ok()?;
    let key =
        VerifyingKey::recover_from_prehash(message_hash, &signature, RecoveryId::new(odd_y, false))
            .ok()?;
    let point = key.to_sec1_point(false);
    point.as_bytes().get(1..)?.try_into().ok()
}

/// Returns both coordinates of the key.
#[cfg(feature = "secp256k1")]
fn recover_public_key(message_hash: &[u8; 32], r_s: &[u8; 64], odd_y: bool) -> Option<[u8; 64]> {
    use secp256k1::{
        Message,
        ecdsa::{RecoverableSignature, RecoveryId},
    };

    // The library takes zero for r and s when it parses, and refuses it when it recovers.
    let recovery_id = if odd_y { RecoveryId::One } else { RecoveryId::Zero };
    let signature = RecoverableSignature::from_compact(r_s, recovery_id).ok()?;
    let key = signature.recover_ecdsa(Message::from_digest(*message_hash)).ok()?;
    key.serialize_uncompressed()[1..].try_into().ok()
}
