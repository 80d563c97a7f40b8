//! One height at a time: feeds the round machine from the vote tally and the proposals.
//!
//! | paper | holds when | machine input |
//! |---|---|---|
//! | L49 | a kept round has a commit for a value that was proposed there and is valid | `ProposalWithCommit` |
//! | L55 | one third voted in a later round | `SkipRound` |
//! | L22, L28 | proposing; the first proposal of the round has a verdict (and its earlier polka is known) | `Proposal`, `InvalidProposal`, `ProposalWithEarlierPolka` |
//! | L36 | prevoting or later, once per round; a valid proposal of the round has a polka | `ProposalWithPolka` |
//! | L44 | prevoting; nil has a polka | `PolkaNil` |
//! | L34 | prevoting, once per round; two thirds prevoted | `PolkaAny` |
//! | L47 | once per round; two thirds precommitted | `PrecommitAny` |
//!
//! The first row that holds is applied, until none does.
//!
//! # Deviations
//! - A commit certificate decides its value without the proposal, once the application has found the value valid.
//! - Rounds before the window of the tally are forgotten: their polkas and commits count as certificates only.
//! - Of two proposals by one proposer the first to arrive is voted on; a further one is kept when it has a quorum.

use alloc::{sync::Arc, vec::Vec};

use primitive_types::H160;

use crate::{
    certificate::{Proven, VoteGroup},
    evidence::Evidence,
    height::{Height, Round},
    input::{Input, Verdict},
    log_entry::LogEntry,
    message::Message,
    output::{HaltReason, Output},
    proposal::Proposal,
    proposer::ProposerRotation,
    refused::Refused,
    round_record::RoundRecords,
    signing::Verified,
    state_machine::{RoundInput, RoundOutput, RoundState, RoundValue, apply},
    statement::{SignedStatement, Statement},
    timeouts::{Timeout, TimeoutKind, Timeouts},
    validator_bits::ValidatorBits,
    validator_set::{ValidatorIndex, ValidatorSet},
    value::ValueId,
    vote::{Vote, VoteKind},
    vote_tally::{Added, VoteTally},
};

mod recovery;
mod rules;

/// Who a driver is and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DriverConfig {
    /// The address of this validator's key; none for a node that only follows.
    pub address: Option<H160>,
    /// How long to wait; the same for all validators.
    pub timeouts: Timeouts,
}

/// What has been done in the current round and is done once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Once {
    polka: bool,
    prevote_wait: bool,
    precommit_wait: bool,
}

/// A validator at one height: all state, no clock, no key, no disk.
///
/// # Invariants
/// - Never asks to sign two different statements of one kind in one round.
/// - Never puts out `Sign` or `Send` before the `Persist` that makes it safe.
/// - Equal inputs give equal outputs; nothing is hidden: a clone, or a driver resumed from the log, goes on alike.
/// - Memory is bounded by the validators and the rounds of the window, whatever comes in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Driver {
    config: DriverConfig,
    rotation: Arc<ProposerRotation>,
    /// The rotation of the latest round asked about, if that was not round 0.
    turns: Option<(Round, ProposerRotation)>,
    own: Option<ValidatorIndex>,
    state: RoundState,
    tally: VoteTally,
    records: RoundRecords,
    verdicts: Vec<(ValueId, Verdict)>,
    once: Once,
    /// The polka for the valid value.
    polka: Option<VoteGroup>,
    /// A polka from before the window, for a proposal that refers to it.
    earlier_polka: Option<VoteGroup>,
    /// A commit whose value is not known to be valid yet.
    commit: Option<VoteGroup>,
    unsigned: Vec<Statement>,
    /// What this validator said in the current round.
    said: Vec<SignedStatement>,
    decision: Option<RoundValue>,
    halted: Option<HaltReason>,
}

impl Driver {
    /// How many verdicts of the application are remembered at one height.
    const VERDICTS_MAX: usize = 64;
    /// How many proposals of one round are kept without a quorum.
    const PROPOSALS_MAX: usize = 2;

