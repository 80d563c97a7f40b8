use crate::validator_set::VotingPower;

/// A share of the voting power that has to be exceeded.
///
/// # Invariants
/// The share is a proper fraction: `0 < numerator <= denominator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Threshold {
    numerator: u64,
    denominator: u64,
}

impl Threshold {
    /// More than one third: at least one correct validator is among the voters (`f + 1` in the paper).
    pub const ONE_THIRD: Self = Self { numerator: 1, denominator: 3 };
    /// More than two thirds: two such groups share a correct validator (`2f + 1` in the paper).
    pub const TWO_THIRDS: Self = Self { numerator: 2, denominator: 3 };

    /// Makes a threshold; `None` unless `0 < numerator <= denominator`.
    #[must_use]
    pub const fn new(numerator: u64, denominator: u64) -> Option<Self> {
        if numerator == 0 || numerator > denominator {
            None
        } else {
            Some(Self { numerator, denominator })
        }
    }

    /// Tells whether `weight` exceeds this share of `total`, by cross-multiplication in 128 bits.
    #[must_use]
    pub fn is_met(self, weight: VotingPower, total: VotingPower) -> bool {
        u128::from(weight.as_u64()) * u128::from(self.denominator)
            > u128::from(total.as_u64()) * u128::from(self.numerator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_met_exactly_above_the_share() {
        for total in (1..=400u64)
            .chain([VotingPower::TOTAL_MAX.as_u64(), VotingPower::TOTAL_MAX.as_u64() - 1])
        {
            for (threshold, first) in [
                (Threshold::ONE_THIRD, total / 3 + 1),
                (Threshold::TWO_THIRDS, (2 * total) / 3 + 1),
            ] {
                let met =
                    |weight| threshold.is_met(VotingPower::new(weight), VotingPower::new(total));
                assert!(!met(first - 1), "{first} of {total}");
                assert!(met(first), "{first} of {total}");
                assert!(met(total), "all of {total}");
            }
        }
    }

    #[test]
    fn refuses_improper_fractions() {
        assert_eq!(Threshold::new(0, 3), None);
        assert_eq!(Threshold::new(4, 3), None);
        assert_eq!(Threshold::new(0, 0), None);
        assert!(Threshold::new(3, 3).is_some());
    }

    #[test]
    fn quorum_of_the_incident_was_17_of_24() {
        let met =
            |weight| Threshold::TWO_THIRDS.is_met(VotingPower::new(weight), VotingPower::new(240));
        assert!(!met(160));
        assert!(met(170));
    }
}
