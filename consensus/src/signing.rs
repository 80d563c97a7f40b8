//! Who said it: sign bytes, signatures and the step from [`Signed`] to [`Verified`].
//!
//! Sign bytes: version u8 (1), type u8 (0 proposal, 1 prevote, 2 precommit), chain id (length u8, then bytes),
//! height u64, round u32, value (option of 32 bytes), and for a proposal the valid round (option of u32). The
//! validator is not part of them: it is whoever the signature belongs to. The digest is Keccak-256, the signature
//! recoverable ECDSA over secp256k1 with a low `s`, as for an Ethereum account.

use alloc::{string::String, vec::Vec};
use core::fmt;

use primitive_types::H160;
use sha3::{Digest as _, Keccak256};

use crate::{
    codec::{Decode, DecodeError, Encode, FORMAT_VERSION, Reader},
    height::Height,
    proposal::Proposal,
    validator_set::{ValidatorIndex, ValidatorSet},
    vote::Vote,
};

/// What is signed: the hash of the sign bytes.
pub type Digest = [u8; 32];

/// Hashes with Keccak-256, the hash of Ethereum.
#[must_use]
pub fn keccak256(bytes: &[u8]) -> Digest {
    Keccak256::digest(bytes).into()
}

/// The name of a chain: a signature on one chain means nothing on another.
///
/// # Invariants
/// Between 1 and [`ChainId::LENGTH_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct ChainId(String);

/// Why a text is not a [`ChainId`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chain id has 1 to {limit} bytes, found {found}")]
pub struct ChainIdLength {
    /// How long it is.
    pub found: usize,
    /// How long it may be.
    pub limit: usize,
}

impl ChainId {
    /// The longest name, in bytes.
    pub const LENGTH_MAX: usize = 50;

    /// Checks the length.
    ///
    /// # Errors
    /// When the name is empty or too long.
    pub fn new(name: impl Into<String>) -> Result<Self, ChainIdLength> {
        let name = name.into();
        match name.len() {
            1..=Self::LENGTH_MAX => Ok(Self(name)),
            found => Err(ChainIdLength { found, limit: Self::LENGTH_MAX }),
        }
    }

    /// The chain of the simulator.
    pub(crate) fn simulated() -> Self {
        Self(String::from("simulation"))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ChainId {
    type Error = ChainIdLength;

    fn try_from(name: String) -> Result<Self, ChainIdLength> {
        Self::new(name)
    }
}

impl From<ChainId> for String {
    fn from(chain: ChainId) -> Self {
        chain.0
    }
}

/// A signature: `r` and `s`, 32 bytes each, and the recovery id (0 or 1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Signature(pub [u8; 65]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Encode for Signature {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl Decode for Signature {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array().map(Self)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        let length = bytes.len();
        let signature = bytes.try_into().ok().map(Self);
        signature.ok_or_else(|| serde::de::Error::invalid_length(length, &"65 bytes"))
    }
}

/// Checks signatures. [`Secp256k1`](crate::Secp256k1) is the real one; a simulation brings a fast fake.
pub trait Verifier {
    /// Tells whether the signature over the digest is from the address.
    fn is_valid(&self, signer: &H160, digest: &Digest, signature: &Signature) -> bool;
}

/// Makes signatures for one address.
pub trait Signer {
    /// Returns whose signatures these are.
    fn address(&self) -> H160;

    /// Signs a digest; the same digest always gives the same signature.
    ///
    /// # Errors
    /// When the key cannot be used, for example because it lives in a device that is gone.
    fn sign(&self, digest: &Digest) -> Result<Signature, SignError>;
}

/// Why a signer did not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot be used")]
pub struct SignError;

/// A message that is signed over its own bytes.
pub trait Signable {
    /// Appends the bytes that are signed.
    fn sign_bytes(&self, chain: &ChainId, out: &mut Vec<u8>);

    /// Returns the height, which says which validator set applies.
    fn height(&self) -> Height;

    /// Returns who claims to have signed.
    fn validator(&self) -> ValidatorIndex;

    /// Returns what is signed.
    fn digest(&self, chain: &ChainId) -> Digest {
        let mut bytes = Vec::with_capacity(128);
        self.sign_bytes(chain, &mut bytes);
        keccak256(&bytes)
    }
}

impl Signable for Vote {
    fn sign_bytes(&self, chain: &ChainId, out: &mut Vec<u8>) {
        out.push(FORMAT_VERSION);
        self.kind.encode(out);
        out.push(chain.0.len() as u8);
        out.extend_from_slice(chain.0.as_bytes());
        self.height.encode(out);
        self.round.encode(out);
        self.value.encode(out);
    }

    fn height(&self) -> Height {
        self.height
    }

    fn validator(&self) -> ValidatorIndex {
        self.validator
    }
}