    /// Makes a driver that waits for [`Input::Start`].
    #[must_use]
    pub fn new(config: DriverConfig, rotation: Arc<ProposerRotation>) -> Self {
        Self {
            config,
            rotation,
            turns: None,
            own: None,
            state: RoundState::new(Height::GENESIS),
            tally: VoteTally::new(Height::GENESIS),
            records: RoundRecords::default(),
            verdicts: Vec::new(),
            once: Once::default(),
            polka: None,
            earlier_polka: None,
            commit: None,
            unsigned: Vec::new(),
            said: Vec::new(),
            decision: None,
            halted: None,
        }
    }

    /// Takes one input and appends what is to be done.
    ///
    /// # Errors
    /// When the input is of no use; see [`Refused`]. The state is unchanged then.
    pub fn handle(&mut self, input: Input, out: &mut Vec<Output>) -> Result<(), Refused> {
        if let Some(reason) = self.halted {
            return Err(Refused::Halted(reason));
        }
        match input {
            Input::Start { height, rotation } => return self.start(height, rotation, out),
            Input::Vote(vote) => {
                self.expect_height(vote.message().height)?;
                if !self.add_vote(&vote, out)? {
                    return Ok(());
                }
            }
            Input::Proposal(proposal) => {
                self.expect_height(proposal.message().height)?;
                self.add_proposal(proposal, out)?;
            }
            Input::Quorum(quorum) => {
                self.expect_height(quorum.get().height)?;
                self.add_quorum(quorum, out);
            }
            Input::Round(certificate) => {
                let height =
                    certificate.get().groups.first().map_or(Height::GENESIS, |group| group.height);
                self.expect_height(height)?;
                for group in certificate.into_inner().groups {
                    self.add_certified(&Proven::assume(group), out);
                }
            }
            Input::Built { height, round, value } => {
                self.expect_height(height)?;
                self.built(round, value, out)?;
            }
            Input::Validated { height, value, verdict } => {
                self.expect_height(height)?;
                self.learn(value, verdict);
            }
            Input::Signed(signed) => self.signed(signed, out)?,
            Input::Timeout(timeout) => {
                self.expect_height(timeout.height)?;
                self.elapsed(timeout, out)?;
            }
        }
        self.run(out);
        Ok(())
    }

    /// Returns the variables of the round machine.
    #[must_use]
    pub const fn state(&self) -> &RoundState {
        &self.state
    }

    /// Returns the votes.
    #[must_use]
    pub const fn tally(&self) -> &VoteTally {
        &self.tally
    }

    /// Returns the validators of the height.
    #[must_use]
    pub fn validators(&self) -> &ValidatorSet {
        self.rotation.set()
    }

    /// Returns the decision, once there is one.
    #[must_use]
    pub const fn decision(&self) -> Option<RoundValue> {
        self.decision
    }

    /// Returns why the driver stopped, if it did.
    #[must_use]
    pub const fn halted(&self) -> Option<HaltReason> {
        self.halted
    }

    /// Returns the commit of the decided value, with all precommits that have come since.
    #[must_use]
    pub fn commit(&self) -> Option<VoteGroup> {
        let decision = self.decision?;
        let counted = self.tally.certificate(
            self.rotation.set(),
            VoteKind::Precommit,
            decision.round,
            &decision.value,
        );
        counted.or_else(|| self.commit.clone())
    }

    /// Returns who is missing from the commit of the decided value.
    #[must_use]
    pub fn absent(&self) -> Option<ValidatorBits> {
        Some(ValidatorBits::first(self.validators().count()).difference(&self.commit()?.signers))
    }

    /// Returns whose turn it is in a round.
    pub fn proposer(&mut self, round: Round) -> ValidatorIndex {
        if round == Round::ZERO {
            return self.rotation.proposer_index();
        }
        let (at, mut turns) = self
            .turns
            .take()
            .filter(|(at, _)| *at <= round)
            .unwrap_or_else(|| (Round::ZERO, (*self.rotation).clone()));
        turns.advance(round.as_u32() - at.as_u32());
        let proposer = turns.proposer_index();
        self.turns = Some((round, turns));
        proposer
    }

    fn is_own_turn(&mut self, round: Round) -> bool {
        let proposer = self.proposer(round);
        self.own == Some(proposer)
    }

