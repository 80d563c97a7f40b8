use alloc::{collections::BTreeSet, vec::Vec};
use core::fmt;

use primitive_types::{H160, H256};

use crate::{
    codec::{Decode, DecodeError, Encode, Reader},
    signing::keccak256,
};

/// The weight of a validator's vote, or a sum of such weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct VotingPower(u64);

impl VotingPower {
    /// No power at all.
    pub const ZERO: Self = Self(0);
    /// The largest total of a set (CometBFT's bound): priorities and thresholds stay far from overflow.
    pub const TOTAL_MAX: Self = Self(i64::MAX as u64 / 8);

    /// Wraps a number.
    #[must_use]
    pub const fn new(power: u64) -> Self {
        Self(power)
    }

    /// Unwraps the number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Adds; saturating, which only values outside of a [`ValidatorSet`] can reach.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for VotingPower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The position of a validator in its [`ValidatorSet`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ValidatorIndex(pub u16);

impl ValidatorIndex {
    /// Returns the position for indexing an array.
    #[must_use]
    pub const fn as_usize(self) -> usize {
        self.0 as usize
    }
}

/// A member of a [`ValidatorSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Validator {
    /// The last 20 bytes of the hash of the public key, as for an Ethereum account.
    pub address: H160,
    /// Its weight.
    pub power: VotingPower,
}

/// Who may vote at a height, and with which weight.
///
/// # Invariants
/// Between 1 and [`ValidatorSet::MEMBERS_MAX`] members, sorted by power from high to low, then by address from low to
/// high; addresses are distinct, powers are not zero, the total is at most [`VotingPower::TOTAL_MAX`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "Vec<Validator>", into = "Vec<Validator>")
)]
pub struct ValidatorSet {
    members: Vec<Validator>,
    total: VotingPower,
    hash: H256,
}

/// Why members do not make a [`ValidatorSet`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorSetError {
    /// There is nobody.
    #[error("a validator set has at least one member")]
    Empty,
    /// There are too many members.
    #[error("a validator set has at most {limit} members, found {found}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Somebody is listed twice.
    #[error("validator {address} is listed twice")]
    Duplicate {
        /// Who.
        address: H160,
    },
    /// A member without weight.
    #[error("validator {address} has no voting power")]
    NoPower {
        /// Who.
        address: H160,
    },
    /// The sum is too large.
    #[error("the total voting power is above {limit}")]
    TotalPower {
        /// The largest sum.
        limit: VotingPower,
    },
    /// A removal of somebody who is not in the set.
    #[error("validator {address} cannot be removed: it is not in the set")]
    NotMember {
        /// Who.
        address: H160,
    },
}

impl ValidatorSet {
    /// The largest set: what a [`ValidatorBits`](crate::ValidatorBits) can hold.
    pub const MEMBERS_MAX: usize = 256;

    /// Sorts and checks the members.
    ///
    /// # Errors
    /// See [`ValidatorSetError`].
    pub fn new(mut members: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        if members.is_empty() {
            return Err(ValidatorSetError::Empty);
        }
        if members.len() > Self::MEMBERS_MAX {
            return Err(ValidatorSetError::TooMany {
                found: members.len(),
                limit: Self::MEMBERS_MAX,
            });
        }
        let mut seen = BTreeSet::new();
        let mut total = 0u64;
        for Validator { address, power } in &members {
            if !seen.insert(*address) {
                return Err(ValidatorSetError::Duplicate { address: *address });
            }
            if *power == VotingPower::ZERO {
                return Err(ValidatorSetError::NoPower { address: *address });
            }
            total = total
                .checked_add(power.0)
                .filter(|sum| *sum <= VotingPower::TOTAL_MAX.0)
                .ok_or(ValidatorSetError::TotalPower { limit: VotingPower::TOTAL_MAX })?;
        }
        members.sort_unstable_by(|a, b| b.power.cmp(&a.power).then(a.address.cmp(&b.address)));
        let mut set = Self { members, total: VotingPower(total), hash: H256::zero() };
        set.hash = H256(keccak256(&set.to_bytes()));
        Ok(set)
    }

    /// Returns the members in order.
    #[must_use]
    pub fn members(&self) -> &[Validator] {
        &self.members
    }

    /// Returns how many members there are; never 0.
    #[must_use]
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// Returns the sum of all powers.
    #[must_use]
    pub fn total_power(&self) -> VotingPower {
        self.total
    }

    /// Returns a member by position.
    #[must_use]
    pub fn member(&self, index: ValidatorIndex) -> Option<&Validator> {
        self.members.get(index.as_usize())
    }

