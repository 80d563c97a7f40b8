use alloc::vec::Vec;

use crate::{
    codec::{Decode, DecodeError, Encode, Reader},
    height::{Height, Round},
    message::Message,
    proposal::Proposal,
    signing::{ChainId, Digest, SignError, Signable as _, Signed, Signer},
    vote::{Vote, VoteKind},
};

/// What this validator wants to say, not signed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Statement {
    /// A proposal.
    Proposal(Proposal),
    /// A vote.
    Vote(Vote),
}

/// What may be said once per round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum StatementKind {
    /// A proposal.
    Proposal,
    /// A prevote.
    Prevote,
    /// A precommit.
    Precommit,
}

impl Statement {
    /// Returns the height.
    #[must_use]
    pub const fn height(&self) -> Height {
        match self {
            Self::Proposal(proposal) => proposal.height,
            Self::Vote(vote) => vote.height,
        }
    }

    /// Returns the round.
    #[must_use]
    pub const fn round(&self) -> Round {
        match self {
            Self::Proposal(proposal) => proposal.round,
            Self::Vote(vote) => vote.round,
        }
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> StatementKind {
        match self {
            Self::Proposal(_) => StatementKind::Proposal,
            Self::Vote(Vote { kind: VoteKind::Prevote, .. }) => StatementKind::Prevote,
            Self::Vote(Vote { kind: VoteKind::Precommit, .. }) => StatementKind::Precommit,
        }
    }

    /// Returns what is signed.
    #[must_use]
    pub fn digest(&self, chain: &ChainId) -> Digest {
        match self {
            Self::Proposal(proposal) => proposal.digest(chain),
            Self::Vote(vote) => vote.digest(chain),
        }
    }

    /// Signs. Whoever calls has asked the vote lock first.
    ///
    /// # Errors
    /// When the signer does not sign.
    pub fn sign(self, chain: &ChainId, signer: &dyn Signer) -> Result<SignedStatement, SignError> {
        Ok(match self {
            Self::Proposal(proposal) => {
                SignedStatement::Proposal(Signed::sign(proposal, chain, signer)?)
            }
            Self::Vote(vote) => SignedStatement::Vote(Signed::sign(vote, chain, signer)?),
        })
    }
}

/// A [`Statement`], signed by this validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum SignedStatement {
    /// A proposal.
    Proposal(Signed<Proposal>),
    /// A vote.
    Vote(Signed<Vote>),
}

impl SignedStatement {
    /// Returns what is said.
    #[must_use]
    pub const fn statement(&self) -> Statement {
        match self {
            Self::Proposal(signed) => Statement::Proposal(signed.message),
            Self::Vote(signed) => Statement::Vote(signed.message),
        }
    }
}

impl From<SignedStatement> for Message {
    fn from(signed: SignedStatement) -> Self {
        match signed {
            SignedStatement::Proposal(proposal) => Self::Proposal(proposal),
            SignedStatement::Vote(vote) => Self::Vote(vote),
        }
    }
}

/// Layout: tag u8 (1 proposal, 2 vote), then the content.
impl Encode for Statement {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Proposal(proposal) => {
                out.push(1);
                proposal.encode(out);
            }
            Self::Vote(vote) => {
                out.push(2);
                vote.encode(out);
            }
        }
    }
}

impl Decode for Statement {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(reader)? {
            1 => Proposal::decode(reader).map(Self::Proposal),
            2 => Vote::decode(reader).map(Self::Vote),
            found => Err(DecodeError::Tag { what: "statement", found }),
        }
    }
}

/// Layout: as for a statement, then the signature.
impl Encode for SignedStatement {
    fn encode(&self, out: &mut Vec<u8>) {
        self.statement().encode(out);
        match self {
            Self::Proposal(signed) => signed.signature.encode(out),
            Self::Vote(signed) => signed.signature.encode(out),
        }
    }
}

impl Decode for SignedStatement {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(reader)? {
            1 => Signed::decode(reader).map(Self::Proposal),
            2 => Signed::decode(reader).map(Self::Vote),
            found => Err(DecodeError::Tag { what: "signed statement", found }),
        }
    }
}