impl Signable for Proposal {
    fn sign_bytes(&self, chain: &ChainId, out: &mut Vec<u8>) {
        out.extend_from_slice(&[FORMAT_VERSION, 0, chain.0.len() as u8]);
        out.extend_from_slice(chain.0.as_bytes());
        self.height.encode(out);
        self.round.encode(out);
        Some(self.value).encode(out);
        self.valid_round.encode(out);
    }

    fn height(&self) -> Height {
        self.height
    }

    fn validator(&self) -> ValidatorIndex {
        self.proposer
    }
}

/// A message with a signature that nobody has checked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Signed<T> {
    /// The message.
    pub message: T,
    /// The signature.
    pub signature: Signature,
}

/// Why a signed message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The signer is not in the validator set.
    #[error("no validator at position {}", .validator.0)]
    UnknownValidator {
        /// The claimed position.
        validator: ValidatorIndex,
    },
    /// The signature is not by that validator over this message.
    #[error("the signature is not by validator {address}")]
    BadSignature {
        /// The validator at the claimed position.
        address: H160,
    },
}

impl<T: Signable> Signed<T> {
    /// Signs a message.
    ///
    /// # Errors
    /// When the signer does not sign.
    pub fn sign(message: T, chain: &ChainId, signer: &dyn Signer) -> Result<Self, SignError> {
        let signature = signer.sign(&message.digest(chain))?;
        Ok(Self { message, signature })
    }

    /// Checks the signature. `set` is the validator set of the message's height.
    ///
    /// # Errors
    /// See [`VerifyError`]; whether the validator exists is checked first, the costly part last.
    pub fn verify(
        self,
        chain: &ChainId,
        set: &ValidatorSet,
        verifier: &dyn Verifier,
    ) -> Result<Verified<T>, VerifyError> {
        let validator = self.message.validator();
        let Some(member) = set.member(validator) else {
            return Err(VerifyError::UnknownValidator { validator });
        };
        if verifier.is_valid(&member.address, &self.message.digest(chain), &self.signature) {
            Ok(Verified(self))
        } else {
            Err(VerifyError::BadSignature { address: member.address })
        }
    }
}

impl<T: Encode> Encode for Signed<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.message.encode(out);
        self.signature.encode(out);
    }
}

impl<T: Decode> Decode for Signed<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { message: T::decode(reader)?, signature: Signature::decode(reader)? })
    }
}

/// A signed message whose signature is right: the only kind that enters the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verified<T>(Signed<T>);

impl<T> Verified<T> {
    /// Takes the signature on trust: for what this node signed itself, for what it verified before it wrote it to its
    /// own log, and for simulations that do without cryptography. Never for bytes from a peer.
    #[must_use]
    pub const fn assume(signed: Signed<T>) -> Self {
        Self(signed)
    }

    /// Returns the message.
    #[must_use]
    pub const fn message(&self) -> &T {
        &self.0.message
    }

    /// Returns the signature.
    #[must_use]
    pub const fn signature(&self) -> &Signature {
        &self.0.signature
    }

    /// Returns both, to be sent on.
    #[must_use]
    pub const fn signed(&self) -> &Signed<T> {
        &self.0
    }

    /// Gives the proof up.
    #[must_use]
    pub fn into_signed(self) -> Signed<T> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Round, ValueId, VoteKind};

    #[test]
    fn sign_bytes_are_pinned() {
        let chain = ChainId::new("miles").unwrap();
        let vote = Vote {
            kind: VoteKind::Precommit,
            height: Height::new(0x0102),
            round: Round::new(3).unwrap(),
            value: None,
            validator: ValidatorIndex(7),
        };
        let mut bytes = Vec::new();
        vote.sign_bytes(&chain, &mut bytes);
        assert_eq!(bytes, b"\x01\x02\x05miles\0\0\0\0\0\0\x01\x02\0\0\0\x03\0");
        let proposal = Proposal {
            height: Height::new(1),
            round: Round::new(3).unwrap(),
            value: ValueId([9; 32]),
            valid_round: Some(Round::new(2).unwrap()),
            proposer: ValidatorIndex(0),
        };
        bytes.clear();
        proposal.sign_bytes(&chain, &mut bytes);
        assert_eq!(bytes[..8], *b"\x01\x00\x05miles");
        assert_eq!(bytes[8..21], [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 1]);
        assert_eq!(bytes[21..53], [9; 32]);
        assert_eq!(bytes[53..], [1, 0, 0, 0, 2]);
    }

    #[test]
    fn chain_ids_are_bounded() {
        assert!(ChainId::new("").is_err());
        assert!(ChainId::new("x".repeat(50)).is_ok());
        assert_eq!(
            ChainId::new("x".repeat(51)).unwrap_err().to_string(),
            "a chain id has 1 to 50 bytes, found 51"
        );
    }
}
