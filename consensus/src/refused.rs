use crate::{
    height::{Height, Round},
    output::HaltReason,
    validator_set::ValidatorIndex,
};

/// Why an input was of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The driver has stopped.
    #[error("stopped: {0}")]
    Halted(HaltReason),
    /// It is of another height. One of a later height is worth keeping.
    #[error("height {found}, expected {expected}")]
    Height {
        /// The height of the driver.
        expected: Height,
        /// The height of the input.
        found: Height,
    },
    /// Its round is over, or too far ahead.
    #[error("round {found} is not the current one, or not kept")]
    Round {
        /// The round of the input.
        found: Round,
    },
    /// Its author is not in the set.
    #[error("no validator at position {}", .validator.0)]
    NotValidator {
        /// The position.
        validator: ValidatorIndex,
    },
    /// A proposal by somebody whose turn it is not.
    #[error("validator at position {} is not the proposer of round {round}", .validator.0)]
    NotProposer {
        /// The position.
        validator: ValidatorIndex,
        /// The round.
        round: Round,
    },
    /// A proposal whose valid round is not before its own.
    #[error("a proposal of round {round} refers to a valid round that is not earlier")]
    ValidRound {
        /// The valid round.
        found: Option<Round>,
        /// The round.
        round: Round,
    },
    /// A third proposal for one round.
    #[error("too many proposals for round {round}")]
    TooManyProposals {
        /// The round.
        round: Round,
    },
    /// An answer to a question that was not asked, or no longer matters.
    #[error("not asked for")]
    NotAsked,
}
