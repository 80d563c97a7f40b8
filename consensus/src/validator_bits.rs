use alloc::vec::Vec;

use crate::{
    codec::{Decode, DecodeError, Encode, Reader},
    validator_set::{ValidatorIndex, ValidatorSet, VotingPower},
};

/// A subset of the members of a validator set, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ValidatorBits([u64; ValidatorSet::MEMBERS_MAX / 64]);

impl ValidatorBits {
    /// Nobody.
    pub const EMPTY: Self = Self([0; ValidatorSet::MEMBERS_MAX / 64]);

    /// Returns the subset of the first `count` members.
    #[must_use]
    pub fn first(count: usize) -> Self {
        (0..count.min(ValidatorSet::MEMBERS_MAX)).map(|i| ValidatorIndex(i as u16)).collect()
    }

    /// Adds a member; false when it was there already or the index is beyond every set.
    pub fn insert(&mut self, index: ValidatorIndex) -> bool {
        let Some(word) = self.0.get_mut(index.as_usize() / 64) else { return false };
        let bit = 1 << (index.0 % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Tells whether a member is in.
    #[must_use]
    pub fn contains(&self, index: ValidatorIndex) -> bool {
        self.0.get(index.as_usize() / 64).is_some_and(|word| word >> (index.0 % 64) & 1 == 1)
    }

    /// Returns how many are in.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Tells whether nobody is in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::EMPTY
    }

    /// Returns those in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = *self;
        both.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
        both
    }

    /// Returns those in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut either = *self;
        either.0.iter_mut().zip(other.0).for_each(|(word, other)| *word |= other);
        either
    }

    /// Returns those in this one but not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut rest = *self;
        rest.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= !other);
        rest
    }

    /// Visits the members from low to high.
    pub fn iter(&self) -> impl Iterator<Item = ValidatorIndex> + '_ {
        self.0.iter().enumerate().flat_map(|(position, word)| {
            let mut left = *word;
            core::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (bit < 64).then(|| ValidatorIndex((position * 64) as u16 + bit as u16))
            })
        })
    }

    /// Sums the power of the members.
    #[must_use]
    pub fn power(&self, set: &ValidatorSet) -> VotingPower {
        self.iter().fold(VotingPower::ZERO, |sum, index| sum.saturating_add(set.power(index)))
    }
}

impl FromIterator<ValidatorIndex> for ValidatorBits {
    fn from_iter<I: IntoIterator<Item = ValidatorIndex>>(members: I) -> Self {
        let mut bits = Self::EMPTY;
        for index in members {
            bits.insert(index);
        }
        bits
    }
}

/// Layout: length in bytes u8, then that many bytes, bit 0 of byte 0 first; the last byte is not zero.
impl Encode for ValidatorBits {
    fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(0);
        out.extend(self.0.iter().flat_map(|word| word.to_le_bytes()));
        while out.len() > start + 1 && out.last() == Some(&0) {
            out.pop();
        }
        out[start] = (out.len() - start - 1) as u8;
    }
}

impl Decode for ValidatorBits {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = usize::from(u8::decode(reader)?);
        if length > ValidatorSet::MEMBERS_MAX / 8 {
            let limit = ValidatorSet::MEMBERS_MAX / 8;
            return Err(DecodeError::Count { what: "bitmap bytes", found: length, limit });
        }
        let bytes = reader.take(length)?;
        if bytes.last() == Some(&0) {
            return Err(DecodeError::Malformed { what: "bitmap" });
        }
        let mut bits = Self::EMPTY;
        for (position, byte) in bytes.iter().enumerate() {
            bits.0[position / 8] |= u64::from(*byte) << (position % 8 * 8);
        }
        Ok(bits)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn holds_every_index_and_no_more() {
        let indices = [0u16, 1, 63, 64, 128, 255].map(ValidatorIndex);
        let mut bits: ValidatorBits = indices.into_iter().collect();
        assert_eq!(bits.iter().collect::<Vec<_>>(), indices);
        assert_eq!(bits.count(), 6);
        assert!(!bits.insert(ValidatorIndex(63)));
        assert!(!bits.insert(ValidatorIndex(256)));
        assert!(!bits.contains(ValidatorIndex(256)));
        assert!(bits.contains(ValidatorIndex(255)));
        assert_eq!(ValidatorBits::from_bytes(&bits.to_bytes()), Ok(bits));
        assert_eq!(bits.difference(&ValidatorBits::first(64)).count(), 3);
        assert_eq!(bits.intersection(&ValidatorBits::first(64)).count(), 3);
    }

    #[test]
    fn encoding_is_short_and_canonical() {
        assert_eq!(ValidatorBits::EMPTY.to_bytes(), [0]);
        assert_eq!(ValidatorBits::first(17).to_bytes(), [3, 0xff, 0xff, 1]);
        assert_eq!(
            ValidatorBits::from_bytes(&[2, 1, 0]),
            Err(DecodeError::Malformed { what: "bitmap" })
        );
        assert!(ValidatorBits::from_bytes(&[vec![33], vec![1; 33]].concat()).is_err());
    }
}