    fn start(
        &mut self,
        height: Height,
        rotation: Arc<ProposerRotation>,
        out: &mut Vec<Output>,
    ) -> Result<(), Refused> {
        if height <= self.state.height {
            return Err(Refused::Height { expected: self.state.height, found: height });
        }
        self.reset(height, rotation);
        self.persist_start(out);
        self.enter(Round::ZERO, out);
        self.run(out);
        Ok(())
    }

    fn reset(&mut self, height: Height, rotation: Arc<ProposerRotation>) {
        self.own =
            self.config.address.as_ref().and_then(|address| rotation.set().index_of(address));
        self.rotation = rotation;
        self.turns = None;
        self.state = RoundState::new(height);
        self.tally.start(height);
        self.records.clear();
        self.verdicts.clear();
        self.once = Once::default();
        (self.polka, self.earlier_polka, self.commit) = (None, None, None);
        self.unsigned.clear();
        self.said.clear();
        self.decision = None;
    }

    fn persist_start(&self, out: &mut Vec<Output>) {
        if self.own.is_some() {
            let (height, validators) = (self.state.height, self.rotation.set().hash());
            out.push(Output::Persist(LogEntry::Start { height, validators }));
        }
    }

    const fn expect_height(&self, found: Height) -> Result<(), Refused> {
        let expected = self.state.height;
        if found.as_u64() == expected.as_u64() {
            Ok(())
        } else {
            Err(Refused::Height { expected, found })
        }
    }

    /// Adds a vote; true when a rule may hold now.
    fn add_vote(&mut self, vote: &Verified<Vote>, out: &mut Vec<Output>) -> Result<bool, Refused> {
        let Vote { round, validator, height, .. } = *vote.message();
        if self.tally.is_stale(round) {
            return Err(Refused::Round { found: round });
        }
        if self.rotation.set().member(validator).is_none() {
            return Err(Refused::NotValidator { validator });
        }
        let added = self.tally.add(self.rotation.set(), vote);
        if self.own == Some(validator) && added != Added::Known {
            self.halt(HaltReason::KeyUsedElsewhere { height, round }, out);
            return Ok(false);
        }
        match added {
            Added::Counted | Added::Known => Ok(false),
            Added::Crossed => Ok(true),
            Added::Conflict(earlier) => {
                out.push(Output::Evidence(Evidence::duplicate_vote(earlier, *vote.signed())));
                Ok(false)
            }
        }
    }

    fn add_certified(&mut self, group: &Proven<VoteGroup>, out: &mut Vec<Output>) {
        for vote in group.verified_votes() {
            if let Added::Conflict(earlier) = self.tally.add_certified(self.rotation.set(), &vote) {
                out.push(Output::Evidence(Evidence::duplicate_vote(earlier, *vote.signed())));
            }
        }
    }

    fn add_quorum(&mut self, quorum: Proven<VoteGroup>, out: &mut Vec<Output>) {
        self.add_certified(&quorum, out);
        let group = quorum.into_inner();
        match (group.kind, group.value) {
            (VoteKind::Prevote, _) if self.tally.is_stale(group.round) => {
                self.earlier_polka = Some(group);
            }
            (VoteKind::Precommit, Some(_)) if self.commit.is_none() => self.commit = Some(group),
            (VoteKind::Prevote | VoteKind::Precommit, _) => {}
        }
    }

