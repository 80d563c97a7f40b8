use alloc::vec::Vec;

use primitive_types::H256;

use crate::{
    certificate::VoteGroup,
    codec::{Decode, DecodeError, Encode, FORMAT_VERSION, Reader},
    height::Height,
    proposal::Proposal,
    signing::Signed,
    state_machine::{RoundState, RoundValue, Step},
    statement::{SignedStatement, Statement},
    value::ValueId,
};

/// What a validator has to remember across a crash. Everything else comes again from its peers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum LogEntry {
    /// A height starts, with this validator set.
    Start {
        /// The height.
        height: Height,
        /// The hash of the set.
        validators: H256,
    },
    /// A proposal was accepted.
    Proposal(Signed<Proposal>),
    /// This validator is about to sign. The state is the one after the decision to do so.
    Intent {
        /// The state, lock included.
        state: RoundState,
        /// What it is about to say.
        statement: Statement,
        /// The polka for the valid value, when the state has one.
        polka: Option<VoteGroup>,
    },
    /// This validator has signed.
    Signed(SignedStatement),
    /// The height is decided.
    Decided(VoteGroup),
}

impl LogEntry {
    /// Returns the height it belongs to.
    #[must_use]
    pub const fn height(&self) -> Height {
        match self {
            Self::Start { height, .. } => *height,
            Self::Proposal(proposal) => proposal.message.height,
            Self::Intent { state, .. } => state.height,
            Self::Signed(signed) => signed.statement().height(),
            Self::Decided(commit) => commit.height,
        }
    }
}

/// Layout: round u32, value 32 bytes.
impl Encode for RoundValue {
    fn encode(&self, out: &mut Vec<u8>) {
        self.round.encode(out);
        self.value.encode(out);
    }
}

impl Decode for RoundValue {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { round: Decode::decode(reader)?, value: ValueId::decode(reader)? })
    }
}

/// Layout: height u64, round (option of u32), step u8 (0 unstarted ... 4 commit), locked (option), valid (option).
impl Encode for RoundState {
    fn encode(&self, out: &mut Vec<u8>) {
        self.height.encode(out);
        self.round.encode(out);
        out.push(match self.step {
            Step::Unstarted => 0,
            Step::Propose => 1,
            Step::Prevote => 2,
            Step::Precommit => 3,
            Step::Commit => 4,
        });
        self.locked.encode(out);
        self.valid.encode(out);
    }
}

impl Decode for RoundState {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            height: Height::decode(reader)?,
            round: Option::decode(reader)?,
            step: match u8::decode(reader)? {
                0 => Step::Unstarted,
                1 => Step::Propose,
                2 => Step::Prevote,
                3 => Step::Precommit,
                4 => Step::Commit,
                found => return Err(DecodeError::Tag { what: "step", found }),
            },
            locked: Option::decode(reader)?,
            valid: Option::decode(reader)?,
        })
    }
}

/// Layout: version u8, tag u8 (1 start, 2 proposal, 3 intent, 4 signed, 5 decided), then the content.
impl Encode for LogEntry {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(FORMAT_VERSION);
        match self {
            Self::Start { height, validators } => {
                out.push(1);
                height.encode(out);
                out.extend_from_slice(validators.as_bytes());
            }
            Self::Proposal(proposal) => {
                out.push(2);
                proposal.encode(out);
            }
            Self::Intent { state, statement, polka } => {
                out.push(3);
                state.encode(out);
                statement.encode(out);
                polka.encode(out);
            }
            Self::Signed(signed) => {
                out.push(4);
                signed.encode(out);
            }
            Self::Decided(commit) => {
                out.push(5);
                commit.encode(out);
            }
        }
    }
}

impl Decode for LogEntry {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.version()?;
        match u8::decode(reader)? {
            1 => Ok(Self::Start {
                height: Height::decode(reader)?,
                validators: H256(reader.array()?),
            }),
            2 => Signed::decode(reader).map(Self::Proposal),
            3 => Ok(Self::Intent {
                state: RoundState::decode(reader)?,
                statement: Statement::decode(reader)?,
                polka: Option::decode(reader)?,
            }),
            4 => SignedStatement::decode(reader).map(Self::Signed),
            5 => VoteGroup::decode(reader).map(Self::Decided),
            found => Err(DecodeError::Tag { what: "log entry", found }),
        }
    }
}
