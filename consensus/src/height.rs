use core::fmt;

/// The position of a value in the chain, counted from 1; 0 stands for the genesis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Height(u64);

impl Height {
    /// The genesis: nothing is ever decided at this height.
    pub const GENESIS: Self = Self(0);

    /// Wraps a number.
    #[must_use]
    pub const fn new(height: u64) -> Self {
        Self(height)
    }

    /// Unwraps the number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Returns the height after this one; `None` past the last representable one.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An attempt to decide at one height, counted from 0. The paper's round -1 is `Option::<Round>::None`.
///
/// # Invariants
/// At most [`Round::MAX`]: a message that claims more is refused, so that nobody can make the proposer rotation spin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "u32", into = "u32")
)]
pub struct Round(u32);

impl Round {
    /// The first round of every height.
    pub const ZERO: Self = Self(0);
    /// The last round: 12 days of rounds of one second each.
    pub const MAX: Self = Self((1 << 20) - 1);

    /// Wraps a number; `None` above [`Round::MAX`].
    #[must_use]
    pub const fn new(round: u32) -> Option<Self> {
        if round <= Self::MAX.0 { Some(Self(round)) } else { None }
    }

    /// Unwraps the number.
    #[must_use]
    pub const fn as_u32(self) -> u32 {
        self.0
    }

    /// Returns the round after this one; `None` after the last.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Round> for u32 {
    fn from(round: Round) -> Self {
        round.0
    }
}

/// Why a number is not a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("round {found} is above the last round {limit}")]
pub struct RoundOutOfRange {
    /// The number.
    pub found: u32,
    /// The last round.
    pub limit: Round,
}

impl TryFrom<u32> for Round {
    type Error = RoundOutOfRange;

    fn try_from(round: u32) -> Result<Self, RoundOutOfRange> {
        Self::new(round).ok_or(RoundOutOfRange { found: round, limit: Self::MAX })
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Round {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        u.int_in_range(0..=Self::MAX.0).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_and_heights_end() {
        assert_eq!(Round::new(1 << 20), None);
        assert_eq!(Round::MAX.next(), None);
        assert_eq!(Round::ZERO.next(), Round::new(1));
        assert_eq!(Height::new(u64::MAX).next(), None);
        assert_eq!(Height::GENESIS.next(), Some(Height::new(1)));
        assert_eq!(
            Round::try_from(1 << 20).unwrap_err().to_string(),
            "round 1048576 is above the last round 1048575"
        );
    }
}
