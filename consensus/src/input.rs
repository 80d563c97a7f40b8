use alloc::sync::Arc;

use crate::{
    certificate::{Proven, RoundCertificate, VoteGroup},
    height::{Height, Round},
    proposal::Proposal,
    proposer::ProposerRotation,
    signing::Verified,
    statement::SignedStatement,
    timeouts::Timeout,
    value::ValueId,
    vote::Vote,
};

/// What the application says about a value, after it has executed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It may be decided.
    Valid,
    /// It must not be.
    Invalid,
}

/// Everything that a [`Driver`](crate::Driver) can be told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Starts a height. The rotation is the one for this height: one turn after that of the height before.
    Start {
        /// The height.
        height: Height,
        /// Its validators.
        rotation: Arc<ProposerRotation>,
    },
    /// A vote has come.
    Vote(Verified<Vote>),
    /// A proposal has come.
    Proposal(Verified<Proposal>),
    /// A polka or a commit has come.
    Quorum(Proven<VoteGroup>),
    /// The reason why a peer is in a later round has come.
    Round(Proven<RoundCertificate>),
    /// The application has built, and executed, the value that it was asked for.
    Built {
        /// For this height.
        height: Height,
        /// For this round.
        round: Round,
        /// The value.
        value: ValueId,
    },
    /// The application has executed a value that it was asked about, or fetched for a commit.
    Validated {
        /// For this height.
        height: Height,
        /// The value.
        value: ValueId,
        /// The result.
        verdict: Verdict,
    },
    /// The signer has signed what it was asked to.
    Signed(SignedStatement),
    /// A timer has elapsed.
    Timeout(Timeout),
}
