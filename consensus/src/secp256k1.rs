use core::fmt;

use k256::ecdsa::{RecoveryId, Signature as EcdsaSignature, SigningKey, VerifyingKey};
use primitive_types::H160;

use crate::signing::{Digest, SignError, Signature, Signer, Verifier, keccak256};

/// Recoverable ECDSA over secp256k1, as in Ethereum: the signature yields the public key, whose hash is the address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Secp256k1;

impl Secp256k1 {
    /// Returns who signed; `None` when the signature is malformed, has a high `s`, or belongs to no key.
    #[must_use]
    pub fn recover(digest: &Digest, signature: &Signature) -> Option<H160> {
        let (scalars, recovery) = signature.0.split_at(64);
        let recovery = RecoveryId::from_byte(recovery[0]).filter(|id| !id.is_x_reduced())?;
        let scalars = EcdsaSignature::from_slice(scalars).ok()?;
        if scalars.normalize_s() != scalars {
            return None;
        }
        let key = VerifyingKey::recover_from_prehash(digest, &scalars, recovery).ok()?;
        Some(address_of(&key))
    }
}

impl Verifier for Secp256k1 {
    fn is_valid(&self, signer: &H160, digest: &Digest, signature: &Signature) -> bool {
        Self::recover(digest, signature).as_ref() == Some(signer)
    }
}

/// Returns the address of a public key: the last 20 bytes of the hash of its two coordinates.
fn address_of(key: &VerifyingKey) -> H160 {
    let point = key.to_sec1_point(false);
    H160::from_slice(&keccak256(&point.as_bytes()[1..])[12..])
}

/// A secp256k1 key that signs; nonces are deterministic (RFC 6979).
#[derive(Clone)]
pub struct Secp256k1Key {
    key: SigningKey,
    address: H160,
}

impl Secp256k1Key {
    /// Takes 32 secret bytes; `None` for zero and for what is not below the order of the curve.
    #[must_use]
    pub fn from_bytes(secret: &[u8; 32]) -> Option<Self> {
        let key = SigningKey::from_slice(secret).ok()?;
        let address = address_of(key.verifying_key());
        Some(Self { key, address })
    }
}

impl fmt::Debug for Secp256k1Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secp256k1Key").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Signer for Secp256k1Key {
    fn address(&self) -> H160 {
        self.address
    }

    fn sign(&self, digest: &Digest) -> Result<Signature, SignError> {
        let (scalars, recovery) = self.key.sign_prehash_recoverable(digest);
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&scalars.to_bytes());
        bytes[64] = recovery.to_byte();
        Ok(Signature(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_recovers() {
        let key = Secp256k1Key::from_bytes(&[1; 32]).unwrap();
        let signature = key.sign(&[7; 32]).unwrap();
        assert_eq!(
            signature,
            key.sign(&[7; 32]).unwrap(),
            "the nonce is a function of key and digest"
        );
        assert!(Secp256k1.is_valid(&key.address(), &[7; 32], &signature));
        assert!(!Secp256k1.is_valid(&key.address(), &[8; 32], &signature));
        for position in 0..65 {
            let mut forged = signature;
            forged.0[position] ^= 1;
            assert!(!Secp256k1.is_valid(&key.address(), &[7; 32], &forged), "byte {position}");
        }
    }

    #[test]
    fn refuses_high_s() {
        let key = Secp256k1Key::from_bytes(&[1; 32]).unwrap();
        let low = key.sign(&[7; 32]).unwrap();
        let scalars = EcdsaSignature::from_slice(&low.0[..64]).unwrap();
        let (r, s) = scalars.split_scalars();
        let high = EcdsaSignature::from_scalars(r, -s).unwrap();
        let mut bytes = low.0;
        bytes[..64].copy_from_slice(&high.to_bytes());
        bytes[64] ^= 1;
        assert_eq!(Secp256k1::recover(&[7; 32], &Signature(bytes)), None);
    }

    #[test]
    fn address_is_that_of_the_ethereum_account() {
        let mut secret = [0; 32];
        secret[31] = 1;
        let key = Secp256k1Key::from_bytes(&secret).unwrap();
        assert_eq!(
            alloc::format!("{:?}", key.address()),
            "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
        );
        assert!(Secp256k1Key::from_bytes(&[0; 32]).is_none());
        assert!(Secp256k1Key::from_bytes(&[0xff; 32]).is_none());
    }
}
