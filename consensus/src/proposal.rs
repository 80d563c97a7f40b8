use alloc::vec::Vec;

use crate::{
    codec::{Decode, DecodeError, Encode, Reader},
    height::{Height, Round},
    validator_set::ValidatorIndex,
    value::ValueId,
};

/// A value put to the vote by the proposer of a round. The content of the value travels apart from it.
///
/// # Invariants
/// `valid_round`, when there is one, is below `round` in every proposal that a decoder or the driver accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Proposal {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: Round,
    /// The value.
    pub value: ValueId,
    /// The earlier round in which two thirds prevoted for this value, if the proposer knows one.
    pub valid_round: Option<Round>,
    /// Who proposes, by position in the validator set of the height.
    pub proposer: ValidatorIndex,
}

/// Layout: height u64, round u32, value 32 bytes, valid round (option of u32), proposer u16.
impl Encode for Proposal {
    fn encode(&self, out: &mut Vec<u8>) {
        self.height.encode(out);
        self.round.encode(out);
        self.value.encode(out);
        self.valid_round.encode(out);
        self.proposer.encode(out);
    }
}

impl Decode for Proposal {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let proposal = Self {
            height: Height::decode(reader)?,
            round: Round::decode(reader)?,
            value: ValueId::decode(reader)?,
            valid_round: Option::decode(reader)?,
            proposer: ValidatorIndex::decode(reader)?,
        };
        if proposal.valid_round.is_some_and(|valid| valid >= proposal.round) {
            return Err(DecodeError::Malformed { what: "valid round" });
        }
        Ok(proposal)
    }
}
