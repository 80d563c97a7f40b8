//! One round of Tendermint (arXiv 1807.04938, algorithm 1) as a pure function: state and input to state and output.
//!
//! | paper | input | output |
//! |---|---|---|
//! | L11-L21 | [`RoundInput::NewRoundProposer`], [`RoundInput::NewRound`] | build, or propose the valid value; wait |
//! | L22 | [`RoundInput::Proposal`] | prevote |
//! | L28 | [`RoundInput::ProposalWithEarlierPolka`] | prevote |
//! | L34 | [`RoundInput::PolkaAny`] | wait |
//! | L36 | [`RoundInput::ProposalWithPolka`] | lock and precommit |
//! | L44 | [`RoundInput::PolkaNil`] | precommit nil |
//! | L47 | [`RoundInput::PrecommitAny`] | wait |
//! | L49 | [`RoundInput::ProposalWithCommit`] | decide |
//! | L55 | [`RoundInput::SkipRound`] | skip |
//! | L57, L61, L65 | the three timeouts | prevote nil, precommit nil, skip |
//!
//! # Deviations
//! - The state knows no votes; whoever calls evaluates the "upon" conditions and their "for the first time".
//! - L54 resets for the next height; here the state stays in [`Step::Commit`] and the caller starts a new one.
//! - L18 asks the application for a value and waits for it no longer than for anybody else's proposal.

use crate::{
    height::{Height, Round},
    timeouts::TimeoutKind,
    value::ValueId,
    vote::VoteKind,
};

/// Where in a round a validator is. Ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Step {
    /// Before the round.
    Unstarted,
    /// Waiting for the proposal.
    Propose,
    /// Has prevoted.
    Prevote,
    /// Has precommitted.
    Precommit,
    /// Has decided.
    Commit,
}

/// A value together with the round in which two thirds prevoted for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RoundValue {
    /// The round.
    pub round: Round,
    /// The value.
    pub value: ValueId,
}

/// The variables of the paper.
///
/// # Invariants
/// `locked.round <= valid.round <= round`, and all three only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RoundState {
    /// `h_p`.
    pub height: Height,
    /// `round_p`; none before the first round.
    pub round: Option<Round>,
    /// `step_p`.
    pub step: Step,
    /// `lockedValue_p` and `lockedRound_p`: what this validator precommitted last.
    pub locked: Option<RoundValue>,
    /// `validValue_p` and `validRound_p`: what it knows two thirds to have prevoted last.
    pub valid: Option<RoundValue>,
}

impl RoundState {
    /// Starts a height.
    #[must_use]
    pub const fn new(height: Height) -> Self {
        Self { height, round: None, step: Step::Unstarted, locked: None, valid: None }
    }
}

/// What has become true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoundInput {
    /// The round starts, somebody else proposes.
    NewRound(Round),
    /// The round starts, this validator proposes.
    NewRoundProposer(Round),
    /// The application has built a value to propose.
    Built(ValueId),
    /// The round's proposal, valid, without an earlier polka.
    Proposal {
        /// The round of the proposal.
        round: Round,
        /// The proposed value.
        value: ValueId,
    },
    /// The round's proposal is invalid.
    InvalidProposal,
    /// The round's proposal, valid, and two thirds prevoted for it in the earlier round that it names.
    ProposalWithEarlierPolka {
        /// The proposed value.
        value: ValueId,
        /// The earlier round.
        valid_round: Round,
    },
    /// Two thirds prevoted in this round, whatever for.
    PolkaAny,
    /// Two thirds prevoted nil in this round.
    PolkaNil,
    /// The round's proposal, valid, and two thirds prevoted for it in this round.
    ProposalWithPolka(ValueId),
    /// Two thirds precommitted in this round, whatever for.
    PrecommitAny,
    /// A proposal, valid, of any round, and two thirds precommitted it in that round.
    ProposalWithCommit(RoundValue),
    /// One third is in this later round.
    SkipRound(Round),
    /// The wait for a proposal is over.
    TimeoutPropose(Height, Round),
    /// The wait for prevotes is over.
    TimeoutPrevote(Height, Round),
    /// The wait for precommits is over.
    TimeoutPrecommit(Height, Round),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoundOutput {
    /// The state may have changed, nothing is to be done.
    Nothing,
    /// The input makes no sense in this state, which is unchanged.
    Ignored,
    /// Wait.
    Schedule(TimeoutKind, Round),
    /// Ask the application for a value, and wait for it no longer than for a proposal.
    Build(Round),
    /// Propose.
    Propose {
        /// In this round.
        round: Round,
        /// This value.
        value: ValueId,
        /// With the round of its polka.
        valid_round: Option<Round>,
    },
    /// Vote.
    Vote {
        /// In this phase.
        kind: VoteKind,
        /// In this round.
        round: Round,
        /// For this value, or nil.
        value: Option<ValueId>,
    },
    /// Decide.
    Decide(RoundValue),
    /// Start this round.
    SkipRound(Round),
}

/// The result of [`apply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transition {
    /// The state after the input.
    pub state: RoundState,
    /// What is to be done.
    pub output: RoundOutput,
}