    fn add_proposal(
        &mut self,
        proposal: Verified<Proposal>,
        out: &mut Vec<Output>,
    ) -> Result<(), Refused> {
        let Proposal { round, value, valid_round, proposer, .. } = *proposal.message();
        let ahead = self.state.round.unwrap_or_default().as_u32() + VoteTally::ROUNDS_AHEAD;
        if self.tally.is_stale(round) || round.as_u32() > ahead {
            return Err(Refused::Round { found: round });
        }
        if proposer != self.proposer(round) {
            return Err(Refused::NotProposer { validator: proposer, round });
        }
        if valid_round.is_some_and(|valid| valid >= round) {
            return Err(Refused::ValidRound { found: valid_round, round });
        }
        let has_quorum = [VoteKind::Prevote, VoteKind::Precommit]
            .into_iter()
            .any(|kind| self.tally.has_quorum_for(self.rotation.set(), kind, round, &value));
        let record = self.records.find_or_add(round);
        if record.proposals.iter().any(|known| known.message() == proposal.message()) {
            return Ok(());
        }
        if let Some(first) = record.proposals.first() {
            if record.proposals.len() == 1 {
                out.push(Output::Evidence(Evidence::duplicate_proposal(
                    *first.signed(),
                    *proposal.signed(),
                )));
            }
            if record.proposals.len() >= Self::PROPOSALS_MAX && !has_quorum {
                return Err(Refused::TooManyProposals { round });
            }
        }
        record.proposals.push(proposal);
        if self.own.is_some() && self.own != Some(proposer) {
            out.push(Output::Persist(LogEntry::Proposal(*proposal.signed())));
        }
        if self.verdict(&value).is_none() {
            out.push(Output::Validate(*proposal.signed()));
        }
        Ok(())
    }

    fn built(
        &mut self,
        round: Round,
        value: ValueId,
        out: &mut Vec<Output>,
    ) -> Result<(), Refused> {
        let is_own_turn = self.is_own_turn(round);
        let has_proposed =
            self.said.iter().map(SignedStatement::statement).chain(self.unsigned.iter().copied()).any(|statement| {
                matches!(statement, Statement::Proposal(proposal) if proposal.round == round)
            });
        if self.state.round != Some(round) || !is_own_turn || has_proposed {
            return Err(Refused::NotAsked);
        }
        self.learn(value, Verdict::Valid);
        self.step(RoundInput::Built(value), out);
        Ok(())
    }

    fn learn(&mut self, value: ValueId, verdict: Verdict) {
        if self.verdict(&value).is_none() {
            if self.verdicts.len() == Self::VERDICTS_MAX {
                self.verdicts.remove(0);
            }
            self.verdicts.push((value, verdict));
        }
    }

    fn verdict(&self, value: &ValueId) -> Option<Verdict> {
        self.verdicts.iter().find(|(known, _)| known == value).map(|(_, verdict)| *verdict)
    }

    fn signed(&mut self, signed: SignedStatement, out: &mut Vec<Output>) -> Result<(), Refused> {
        let statement = signed.statement();
        let at =
            self.unsigned.iter().position(|asked| *asked == statement).ok_or(Refused::NotAsked)?;
        self.unsigned.remove(at);
        out.push(Output::Persist(LogEntry::Signed(signed)));
        match signed {
            SignedStatement::Proposal(proposal) => {
                if let (Some(_), Some(polka)) = (proposal.message.valid_round, &self.polka) {
                    out.push(Output::Send(Message::Quorum(polka.clone())));
                }
                out.push(Output::Send(signed.into()));
                self.add_proposal(Verified::assume(proposal), out)?;
            }
            SignedStatement::Vote(vote) => {
                out.push(Output::Send(signed.into()));
                self.tally.add(self.rotation.set(), &Verified::assume(vote));
            }
        }
        if self.state.round == Some(statement.round()) {
            self.said.push(signed);
        }
        Ok(())
    }

    fn elapsed(&mut self, timeout: Timeout, out: &mut Vec<Output>) -> Result<(), Refused> {
        let Timeout { kind, height, round } = timeout;
        if self.state.round != Some(round) || self.decision.is_some() {
            return Err(Refused::Round { found: round });
        }
        match kind {
            TimeoutKind::Propose => self.step(RoundInput::TimeoutPropose(height, round), out),
            TimeoutKind::Prevote => self.step(RoundInput::TimeoutPrevote(height, round), out),
            TimeoutKind::Precommit if round == Round::MAX => {
                self.halt(HaltReason::RoundsExhausted { height }, out);
            }
            TimeoutKind::Precommit => self.step(RoundInput::TimeoutPrecommit(height, round), out),
            TimeoutKind::Rebroadcast => {
                self.say_again(out);
                self.schedule(TimeoutKind::Rebroadcast, round, out);
            }
        }
        Ok(())
    }

