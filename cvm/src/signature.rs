//! Signs hashes and finds who signed them, over secp256k1.
//!
//! Recovery uses k256, or libsecp256k1 with the feature `secp256k1`; the answers are the same. Signing always uses k256,
//! which works in constant time and wipes its keys.

use core::fmt;

use primitive_types::{H160 as Address, H256, U256};

use crate::keccak::keccak256;

/// The order of the group, `n`; a scalar is below it.
const ORDER: U256 = U256([
    0xbfd2_5e8c_d036_4141,
    0xbaae_dce6_af48_a03b,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
]);

/// Half of the order, rounded down; a larger `s` has a smaller twin.
const HALF_ORDER: U256 = U256([
    0xdfe9_2f46_681b_20a0,
    0x5d57_6e73_57a4_501d,
    0xffff_ffff_ffff_ffff,
    0x7fff_ffff_ffff_ffff,
]);

/// Which `s` a signature may have.
///
/// Every signature has a twin with the same meaning and the other half of `s`. Since EIP-2 a transaction must have the low
/// one, so that nobody else can change its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarRule {
    /// Any scalar: Frontier, and the `ecrecover` precompile.
    Any,
    /// At most half of the order: EIP-2 and everything since.
    LowOnly,
}

/// Why nobody can have made a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The parity is neither 0 nor 1.
    #[error("parity of y is {found}, expected 0 or 1")]
    Parity {
        /// The parity found.
        found: u8,
    },
    /// `r` is zero or not below the group order.
    #[error("r {r:#x} is no scalar above zero")]
    R {
        /// The value found.
        r: U256,
    },
    /// `s` is zero or not below the group order.
    #[error("s {s:#x} is no scalar above zero")]
    S {
        /// The value found.
        s: U256,
    },
    /// `s` is above half of the group order (EIP-2).
    #[error("s {s:#x} is above half of the group order")]
    HighS {
        /// The value found.
        s: U256,
    },
    /// No key belongs to this signature and hash.
    #[error("no public key belongs to the signature")]
    Unrecoverable,
}

/// A recoverable signature as it was decoded; whether anybody can have made it shows when its signer is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Signature {
    /// Whether the y coordinate of the signature's point is odd.
    pub is_y_odd: bool,
    /// The x coordinate of the signature's point, as a scalar.
    pub r: U256,
    /// The signature's proof, as a scalar.
    pub s: U256,
}

impl Signature {
    /// Checks both scalars against their range and the caller's rule.
    ///
    /// # Errors
    /// When one is zero, not below the group order, or `s` is high and the rule refuses it.
    pub fn check_scalars(&self, rule: ScalarRule) -> Result<(), SignatureError> {
        if self.r.is_zero() || self.r >= ORDER {
            return Err(SignatureError::R { r: self.r });
        }
        if self.s.is_zero() || self.s >= ORDER {
            return Err(SignatureError::S { s: self.s });
        }
        match rule {
            ScalarRule::LowOnly if self.s > HALF_ORDER => Err(SignatureError::HighS { s: self.s }),
            ScalarRule::LowOnly | ScalarRule::Any => Ok(()),
        }
    }

    /// Returns the address of who signed `hash`.
    ///
    /// # Errors
    /// As [`Self::check_scalars`], and when no key belongs to the signature.
    pub fn recover(&self, hash: H256, rule: ScalarRule) -> Result<Address, SignatureError> {
        self.check_scalars(rule)?;
        let mut scalars = [0; 64];
        scalars[..32].copy_from_slice(&self.r.to_big_endian());
        scalars[32..].copy_from_slice(&self.s.to_big_endian());
        let key = recover_public_key(hash, &scalars, self.is_y_odd)
            .ok_or(SignatureError::Unrecoverable)?;
        Ok(public_key_address(&key))
    }

    /// Returns the other signature of the same signer over the same hash: `s` negated, the parity flipped.
    #[must_use]
    pub fn twin(&self) -> Self {
        Self { is_y_odd: !self.is_y_odd, r: self.r, s: ORDER.saturating_sub(self.s) }
    }
}

/// Returns the address of an uncompressed public key: the last 20 bytes of the hash of `x` and `y`, 32 bytes each.
#[must_use]
pub fn public_key_address(coordinates: &[u8; 64]) -> Address {
    Address::from_slice(&keccak256(coordinates).as_bytes()[12..])
}

#[cfg(not(feature = "secp256k1"))]
fn recover_public_key(hash: H256, scalars: &[u8; 64], is_y_odd: bool) -> Option<[u8; 64]> {
    use k256::ecdsa::{RecoveryId, VerifyingKey};

    let signature = k256::ecdsa::Signature::from_slice(scalars).ok()?;
    let recovery_id = RecoveryId::new(is_y_odd, false);
    let key = VerifyingKey::recover_from_prehash(hash.as_bytes(), &signature, recovery_id).ok()?;
    Some(coordinates(&key))
}

