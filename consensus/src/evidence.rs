//! Proof that a validator broke the rules. What it costs the validator is decided elsewhere.

use alloc::vec::Vec;

use crate::{
    certificate::VoteGroup,
    codec::{Decode, DecodeError, Encode, Reader},
    height::Height,
    proposal::Proposal,
    signing::{ChainId, Signed, Verifier},
    validator_bits::ValidatorBits,
    validator_set::ValidatorSet,
    vote::{Vote, VoteKind},
};

/// Two signed statements that no correct validator makes both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Evidence {
    /// Two votes of one validator in the same phase of the same round, for different values.
    DuplicateVote(Signed<Vote>, Signed<Vote>),
    /// Two proposals of one validator for the same round that differ.
    DuplicateProposal(Signed<Proposal>, Signed<Proposal>),
    /// Two commits of different values at one height: the chain has forked, or a light client was to believe so.
    ConflictingCommits(VoteGroup, VoteGroup),
}

/// How two commits of different values came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttackClass {
    /// Both in one round: whoever signed both voted twice.
    Equivocation,
    /// In different rounds: whoever signed both has forgotten a lock, unless it saw a polka in between.
    Amnesia,
}

/// Why evidence proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The two statements do not contradict each other, or stand in the wrong order.
    #[error("the two statements do not contradict each other")]
    NoContradiction,
    /// A signature is wrong.
    #[error("a statement was not signed by the validator it names")]
    Signature(#[source] crate::VerifyError),
    /// A certificate is wrong.
    #[error("a commit does not hold")]
    Certificate(#[source] crate::CertificateError),
}

impl Evidence {
    /// Puts two votes in canonical order.
    #[must_use]
    pub fn duplicate_vote(one: Signed<Vote>, other: Signed<Vote>) -> Self {
        Self::DuplicateVote(one.min(other), one.max(other))
    }

    /// Puts two proposals in canonical order.
    #[must_use]
    pub fn duplicate_proposal(one: Signed<Proposal>, other: Signed<Proposal>) -> Self {
        Self::DuplicateProposal(one.min(other), one.max(other))
    }

    /// Puts two commits in canonical order.
    #[must_use]
    pub fn conflicting_commits(one: VoteGroup, other: VoteGroup) -> Self {
        if one < other {
            Self::ConflictingCommits(one, other)
        } else {
            Self::ConflictingCommits(other, one)
        }
    }

    /// Returns the height at which it happened.
    #[must_use]
    pub fn height(&self) -> Height {
        match self {
            Self::DuplicateVote(vote, _) => vote.message.height,
            Self::DuplicateProposal(proposal, _) => proposal.message.height,
            Self::ConflictingCommits(commit, _) => commit.height,
        }
    }

    /// Tells which attack two commits are; none for the other kinds of evidence.
    #[must_use]
    pub fn class(&self) -> Option<AttackClass> {
        match self {
            Self::DuplicateVote(..) | Self::DuplicateProposal(..) => None,
            Self::ConflictingCommits(one, other) if one.round == other.round => {
                Some(AttackClass::Equivocation)
            }
            Self::ConflictingCommits(..) => Some(AttackClass::Amnesia),
        }
    }

    /// Returns who is named: the double signer, or everybody who signed both commits (for
    /// [`AttackClass::Amnesia`] that is a suspicion). Only after [`verify`](Self::verify) does it mean anything.
    #[must_use]
    pub fn accused(&self) -> ValidatorBits {
        match self {
            Self::DuplicateVote(vote, _) => [vote.message.validator].into_iter().collect(),
            Self::DuplicateProposal(proposal, _) => {
                [proposal.message.proposer].into_iter().collect()
            }
            Self::ConflictingCommits(one, other) => one.signers.intersection(&other.signers),
        }
    }

    /// Checks the contradiction and every signature. `set` is the validator set of the evidence's height.
    ///
    /// # Errors
    /// See [`EvidenceError`].
    pub fn verify(
        &self,
        chain: &ChainId,
        set: &ValidatorSet,
        verifier: &dyn Verifier,
    ) -> Result<(), EvidenceError> {
        if !self.is_contradiction() {
            return Err(EvidenceError::NoContradiction);
        }
        match self {
            Self::DuplicateVote(one, other) => {
                for vote in [one, other] {
                    vote.verify(chain, set, verifier).map_err(EvidenceError::Signature)?;
                }
            }
            Self::DuplicateProposal(one, other) => {
                for proposal in [one, other] {
                    proposal.verify(chain, set, verifier).map_err(EvidenceError::Signature)?;
                }
            }
            Self::ConflictingCommits(one, other) => {
                for commit in [one, other] {
                    commit
                        .clone()
                        .verify(chain, set, verifier)
                        .map_err(EvidenceError::Certificate)?;
                }
            }
        }
        Ok(())
    }

    fn is_contradiction(&self) -> bool {
        match self {
            Self::DuplicateVote(one, other) => {
                let slot = |vote: &Vote| (vote.kind, vote.height, vote.round, vote.validator);
                one < other
                    && slot(&one.message) == slot(&other.message)
                    && one.message.value != other.message.value
            }
            Self::DuplicateProposal(one, other) => {
                let slot =
                    |proposal: &Proposal| (proposal.height, proposal.round, proposal.proposer);
                one < other
                    && slot(&one.message) == slot(&other.message)
                    && one.message != other.message
            }
            Self::ConflictingCommits(one, other) => {
                let is_commit =
                    |group: &VoteGroup| group.kind == VoteKind::Precommit && group.value.is_some();
                one < other
                    && is_commit(one)
                    && is_commit(other)
                    && one.height == other.height
                    && one.value != other.value
            }
        }
    }
}

/// Layout: tag u8 (1 votes, 2 proposals, 3 commits), then the two statements.
impl Encode for Evidence {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::DuplicateVote(one, other) => {
                out.push(1);
                one.encode(out);
                other.encode(out);
            }
            Self::DuplicateProposal(one, other) => {
                out.push(2);
                one.encode(out);
                other.encode(out);
            }
            Self::ConflictingCommits(one, other) => {
                out.push(3);
                one.encode(out);
                other.encode(out);
            }
        }
    }
}

impl Decode for Evidence {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(reader)? {
            1 => Ok(Self::DuplicateVote(Signed::decode(reader)?, Signed::decode(reader)?)),
            2 => Ok(Self::DuplicateProposal(Signed::decode(reader)?, Signed::decode(reader)?)),
            3 => {
                Ok(Self::ConflictingCommits(VoteGroup::decode(reader)?, VoteGroup::decode(reader)?))
            }
            found => Err(DecodeError::Tag { what: "evidence", found }),
        }
    }
}
