//! Whose turn it is to propose: weighted round robin, bit-exact to CometBFT.
//!
//! Every member has a priority. A turn adds to each its power, picks the highest (the lower address wins a tie) and
//! takes the total power off the one picked. Before that, the priorities are squeezed into a window of twice the total
//! power and centred around zero. Who joins starts at -1.125 times the total, so that leaving and joining again gains
//! nothing.

use alloc::vec::Vec;

use primitive_types::H160;

use crate::{
    codec::{Decode, DecodeError, Encode, Reader},
    validator_set::{Validator, ValidatorIndex, ValidatorSet, ValidatorSetError, VotingPower},
};

/// A validator set together with the state of its proposer rotation.
///
/// # Invariants
/// One priority per member, in the order of the set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProposerRotation {
    set: ValidatorSet,
    priorities: Vec<i64>,
    proposer: H160,
}

impl ProposerRotation {
    /// Starts with a new set: everybody joins, then one turn is taken.
    #[must_use]
    pub fn new(set: ValidatorSet) -> Self {
        let priorities = alloc::vec![joining_priority(set.total_power()); set.count()];
        let mut rotation = Self { proposer: set.members()[0].address, set, priorities };
        rotation.rescale();
        rotation.centre();
        rotation.advance(1);
        rotation
    }

    /// Takes up a rotation where another left off; `None` unless there is one priority per member.
    ///
    /// The proposer is the member with the highest priority.
    #[must_use]
    pub fn with_priorities(set: ValidatorSet, priorities: Vec<i64>) -> Option<Self> {
        if priorities.len() != set.count() {
            return None;
        }
        let mut rotation = Self { proposer: set.members()[0].address, set, priorities };
        rotation.proposer = rotation.set.members()[rotation.highest()].address;
        Some(rotation)
    }

    /// Returns the validators.
    #[must_use]
    pub fn set(&self) -> &ValidatorSet {
        &self.set
    }

    /// Returns the priorities, in the order of the set.
    #[must_use]
    pub fn priorities(&self) -> &[i64] {
        &self.priorities
    }

    /// Returns the address picked by the last turn. After an update this may be somebody who is no longer a member,
    /// until the next turn.
    #[must_use]
    pub fn proposer(&self) -> H160 {
        self.proposer
    }

    /// Returns the position of the proposer.
    #[must_use]
    pub fn proposer_index(&self) -> ValidatorIndex {
        self.set.index_of(&self.proposer).unwrap_or_else(|| ValidatorIndex(self.highest() as u16))
    }

    /// Takes some turns: the next height takes one, round `r` of a height takes `r` more.
    pub fn advance(&mut self, turns: u32) {
        if turns == 0 {
            return;
        }
        self.rescale();
        self.centre();
        let total = self.set.total_power().as_u64() as i64;
        let mut picked = 0;
        for _ in 0..turns {
            for (priority, member) in self.priorities.iter_mut().zip(self.set.members()) {
                *priority = priority.saturating_add(member.power.as_u64() as i64);
            }
            picked = self.highest();
            self.priorities[picked] = self.priorities[picked].saturating_sub(total);
        }
        self.proposer = self.set.members()[picked].address;
    }

    /// Changes the set: a power of zero removes, another one changes or adds. No turn is taken.
    ///
    /// # Errors
    /// When a change names somebody twice, removes somebody who is not a member, or does not leave a
    /// [`ValidatorSet`]. Nothing is changed then.
    pub fn update(&mut self, changes: &[Validator]) -> Result<(), ValidatorSetError> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut changes = changes.to_vec();
        changes.sort_unstable_by_key(|change| change.address);
        if let Some(pair) = changes.windows(2).find(|pair| pair[0].address == pair[1].address) {
            return Err(ValidatorSetError::Duplicate { address: pair[0].address });
        }
        let total_before_removals = self.total_before_removals(&changes)?;
        let joining = joining_priority(VotingPower::new(total_before_removals));

