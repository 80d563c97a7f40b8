use alloc::vec::Vec;

use crate::{
    certificate::{CertificateError, RoundCertificate, VoteGroup},
    codec::{Decode, DecodeError, Encode, FORMAT_VERSION, Reader},
    height::Height,
    input::Input,
    proposal::Proposal,
    signing::{ChainId, Signed, Verifier, VerifyError},
    validator_set::ValidatorSet,
    vote::Vote,
};

/// What validators send each other. Nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Message {
    /// A vote.
    Vote(Signed<Vote>),
    /// A proposal, without the content of its value.
    Proposal(Signed<Proposal>),
    /// A polka or a commit.
    Quorum(VoteGroup),
    /// The reason for being in a round.
    Round(RoundCertificate),
}

impl Message {
    /// The longest encoding in bytes that can be valid: a round certificate in which every validator votes twice.
    pub const LENGTH_MAX: usize = 2 * 256 * 65 + RoundCertificate::GROUPS_MAX * 128 + 16;

    /// Checks every signature in the message and makes it an input. `set` is the validator set of its height.
    ///
    /// # Errors
    /// See [`MessageError`].
    pub fn verify(
        self,
        chain: &ChainId,
        set: &ValidatorSet,
        verifier: &dyn Verifier,
    ) -> Result<Input, MessageError> {
        Ok(match self {
            Self::Vote(vote) => Input::Vote(vote.verify(chain, set, verifier)?),
            Self::Proposal(proposal) => Input::Proposal(proposal.verify(chain, set, verifier)?),
            Self::Quorum(group) => Input::Quorum(group.verify(chain, set, verifier)?),
            Self::Round(certificate) => Input::Round(certificate.verify(chain, set, verifier)?),
        })
    }

    /// Returns the height, which says whether the message is of use now; none for an empty round certificate.
    #[must_use]
    pub fn height(&self) -> Option<Height> {
        match self {
            Self::Vote(vote) => Some(vote.message.height),
            Self::Proposal(proposal) => Some(proposal.message.height),
            Self::Quorum(group) => Some(group.height),
            Self::Round(certificate) => certificate.groups.first().map(|group| group.height),
        }
    }
}

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A vote or a proposal is not by whom it claims.
    #[error("a message that is not by whom it claims")]
    Signature(#[from] VerifyError),
    /// A certificate proves nothing.
    #[error("a certificate that proves nothing")]
    Certificate(#[from] CertificateError),
}

/// Layout: version u8, tag u8 (1 vote, 2 proposal, 3 quorum, 4 round), then the content.
impl Encode for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(FORMAT_VERSION);
        match self {
            Self::Vote(vote) => {
                out.push(1);
                vote.encode(out);
            }
            Self::Proposal(proposal) => {
                out.push(2);
                proposal.encode(out);
            }
            Self::Quorum(group) => {
                out.push(3);
                group.encode(out);
            }
            Self::Round(certificate) => {
                out.push(4);
                certificate.encode(out);
            }
        }
    }
}

impl Decode for Message {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let found = reader.left();
        if found > Self::LENGTH_MAX {
            return Err(DecodeError::Count { what: "bytes", found, limit: Self::LENGTH_MAX });
        }
        reader.version()?;
        match u8::decode(reader)? {
            1 => Signed::decode(reader).map(Self::Vote),
            2 => Signed::decode(reader).map(Self::Proposal),
            3 => VoteGroup::decode(reader).map(Self::Quorum),
            4 => RoundCertificate::decode(reader).map(Self::Round),
            found => Err(DecodeError::Tag { what: "message", found }),
        }
    }
}
