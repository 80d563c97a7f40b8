use core::time::Duration;

use crate::{
    certificate::VoteGroup,
    evidence::Evidence,
    height::{Height, Round},
    log_entry::LogEntry,
    message::Message,
    proposal::Proposal,
    signing::Signed,
    statement::Statement,
    timeouts::Timeout,
    value::ValueId,
};

/// Everything that a [`Driver`](crate::Driver) can ask for, to be done in this order: what follows a `Persist` may
/// only be done once the entry is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Append to the log; make it durable before the next `Sign` or `Send`.
    Persist(LogEntry),
    /// Sign, answer with [`Input::Signed`](crate::Input::Signed).
    Sign(Statement),
    /// Send to all validators.
    Send(Message),
    /// Build a value, answer with [`Input::Built`](crate::Input::Built).
    Build {
        /// For this height.
        height: Height,
        /// For this round.
        round: Round,
    },
    /// Execute the proposed value, answer with [`Input::Validated`](crate::Input::Validated).
    Validate(Signed<Proposal>),
    /// Two thirds voted for a value without a known proposal: get both from a peer, answer with
    /// [`Input::Proposal`](crate::Input::Proposal), or with [`Input::Validated`](crate::Input::Validated) for a commit.
    Fetch {
        /// At this height.
        height: Height,
        /// In this round.
        round: Round,
        /// The value.
        value: ValueId,
    },
    /// Start a timer, answer with [`Input::Timeout`](crate::Input::Timeout).
    Schedule(Timeout, Duration),
    /// The value of this commit is decided. The next input may be the start of the next height.
    Decide(VoteGroup),
    /// Somebody broke the rules.
    Evidence(Evidence),
    /// Something happened that must not happen: the driver does nothing more, whatever it is told.
    Halt(HaltReason),
}

/// Why a driver stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum HaltReason {
    /// Two thirds decided a value that this node cannot execute.
    #[error("value {value} was committed at height {height} but is invalid here")]
    CommittedInvalid {
        /// The height.
        height: Height,
        /// The value.
        value: ValueId,
    },
    /// A vote by this node's key that this node does not know: the key is in use elsewhere, or the log was lost.
    #[error("this validator's key voted at height {height}, round {round} without this node")]
    KeyUsedElsewhere {
        /// The height.
        height: Height,
        /// The round.
        round: Round,
    },
    /// The last round of the height has passed.
    #[error("all rounds of height {height} are used up")]
    RoundsExhausted {
        /// The height.
        height: Height,
    },
}