        let changed =
            |address: &H160| changes.binary_search_by_key(address, |change| change.address);
        let mut entries: Vec<(Validator, i64)> =
            Vec::with_capacity(self.set.count() + changes.len());
        for (member, priority) in self.set.members().iter().zip(&self.priorities) {
            if changed(&member.address).is_err() {
                entries.push((*member, *priority));
            }
        }
        for change in changes.iter().filter(|change| change.power != VotingPower::ZERO) {
            let priority = self
                .set
                .index_of(&change.address)
                .map_or(joining, |at| self.priorities[at.as_usize()]);
            entries.push((*change, priority));
        }
        let set = ValidatorSet::new(entries.iter().map(|(member, _)| *member).collect())?;
        entries.sort_unstable_by(|(a, _), (b, _)| {
            b.power.cmp(&a.power).then(a.address.cmp(&b.address))
        });
        self.priorities = entries.into_iter().map(|(_, priority)| priority).collect();
        self.set = set;
        self.rescale();
        self.centre();
        Ok(())
    }

    /// Sums the power with all changes but without the removals, which is what a joining priority is measured by.
    fn total_before_removals(&self, changes: &[Validator]) -> Result<u64, ValidatorSetError> {
        let over = ValidatorSetError::TotalPower { limit: VotingPower::TOTAL_MAX };
        let limit = i128::from(VotingPower::TOTAL_MAX.as_u64());
        let mut removed = 0i128;
        let mut deltas = Vec::with_capacity(changes.len());
        for change in changes {
            let before = self
                .set
                .index_of(&change.address)
                .map(|at| i128::from(self.set.power(at).as_u64()));
            match (change.power, before) {
                (VotingPower::ZERO, None) => {
                    return Err(ValidatorSetError::NotMember { address: change.address });
                }
                (VotingPower::ZERO, Some(power)) => removed += power,
                (power, before) => deltas.push(i128::from(power.as_u64()) - before.unwrap_or(0)),
            }
        }
        let after_removals = i128::from(self.set.total_power().as_u64()) - removed;
        let after = after_removals + deltas.iter().sum::<i128>();
        if after > limit {
            return Err(over);
        }
        u64::try_from(after + removed).ok().ok_or(over)
    }

    /// Divides the priorities so that they span at most twice the total power.
    fn rescale(&mut self) {
        let window = 2 * i128::from(self.set.total_power().as_u64());
        let (low, high) =
            self.priorities.iter().fold((i64::MAX, i64::MIN), |(low, high), priority| {
                (low.min(*priority), high.max(*priority))
            });
        let span = i128::from(high) - i128::from(low);
        if span > window {
            // The ratio is below 2^64 and at least 2, so that the quotient fits again.
            let ratio = (span + window - 1) / window;
            self.priorities
                .iter_mut()
                .for_each(|priority| *priority = (i128::from(*priority) / ratio) as i64);
        }
    }

    /// Shifts the priorities so that their mean, rounded down, is zero.
    fn centre(&mut self) {
        let sum: i128 = self.priorities.iter().map(|priority| i128::from(*priority)).sum();
        let mean = sum.div_euclid(self.priorities.len() as i128) as i64;
        self.priorities.iter_mut().for_each(|priority| *priority = priority.saturating_sub(mean));
    }

    fn highest(&self) -> usize {
        let mut best = 0;
        for at in 1..self.priorities.len() {
            let (priority, highest) = (self.priorities[at], self.priorities[best]);
            let is_tie_won = priority == highest
                && self.set.members()[at].address < self.set.members()[best].address;
            if priority > highest || is_tie_won {
                best = at;
            }
        }
        best
    }
}

/// Returns what a new member starts with: -1.125 times the total power.
fn joining_priority(total: VotingPower) -> i64 {
    let total = total.as_u64().min(i64::MAX as u64 / 2) as i64;
    -(total + (total >> 3))
}

/// Layout: the set, one priority i64 per member, the proposer 20 bytes.
impl Encode for ProposerRotation {
    fn encode(&self, out: &mut Vec<u8>) {
        self.set.encode(out);
        self.priorities.iter().for_each(|priority| priority.encode(out));
        out.extend_from_slice(self.proposer.as_bytes());
    }
}

impl Decode for ProposerRotation {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let set = ValidatorSet::decode(reader)?;
        let mut priorities = Vec::with_capacity(set.count());
        for _ in 0..set.count() {
            priorities.push(i64::decode(reader)?);
        }
        Ok(Self { set, priorities, proposer: H160(reader.array()?) })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn set(powers: &[u64]) -> ValidatorSet {
        let member = |(i, power): (usize, &u64)| Validator {
            address: H160::repeat_byte(i as u8 + 1),
            power: VotingPower::new(*power),
        };
        ValidatorSet::new(powers.iter().enumerate().map(member).collect()).unwrap()
    }

    #[test]
    fn turns_are_proportional_to_power() {
        let mut rotation = ProposerRotation::new(set(&[4, 5, 3]));
        let mut counts = [0; 3];
        for _ in 0..120 {
            counts[rotation.proposer_index().as_usize()] += 1;
            rotation.advance(1);
        }
        assert_eq!(counts, [50, 40, 30]);
    }

    #[test]
    fn survives_extreme_priorities() {
        let max = VotingPower::TOTAL_MAX.as_u64();
        let mut rotation =
            ProposerRotation::with_priorities(set(&[max - 2, 1, 1]), vec![i64::MAX, i64::MIN, 0])
                .unwrap();
        rotation.advance(10);
        assert_eq!(ProposerRotation::from_bytes(&rotation.to_bytes()), Ok(rotation));
        assert_eq!(ProposerRotation::with_priorities(set(&[1]), vec![]), None);
    }

    #[test]
    fn refused_update_changes_nothing() {
        let mut rotation = ProposerRotation::new(set(&[1, 1]));
        let before = rotation.clone();
        let gone = |i| Validator { address: H160::repeat_byte(i), power: VotingPower::ZERO };
        assert_eq!(rotation.update(&[gone(1), gone(2)]), Err(ValidatorSetError::Empty));
        assert_eq!(
            rotation.update(&[gone(3)]),
            Err(ValidatorSetError::NotMember { address: H160::repeat_byte(3) })
        );
        assert_eq!(rotation, before);
    }
}
