//! Proofs made of other validators' votes, in compact form: one bitmap and the signatures, lowest index first.

use alloc::vec::Vec;

use crate::{
    codec::{Decode, DecodeError, Encode, Reader},
    height::{Height, Round},
    signing::{ChainId, Signable as _, Signature, Signed, Verified, Verifier},
    threshold::Threshold,
    validator_bits::ValidatorBits,
    validator_set::{ValidatorIndex, ValidatorSet, VotingPower},
    value::ValueId,
    vote::{Vote, VoteKind},
};

/// Equal votes of several validators.
///
/// More than two thirds of the power in it make it a certificate: prevotes for a value are a *polka*, precommits for a
/// value a *commit*.
///
/// # Invariants
/// As many signatures as signers, when decoded or built by this crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct VoteGroup {
    /// The phase.
    pub kind: VoteKind,
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// The value, or nil.
    pub value: Option<ValueId>,
    /// Who signed.
    pub signers: ValidatorBits,
    /// Their signatures, in the order of the set.
    pub signatures: Vec<Signature>,
}

/// Why a certificate proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Signers and signatures do not match.
    #[error("{signers} signers but {signatures} signatures")]
    SignatureCount {
        /// Bits set.
        signers: usize,
        /// Signatures given.
        signatures: usize,
    },
    /// A signer is not in the validator set.
    #[error("no validator at position {}", .validator.0)]
    UnknownValidator {
        /// The position.
        validator: ValidatorIndex,
    },
    /// The signers have too little power.
    #[error("the signers have power {found} of {total}")]
    NotEnoughPower {
        /// Power of the signers.
        found: VotingPower,
        /// Power of the whole set.
        total: VotingPower,
    },
    /// A signature is wrong.
    #[error("the signature is not by validator {}", .validator.0)]
    BadSignature {
        /// The position.
        validator: ValidatorIndex,
    },
    /// The votes are not of one height and round, or not in canonical order.
    #[error("the votes do not belong together")]
    Incoherent,
}

/// A certificate whose signatures and power have been checked: the only kind that enters the driver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proven<C>(C);

impl<C> Proven<C> {
    /// Takes a certificate on trust: for what this node made of verified votes, for its own log, and for simulations.
    /// Never for bytes from a peer.
    #[must_use]
    pub const fn assume(certificate: C) -> Self {
        Self(certificate)
    }

    /// Returns the certificate.
    #[must_use]
    pub const fn get(&self) -> &C {
        &self.0
    }

    /// Gives the proof up.
    #[must_use]
    pub fn into_inner(self) -> C {
        self.0
    }
}

impl VoteGroup {
    /// Visits the votes one by one.
    pub fn votes(&self) -> impl Iterator<Item = Signed<Vote>> + '_ {
        self.signers.iter().zip(&self.signatures).map(|(validator, signature)| Signed {
            message: Vote {
                kind: self.kind,
                height: self.height,
                round: self.round,
                value: self.value,
                validator,
            },
            signature: *signature,
        })
    }

    /// Checks that more than two thirds of the set have signed, every signature included.
    ///
    /// # Errors
    /// See [`CertificateError`]; what costs nothing is checked first.
    pub fn verify(
        self,
        chain: &ChainId,
        set: &ValidatorSet,
        verifier: &dyn Verifier,
    ) -> Result<Proven<Self>, CertificateError> {
        let found = self.power(set)?;
        if !Threshold::TWO_THIRDS.is_met(found, set.total_power()) {
            return Err(CertificateError::NotEnoughPower { found, total: set.total_power() });
        }
        self.check_signatures(chain, set, verifier)?;
        Ok(Proven(self))
    }

    /// Sums the power of the signers, after checking that they exist and have a signature each.
    fn power(&self, set: &ValidatorSet) -> Result<VotingPower, CertificateError> {
        if self.signers.count() != self.signatures.len() {
            let (signers, signatures) = (self.signers.count(), self.signatures.len());
            return Err(CertificateError::SignatureCount { signers, signatures });
        }
        match self.signers.difference(&ValidatorBits::first(set.count())).iter().next() {
            Some(validator) => Err(CertificateError::UnknownValidator { validator }),
            None => Ok(self.signers.power(set)),
        }
    }

    /// All signers sign the same digest, which is hashed once.
    fn check_signatures(
        &self,
        chain: &ChainId,
        set: &ValidatorSet,
        verifier: &dyn Verifier,
    ) -> Result<(), CertificateError> {
        let Some(digest) = self.votes().next().map(|vote| vote.message.digest(chain)) else {
            return Ok(());
        };
        for (validator, signature) in self.signers.iter().zip(&self.signatures) {
            let is_valid = set
                .member(validator)
                .is_some_and(|member| verifier.is_valid(&member.address, &digest, signature));
            if !is_valid {
                return Err(CertificateError::BadSignature { validator });
            }
        }
        Ok(())
    }
}