    /// Returns the power at a position; zero when there is nobody.
    #[must_use]
    pub fn power(&self, index: ValidatorIndex) -> VotingPower {
        self.member(index).map_or(VotingPower::ZERO, |member| member.power)
    }

    /// Finds a member by address, in time proportional to the count.
    #[must_use]
    pub fn index_of(&self, address: &H160) -> Option<ValidatorIndex> {
        let position = self.members.iter().position(|member| member.address == *address)?;
        u16::try_from(position).ok().map(ValidatorIndex)
    }

    /// Returns the hash of the canonical encoding, which headers carry for this and for the next height. It is computed
    /// once, when the set is made.
    #[must_use]
    pub const fn hash(&self) -> H256 {
        self.hash
    }
}

impl TryFrom<Vec<Validator>> for ValidatorSet {
    type Error = ValidatorSetError;

    fn try_from(members: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        Self::new(members)
    }
}

impl From<ValidatorSet> for Vec<Validator> {
    fn from(set: ValidatorSet) -> Self {
        set.members
    }
}

/// Layout: count u16, then per member address 20 bytes and power u64; in the order of the set.
impl Encode for ValidatorSet {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.members.len() as u16).encode(out);
        for member in &self.members {
            out.extend_from_slice(member.address.as_bytes());
            member.power.0.encode(out);
        }
    }
}

impl Decode for ValidatorSet {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.count_u16("validators", Self::MEMBERS_MAX)?;
        let mut members = Vec::with_capacity(count);
        for _ in 0..count {
            members.push(Validator {
                address: H160(reader.array()?),
                power: VotingPower(u64::decode(reader)?),
            });
        }
        let set = Self::new(members.clone())
            .ok()
            .ok_or(DecodeError::Malformed { what: "validator set" })?;
        if set.members == members {
            Ok(set)
        } else {
            Err(DecodeError::Malformed { what: "order of validators" })
        }
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for ValidatorSet {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Self::new(Vec::arbitrary(u)?).ok().ok_or(arbitrary::Error::IncorrectFormat)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn validator(address: u8, power: u64) -> Validator {
        Validator { address: H160::repeat_byte(address), power: VotingPower(power) }
    }

    #[test]
    fn sorts_by_power_then_address() {
        let set =
            ValidatorSet::new(vec![validator(3, 5), validator(1, 5), validator(2, 9)]).unwrap();
        assert_eq!(set.members(), [validator(2, 9), validator(1, 5), validator(3, 5)]);
        assert_eq!(set.total_power(), VotingPower(19));
        assert_eq!(set.index_of(&H160::repeat_byte(3)), Some(ValidatorIndex(2)));
        assert_eq!(set.index_of(&H160::repeat_byte(4)), None);
        assert_eq!(set.power(ValidatorIndex(3)), VotingPower::ZERO);
    }

    #[test]
    fn refuses_what_is_no_set() {
        let too_many = (0..257u16).map(|i| {
            let mut address = H160::zero();
            address.0[..2].copy_from_slice(&i.to_be_bytes());
            Validator { address, power: VotingPower(1) }
        });
        let max = VotingPower::TOTAL_MAX.0;
        for (members, expected) in [
            (vec![], ValidatorSetError::Empty),
            (
                vec![validator(1, 1), validator(1, 2)],
                ValidatorSetError::Duplicate { address: H160::repeat_byte(1) },
            ),
            (vec![validator(1, 0)], ValidatorSetError::NoPower { address: H160::repeat_byte(1) }),
            (
                vec![validator(1, max), validator(2, 1)],
                ValidatorSetError::TotalPower { limit: VotingPower::TOTAL_MAX },
            ),
            (
                vec![validator(1, u64::MAX), validator(2, u64::MAX)],
                ValidatorSetError::TotalPower { limit: VotingPower::TOTAL_MAX },
            ),
            (too_many.collect(), ValidatorSetError::TooMany { found: 257, limit: 256 }),
        ] {
            assert_eq!(ValidatorSet::new(members), Err(expected));
        }
        assert!(ValidatorSet::new(vec![validator(1, max)]).is_ok());
    }

    #[test]
    fn encoding_is_canonical() {
        let set = ValidatorSet::new(vec![validator(1, 5), validator(2, 9)]).unwrap();
        let mut bytes = set.to_bytes();
        assert_eq!(ValidatorSet::from_bytes(&bytes), Ok(set));
        bytes[2..58].rotate_left(28);
        assert_eq!(
            ValidatorSet::from_bytes(&bytes),
            Err(DecodeError::Malformed { what: "order of validators" }),
            "another order would be another hash for the same set"
        );
    }
}
