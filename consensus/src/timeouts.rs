use core::time::Duration;

use crate::height::{Height, Round};

/// What a timer was started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TimeoutKind {
    /// No proposal came (Tendermint L57).
    Propose,
    /// Two thirds prevoted, but not for one value (L61).
    Prevote,
    /// Two thirds precommitted, but not for one value (L65).
    Precommit,
    /// Nothing came of this round so far: say again what was said. Not in the paper, which assumes that messages
    /// arrive in the end.
    Rebroadcast,
}

/// A timer that the shell starts, and reports back when it has elapsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timeout {
    /// What for.
    pub kind: TimeoutKind,
    /// At which height.
    pub height: Height,
    /// In which round.
    pub round: Round,
}

/// How long to wait: a base, plus some more for every round, up to a cap. In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timeouts {
    /// Wait for a proposal in round 0.
    pub propose_ms: u64,
    /// Wait for further prevotes in round 0.
    pub prevote_ms: u64,
    /// Wait for further precommits in round 0.
    pub precommit_ms: u64,
    /// Wait before saying everything again.
    pub rebroadcast_ms: u64,
    /// Longer by this in every further round.
    pub growth_ms: u64,
    /// Never longer than this.
    pub limit_ms: u64,
}

impl Timeouts {
    /// Returns how long to wait.
    #[must_use]
    pub fn duration(&self, kind: TimeoutKind, round: Round) -> Duration {
        let base_ms = match kind {
            TimeoutKind::Propose => self.propose_ms,
            TimeoutKind::Prevote => self.prevote_ms,
            TimeoutKind::Precommit => self.precommit_ms,
            TimeoutKind::Rebroadcast => self.rebroadcast_ms,
        };
        // Saturating: the cap follows.
        let grown_ms =
            base_ms.saturating_add(self.growth_ms.saturating_mul(u64::from(round.as_u32())));
        Duration::from_millis(grown_ms.min(self.limit_ms))
    }
}

impl Default for Timeouts {
    /// Seconds, as for validators on several continents.
    fn default() -> Self {
        Self {
            propose_ms: 3_000,
            prevote_ms: 1_000,
            precommit_ms: 1_000,
            rebroadcast_ms: 5_000,
            growth_ms: 500,
            limit_ms: 60_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_with_the_round_up_to_the_limit() {
        let timeouts = Timeouts::default();
        let wait = |kind, round| timeouts.duration(kind, Round::new(round).unwrap()).as_millis();
        assert_eq!(wait(TimeoutKind::Propose, 0), 3_000);
        assert_eq!(wait(TimeoutKind::Prevote, 3), 2_500);
        assert_eq!(wait(TimeoutKind::Precommit, 1 << 19), 60_000);
        let extreme = Timeouts { growth_ms: u64::MAX, limit_ms: u64::MAX, ..timeouts };
        assert_eq!(
            extreme.duration(TimeoutKind::Rebroadcast, Round::MAX),
            Duration::from_millis(u64::MAX)
        );
    }
}