/// Applies one input: the arms are the paper's "upon" clauses, in its order.
#[must_use]
pub fn apply(state: RoundState, input: RoundInput) -> Transition {
    let is_now =
        |height: Height, round: Round| height == state.height && Some(round) == state.round;
    match (state.step, input) {
        // L11, L15-L19: this validator proposes.
        (Step::Unstarted, RoundInput::NewRoundProposer(round)) => propose_or_build(state, round),
        // L11, L20-L21: somebody else does.
        (Step::Unstarted, RoundInput::NewRound(round)) => {
            let state = RoundState { round: Some(round), step: Step::Propose, ..state };
            Transition { state, output: RoundOutput::Schedule(TimeoutKind::Propose, round) }
        }
        // L18-L19: the value asked for has come, even if late.
        (Step::Propose | Step::Prevote | Step::Precommit, RoundInput::Built(value)) => match state
            .round
        {
            Some(round) => done(state, RoundOutput::Propose { round, value, valid_round: None }),
            None => ignored(state),
        },
        // L22: a valid proposal without a polka. L23 chooses between the value and nil.
        (Step::Propose, RoundInput::Proposal { round, value }) if state.round == Some(round) => {
            let is_free = state.locked.is_none_or(|locked| locked.value == value);
            prevote(state, is_free.then_some(value))
        }
        // L22, L26 and L28, L32: an invalid one.
        (Step::Propose, RoundInput::InvalidProposal) => prevote(state, None),
        // L28: a valid proposal with a polka in an earlier round. L29 chooses between the value and nil.
        (Step::Propose, RoundInput::ProposalWithEarlierPolka { value, valid_round })
            if state.round.is_some_and(|round| valid_round < round) =>
        {
            let is_free = state
                .locked
                .is_none_or(|locked| locked.round <= valid_round || locked.value == value);
            prevote(state, is_free.then_some(value))
        }
        // L34: prevotes without agreement so far.
        (Step::Prevote, RoundInput::PolkaAny) => schedule(state, TimeoutKind::Prevote),
        // L36, L37-L43: a polka for the proposal, first seen while prevoting: lock and precommit.
        (Step::Prevote, RoundInput::ProposalWithPolka(value)) => lock_and_precommit(state, value),
        // L36, L42-L43: the same, first seen later: only remember it.
        (Step::Precommit, RoundInput::ProposalWithPolka(value)) => match state.round {
            Some(round) => done(
                RoundState { valid: Some(RoundValue { round, value }), ..state },
                RoundOutput::Nothing,
            ),
            None => ignored(state),
        },
        // L44: a polka for nil.
        (Step::Prevote, RoundInput::PolkaNil) => precommit(state, None),
        // L47: precommits without agreement so far, in any step.
        (_, RoundInput::PrecommitAny) => schedule(state, TimeoutKind::Precommit),
        // L49: a proposal of any round and two thirds precommitted it.
        (
            Step::Unstarted | Step::Propose | Step::Prevote | Step::Precommit,
            RoundInput::ProposalWithCommit(decision),
        ) => done(RoundState { step: Step::Commit, ..state }, RoundOutput::Decide(decision)),
        // L55: others are in a later round.
        (_, RoundInput::SkipRound(round)) if state.round < Some(round) => skip_to(state, round),
        // L57: no proposal.
        (Step::Propose, RoundInput::TimeoutPropose(height, round)) if is_now(height, round) => {
            prevote(state, None)
        }
        // L61: no agreement on prevotes.
        (Step::Prevote, RoundInput::TimeoutPrevote(height, round)) if is_now(height, round) => {
            precommit(state, None)
        }
        // L65: no agreement on precommits, in any step.
        (_, RoundInput::TimeoutPrecommit(height, round)) if is_now(height, round) => {
            match round.next() {
                Some(next) => skip_to(state, next),
                None => ignored(state),
            }
        }
        _ => ignored(state),
    }
}

const fn done(state: RoundState, output: RoundOutput) -> Transition {
    Transition { state, output }
}

const fn ignored(state: RoundState) -> Transition {
    Transition { state, output: RoundOutput::Ignored }
}

/// L14-L19.
fn propose_or_build(state: RoundState, round: Round) -> Transition {
    let output = match state.valid {
        Some(valid) => {
            RoundOutput::Propose { round, value: valid.value, valid_round: Some(valid.round) }
        }
        None => RoundOutput::Build(round),
    };
    done(RoundState { round: Some(round), step: Step::Propose, ..state }, output)
}

/// L24, L26, L30, L32, L59.
fn prevote(state: RoundState, value: Option<ValueId>) -> Transition {
    vote(RoundState { step: Step::Prevote, ..state }, VoteKind::Prevote, value)
}

/// L45, L63.
fn precommit(state: RoundState, value: Option<ValueId>) -> Transition {
    vote(RoundState { step: Step::Precommit, ..state }, VoteKind::Precommit, value)
}

/// L38-L43.
fn lock_and_precommit(state: RoundState, value: ValueId) -> Transition {
    let polka = state.round.map(|round| RoundValue { round, value });
    precommit(RoundState { locked: polka, valid: polka, ..state }, Some(value))
}

fn vote(state: RoundState, kind: VoteKind, value: Option<ValueId>) -> Transition {
    match state.round {
        Some(round) => done(state, RoundOutput::Vote { kind, round, value }),
        None => ignored(state),
    }
}

fn schedule(state: RoundState, kind: TimeoutKind) -> Transition {
    match state.round {
        Some(round) => done(state, RoundOutput::Schedule(kind, round)),
        None => ignored(state),
    }
}

/// L56, L67: the round is entered by a `NewRound` that follows.
fn skip_to(state: RoundState, round: Round) -> Transition {
    done(
        RoundState { round: Some(round), step: Step::Unstarted, ..state },
        RoundOutput::SkipRound(round),
    )
}
