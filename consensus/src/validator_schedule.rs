use alloc::sync::Arc;

use crate::{
    height::Height,
    proposer::ProposerRotation,
    validator_set::{Validator, ValidatorSet, ValidatorSetError},
};

/// Who votes at this height and at the next: changes decided at height `H` take effect at `H + 2`.
///
/// So a header can carry the hashes of both sets, and whoever verifies a header knows the next voters already.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ValidatorSchedule {
    height: Height,
    current: Arc<ProposerRotation>,
    next: Arc<ProposerRotation>,
}

impl ValidatorSchedule {
    /// Starts a chain at its first height.
    #[must_use]
    pub fn new(height: Height, set: ValidatorSet) -> Self {
        let current = ProposerRotation::new(set);
        let mut next = current.clone();
        next.advance(1);
        Self { height, current: Arc::new(current), next: Arc::new(next) }
    }

    /// Returns the height.
    #[must_use]
    pub const fn height(&self) -> Height {
        self.height
    }

    /// Returns the rotation of the height, for [`Input::Start`](crate::Input::Start).
    #[must_use]
    pub const fn current(&self) -> &Arc<ProposerRotation> {
        &self.current
    }

    /// Returns the rotation of the next height.
    #[must_use]
    pub const fn next(&self) -> &Arc<ProposerRotation> {
        &self.next
    }

    /// Goes to the next height, once this one is decided. `changes` are what this height decided: a power of zero
    /// removes, another one changes or adds.
    ///
    /// # Errors
    /// When the changes are not possible; nothing is changed then.
    pub fn advance(&mut self, changes: &[Validator]) -> Result<(), ValidatorSetError> {
        let mut after = (*self.next).clone();
        after.update(changes)?;
        after.advance(1);
        self.current = core::mem::replace(&mut self.next, Arc::new(after));
        self.height = self.height.next().unwrap_or(self.height);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use primitive_types::H160;

    use super::*;
    use crate::VotingPower;

    #[test]
    fn changes_take_effect_two_heights_later() {
        let validator = |at, power| Validator {
            address: H160::repeat_byte(at),
            power: VotingPower::new(power),
        };
        let set = ValidatorSet::new(alloc::vec![validator(1, 10), validator(2, 10)]).unwrap();
        let mut schedule = ValidatorSchedule::new(Height::new(1), set.clone());
        schedule.advance(&[validator(3, 10), validator(1, 0)]).unwrap();
        assert_eq!((schedule.height(), schedule.current().set()), (Height::new(2), &set));
        let announced = schedule.next().set().clone();
        assert_eq!(announced.members(), [validator(2, 10), validator(3, 10)]);
        schedule.advance(&[]).unwrap();
        assert_eq!((schedule.height(), schedule.current().set()), (Height::new(3), &announced));
        let before = schedule.clone();
        assert!(schedule.advance(&[validator(9, 0)]).is_err());
        assert_eq!(schedule, before);
    }
}