impl Proven<VoteGroup> {
    /// Visits the votes, each verified by now.
    pub fn verified_votes(&self) -> impl Iterator<Item = Verified<Vote>> + '_ {
        self.0.votes().map(Verified::assume)
    }
}

/// Votes of one round by more than one third of the power: the reason why this node is in that round, or beyond.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RoundCertificate {
    /// The votes, grouped; every group has the same height and round, no two the same phase and value.
    pub groups: Vec<VoteGroup>,
}

impl RoundCertificate {
    /// The largest number of groups that is decoded.
    pub const GROUPS_MAX: usize = 8;

    /// Checks that more than one third of the set have voted in this round, every signature included.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn verify(
        self,
        chain: &ChainId,
        set: &ValidatorSet,
        verifier: &dyn Verifier,
    ) -> Result<Proven<Self>, CertificateError> {
        let is_coherent = self.groups.windows(2).all(|pair| {
            let key = |group: &VoteGroup| (group.kind, group.value);
            pair[0].height == pair[1].height
                && pair[0].round == pair[1].round
                && key(&pair[0]) < key(&pair[1])
        });
        if !is_coherent {
            return Err(CertificateError::Incoherent);
        }
        for group in &self.groups {
            group.power(set)?;
        }
        let signers: ValidatorBits =
            self.groups.iter().flat_map(|group| group.signers.iter()).collect();
        let (found, total) = (signers.power(set), set.total_power());
        if !Threshold::ONE_THIRD.is_met(found, total) {
            return Err(CertificateError::NotEnoughPower { found, total });
        }
        for group in &self.groups {
            group.check_signatures(chain, set, verifier)?;
        }
        Ok(Proven(self))
    }
}

/// Layout: kind u8, height u64, round u32, value (option), signers (bitmap), then 65 bytes per signer.
impl Encode for VoteGroup {
    fn encode(&self, out: &mut Vec<u8>) {
        self.kind.encode(out);
        self.height.encode(out);
        self.round.encode(out);
        self.value.encode(out);
        self.signers.encode(out);
        self.signatures.iter().for_each(|signature| signature.encode(out));
    }
}

impl Decode for VoteGroup {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut group = Self {
            kind: VoteKind::decode(reader)?,
            height: Height::decode(reader)?,
            round: Round::decode(reader)?,
            value: Option::decode(reader)?,
            signers: ValidatorBits::decode(reader)?,
            signatures: Vec::new(),
        };
        let count = group.signers.count();
        if reader.left() < count * 65 {
            return Err(DecodeError::Truncated { needed: count * 65, left: reader.left() });
        }
        group.signatures.reserve_exact(count);
        for _ in 0..count {
            group.signatures.push(Signature::decode(reader)?);
        }
        Ok(group)
    }
}

/// Layout: count u16, then the groups.
impl Encode for RoundCertificate {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.groups.len() as u16).encode(out);
        self.groups.iter().for_each(|group| group.encode(out));
    }
}

impl Decode for RoundCertificate {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.count_u16("groups of votes", Self::GROUPS_MAX)?;
        let mut groups = Vec::with_capacity(count);
        for _ in 0..count {
            groups.push(VoteGroup::decode(reader)?);
        }
        Ok(Self { groups })
    }
}