#[cfg(feature = "secp256k1")]
fn recover_public_key(hash: H256, scalars: &[u8; 64], is_y_odd: bool) -> Option<[u8; 64]> {
    use secp256k1::{
        Message,
        ecdsa::{RecoverableSignature, RecoveryId},
    };

    let recovery_id = if is_y_odd { RecoveryId::One } else { RecoveryId::Zero };
    let signature = RecoverableSignature::from_compact(scalars, recovery_id).ok()?;
    let key = signature.recover(Message::from_digest(hash.0)).ok()?;
    let mut coordinates = [0; 64];
    coordinates.copy_from_slice(&key.serialize_uncompressed()[1..]);
    Some(coordinates)
}

/// Splits off the leading 0x04 of the uncompressed form.
fn coordinates(key: &k256::ecdsa::VerifyingKey) -> [u8; 64] {
    let point = key.to_sec1_point(false);
    let mut coordinates = [0; 64];
    coordinates.copy_from_slice(&point.as_bytes()[1..]);
    coordinates
}

/// The bytes are not a secret key: zero, or not below the group order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret key is a scalar above zero and below the group order")]
pub struct InvalidSecretKey;

/// A key that signs.
///
/// # Invariants
/// Wiped when dropped; never printed, compared or serialised.
#[derive(Clone)]
pub struct SecretKey {
    key: k256::ecdsa::SigningKey,
}

impl SecretKey {
    /// Takes a scalar, big-endian. The caller wipes its own copy.
    ///
    /// # Errors
    /// When it is zero or not below the group order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidSecretKey> {
        match k256::ecdsa::SigningKey::from_slice(bytes) {
            Ok(key) => Ok(Self { key }),
            Err(_) => Err(InvalidSecretKey),
        }
    }

    /// Returns the address of the key's account.
    #[must_use]
    pub fn address(&self) -> Address {
        public_key_address(&coordinates(self.key.verifying_key()))
    }

    /// Signs a hash; the nonce follows from key and hash (RFC 6979), and `s` is low (EIP-2).
    #[must_use]
    pub fn sign(&self, hash: H256) -> Signature {
        let (signature, recovery_id) = self.key.sign_prehash_recoverable(hash.as_bytes());
        let (r, s) = signature.split_bytes();
        Signature {
            is_y_odd: recovery_id.is_y_odd(),
            r: U256::from_big_endian(&r),
            s: U256::from_big_endian(&s),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> SecretKey {
        SecretKey::from_bytes(&U256::from(number).to_big_endian()).unwrap()
    }

    #[test]
    fn half_order_is_half_of_the_order() {
        assert_eq!(HALF_ORDER, ORDER / 2);
    }

    #[test]
    fn key_one_has_the_known_address_and_prints_nothing() {
        let known: Address = "7e5f4552091a69125d5dfcb7b8c2659029395bdf".parse().unwrap();
        assert_eq!(key(1).address(), known);
        assert_eq!(alloc::format!("{:?}", key(1)), "SecretKey(..)");
    }

    #[test]
    fn refuses_secret_keys_out_of_range() {
        for number in [U256::zero(), ORDER, U256::MAX] {
            assert_eq!(
                SecretKey::from_bytes(&number.to_big_endian()).err(),
                Some(InvalidSecretKey)
            );
        }
        assert!(SecretKey::from_bytes(&(ORDER - 1).to_big_endian()).is_ok());
    }

    #[test]
    fn recovers_the_signer_from_both_twins() {
        for number in 1..20 {
            let hash = keccak256(&[7; 9]);
            let signature = key(number).sign(hash);
            let twin = signature.twin();
            assert_eq!(signature.recover(hash, ScalarRule::LowOnly), Ok(key(number).address()));
            assert_eq!(twin.recover(hash, ScalarRule::Any), Ok(key(number).address()));
            assert_eq!(
                twin.recover(hash, ScalarRule::LowOnly),
                Err(SignatureError::HighS { s: twin.s })
            );
            assert_eq!(twin.twin(), signature);
        }
    }

    #[test]
    fn refuses_scalars_out_of_range() {
        let valid = key(3).sign(H256::zero());
        for scalar in [U256::zero(), ORDER, U256::MAX] {
            let wrong_r = Signature { r: scalar, ..valid };
            let wrong_s = Signature { s: scalar, ..valid };
            assert_eq!(
                wrong_r.recover(H256::zero(), ScalarRule::Any),
                Err(SignatureError::R { r: scalar })
            );
            assert_eq!(
                wrong_s.recover(H256::zero(), ScalarRule::Any),
                Err(SignatureError::S { s: scalar })
            );
        }
    }
}
