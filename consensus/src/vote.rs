use alloc::vec::Vec;

use crate::{
    codec::{Decode, DecodeError, Encode, Reader},
    height::{Height, Round},
    validator_set::ValidatorIndex,
    value::ValueId,
};

/// The two phases of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum VoteKind {
    /// "I would accept this value."
    Prevote,
    /// "I have seen that two thirds would accept it."
    Precommit,
}

/// One validator's vote in one phase of one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Vote {
    /// The phase.
    pub kind: VoteKind,
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// The value, or nil.
    pub value: Option<ValueId>,
    /// Who votes, by position in the validator set of the height.
    pub validator: ValidatorIndex,
}

/// Layout: kind u8 (1 prevote, 2 precommit).
impl Encode for VoteKind {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Prevote => 1,
            Self::Precommit => 2,
        });
    }
}

impl Decode for VoteKind {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(reader)? {
            1 => Ok(Self::Prevote),
            2 => Ok(Self::Precommit),
            found => Err(DecodeError::Tag { what: "vote kind", found }),
        }
    }
}

/// Layout: kind u8, height u64, round u32, value (option of 32 bytes), validator u16.
impl Encode for Vote {
    fn encode(&self, out: &mut Vec<u8>) {
        self.kind.encode(out);
        self.height.encode(out);
        self.round.encode(out);
        self.value.encode(out);
        self.validator.encode(out);
    }
}

impl Decode for Vote {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            kind: VoteKind::decode(reader)?,
            height: Height::decode(reader)?,
            round: Round::decode(reader)?,
            value: Option::decode(reader)?,
            validator: ValidatorIndex::decode(reader)?,
        })
    }
}