    fn halt(&mut self, reason: HaltReason, out: &mut Vec<Output>) {
        self.halted = Some(reason);
        out.push(Output::Halt(reason));
    }

    /// Applies one input to the round machine and does what it says.
    fn step(&mut self, input: RoundInput, out: &mut Vec<Output>) {
        let before = self.state.valid;
        let transition = apply(self.state, input);
        self.state = transition.state;
        if self.state.valid != before
            && let Some(RoundValue { round, value }) = self.state.valid
        {
            self.polka =
                self.tally.certificate(self.rotation.set(), VoteKind::Prevote, round, &value);
        }
        let height = self.state.height;
        match transition.output {
            RoundOutput::Nothing | RoundOutput::Ignored => {}
            RoundOutput::Schedule(kind, round) => self.schedule(kind, round, out),
            RoundOutput::Build(round) => {
                out.push(Output::Build { height, round });
                self.schedule(TimeoutKind::Propose, round, out);
            }
            RoundOutput::Propose { round, value, valid_round } => {
                if let Some(proposer) = self.own {
                    let proposal = Proposal { height, round, value, valid_round, proposer };
                    self.say(Statement::Proposal(proposal), out);
                }
                if valid_round.is_some() {
                    self.schedule(TimeoutKind::Propose, round, out);
                }
            }
            RoundOutput::Vote { kind, round, value } => {
                if let Some(validator) = self.own {
                    self.say(Statement::Vote(Vote { kind, height, round, value, validator }), out);
                }
            }
            RoundOutput::Decide(decision) => self.decide(decision, out),
            RoundOutput::SkipRound(round) => self.enter(round, out),
        }
    }

    /// Starts a round that the state already names, or the first one.
    fn enter(&mut self, round: Round, out: &mut Vec<Output>) {
        self.tally.enter(round);
        let tally = &self.tally;
        self.records.retain(|round| !tally.is_stale(round));
        self.once = Once::default();
        self.said.clear();
        self.schedule(TimeoutKind::Rebroadcast, round, out);
        let is_own_turn = self.is_own_turn(round);
        self.step(
            if is_own_turn {
                RoundInput::NewRoundProposer(round)
            } else {
                RoundInput::NewRound(round)
            },
            out,
        );
    }

    fn schedule(&self, kind: TimeoutKind, round: Round, out: &mut Vec<Output>) {
        let timeout = Timeout { kind, height: self.state.height, round };
        out.push(Output::Schedule(timeout, self.config.timeouts.duration(kind, round)));
    }

    /// Writes down what is to be said and asks for the signature.
    fn say(&mut self, statement: Statement, out: &mut Vec<Output>) {
        let polka = self.polka.clone();
        out.push(Output::Persist(LogEntry::Intent { state: self.state, statement, polka }));
        out.push(Output::Sign(statement));
        self.unsigned.push(statement);
    }

    fn decide(&mut self, decision: RoundValue, out: &mut Vec<Output>) {
        self.decision = Some(decision);
        let is_certified = self.commit.as_ref().is_some_and(|commit| {
            commit.round == decision.round && commit.value == Some(decision.value)
        });
        if !is_certified {
            self.commit = self.tally.certificate(
                self.rotation.set(),
                VoteKind::Precommit,
                decision.round,
                &decision.value,
            );
        }
        if let Some(commit) = &self.commit {
            out.push(Output::Persist(LogEntry::Decided(commit.clone())));
            out.push(Output::Decide(commit.clone()));
        }
    }

    /// Sends again: why we are in this round, the polka that others may need, and our own statements.
    fn say_again(&self, out: &mut Vec<Output>) {
        let Some(round) = self.state.round else { return };
        let before = round.as_u32().checked_sub(1).and_then(Round::new);
        let reason =
            before.and_then(|before| self.tally.round_certificate(self.rotation.set(), before));
        out.extend(reason.map(|certificate| Output::Send(Message::Round(certificate))));
        out.extend(self.polka.clone().map(|polka| Output::Send(Message::Quorum(polka))));
        out.extend(self.said.iter().map(|signed| Output::Send((*signed).into())));
    }
}
