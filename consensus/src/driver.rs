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
    signing::{Signed, Verified},
    state_machine::{RoundInput, RoundOutput, RoundState, RoundValue, Step, apply},
    statement::{SignedStatement, Statement},
    timeouts::{Timeout, TimeoutKind, Timeouts},
    validator_bits::ValidatorBits,
    validator_set::{ValidatorIndex, ValidatorSet},
    value::ValueId,
    vote::{Vote, VoteKind},
    vote_tally::{Added, VoteTally},
};

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

    /// Takes up a height where the log ends. `entries` are those of the height, oldest first.
    ///
    /// Says again what was said, asks again to sign what was not signed, and starts the timers of the current step.
    ///
    /// # Errors
    /// When an entry is not of this height.
    pub fn resume(
        config: DriverConfig,
        height: Height,
        rotation: Arc<ProposerRotation>,
        entries: impl IntoIterator<Item = LogEntry>,
        out: &mut Vec<Output>,
    ) -> Result<Self, Refused> {
        let mut driver = Self::new(config, Arc::clone(&rotation));
        driver.reset(height, rotation);
        for entry in entries {
            driver.expect_height(entry.height())?;
            driver.recall(entry);
        }
        if driver.decision.is_none() {
            let proposals = driver.records.proposals();
            out.extend(proposals.map(|proposal| Output::Validate(*proposal.signed())));
        }
        match driver.state.round {
            None if driver.decision.is_none() => {
                driver.persist_start(out);
                driver.enter(Round::ZERO, out);
            }
            _ => driver.say_again_after_restart(out),
        }
        driver.run(out);
        Ok(driver)
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

    /// Applies rules until none holds. Each either moves step or round on, or holds once per round.
    fn run(&mut self, out: &mut Vec<Output>) {
        while self.halted.is_none() && self.decision.is_none() && self.state.round.is_some() {
            let Some(input) = self.rule(out) else { break };
            self.step(input, out);
        }
    }

    /// Returns the first rule that holds; the table is in the documentation of this file.
    fn rule(&mut self, out: &mut Vec<Output>) -> Option<RoundInput> {
        let round = self.state.round?;
        if let Some(input) = self.commit_rule(out) {
            return Some(input);
        }
        if self.halted.is_some() {
            return None;
        }
        let set = self.rotation.set();
        if let Some(later) = self.tally.round_to_skip_to(set) {
            return Some(RoundInput::SkipRound(later));
        }
        if self.state.step == Step::Propose
            && let Some(input) = self.proposal_rule(round)
        {
            return Some(input);
        }
        if self.state.step >= Step::Prevote
            && !self.once.polka
            && let Some(Some(value)) = self.tally.quorum(VoteKind::Prevote, round)
        {
            if self.verdict(&value) == Some(Verdict::Valid)
                && self.records.has_proposal(round, &value)
            {
                self.once.polka = true;
                return Some(RoundInput::ProposalWithPolka(value));
            }
            self.fetch(round, value, out);
        }
        let set = self.rotation.set();
        if self.state.step == Step::Prevote {
            if self.tally.quorum(VoteKind::Prevote, round) == Some(None) {
                return Some(RoundInput::PolkaNil);
            }
            if !self.once.prevote_wait && self.tally.has_any_quorum(set, VoteKind::Prevote, round) {
                self.once.prevote_wait = true;
                return Some(RoundInput::PolkaAny);
            }
        }
        if !self.once.precommit_wait && self.tally.has_any_quorum(set, VoteKind::Precommit, round) {
            self.once.precommit_wait = true;
            return Some(RoundInput::PrecommitAny);
        }
        None
    }

    /// L49, and the same for certificates.
    fn commit_rule(&mut self, out: &mut Vec<Output>) -> Option<RoundInput> {
        let certified =
            self.commit.as_ref().and_then(|commit| Some((commit.round, commit.value?, true)));
        let counted = self.tally.commits().map(|(round, value)| (round, value, false));
        let commits: Option<(Round, ValueId, bool)> =
            certified.into_iter().chain(counted).find(|(round, value, certified)| {
                *certified
                    || self.verdict(value).is_some() && self.records.has_proposal(*round, value)
            });
        let Some((round, value, _)) = commits else {
            let missing: Option<(Round, ValueId)> = self.tally.commits().next();
            if let Some((round, value)) = missing {
                self.fetch(round, value, out);
            }
            return None;
        };
        match self.verdict(&value) {
            Some(Verdict::Valid) => {
                Some(RoundInput::ProposalWithCommit(RoundValue { round, value }))
            }
            Some(Verdict::Invalid) => {
                self.halt(HaltReason::CommittedInvalid { height: self.state.height, value }, out);
                None
            }
            None => {
                self.fetch(round, value, out);
                None
            }
        }
    }

    /// L22 and L28.
    fn proposal_rule(&self, round: Round) -> Option<RoundInput> {
        let Proposal { value, valid_round, .. } =
            *self.records.find(round)?.proposals.first()?.message();
        match (self.verdict(&value)?, valid_round) {
            (Verdict::Invalid, _) => Some(RoundInput::InvalidProposal),
            (Verdict::Valid, None) => Some(RoundInput::Proposal { round, value }),
            (Verdict::Valid, Some(valid_round)) => {
                let is_held = |polka: &Option<VoteGroup>| {
                    polka.as_ref().is_some_and(|polka| {
                        polka.round == valid_round && polka.value == Some(value)
                    })
                };
                let has_polka = self.tally.has_quorum_for(
                    self.rotation.set(),
                    VoteKind::Prevote,
                    valid_round,
                    &value,
                ) || is_held(&self.polka)
                    || is_held(&self.earlier_polka);
                has_polka.then_some(RoundInput::ProposalWithEarlierPolka { value, valid_round })
            }
        }
    }

    /// Asks for a proposal, once per round.
    fn fetch(&mut self, round: Round, value: ValueId, out: &mut Vec<Output>) {
        if self.records.has_proposal(round, &value) {
            return;
        }
        let record = self.records.find_or_add(round);
        if !record.is_fetch_sent {
            record.is_fetch_sent = true;
            out.push(Output::Fetch { height: self.state.height, round, value });
        }
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

    /// Takes one entry of the log into the state.
    fn recall(&mut self, entry: LogEntry) {
        match entry {
            LogEntry::Start { .. } => {}
            LogEntry::Proposal(proposal) => self.recall_proposal(proposal),
            LogEntry::Intent { state, statement, polka } => {
                if self.state.round != state.round {
                    self.said.clear();
                    self.unsigned.clear();
                    self.tally.enter(state.round.unwrap_or_default());
                }
                self.state = state;
                self.unsigned.push(statement);
                if let Some(polka) = polka {
                    let polka = Proven::assume(polka);
                    for vote in polka.verified_votes() {
                        self.tally.add_certified(self.rotation.set(), &vote);
                    }
                    self.once.polka = polka.get().round == state.round.unwrap_or_default();
                    self.polka = Some(polka.into_inner());
                }
            }
            LogEntry::Signed(signed) => {
                let statement = signed.statement();
                self.unsigned.retain(|asked| *asked != statement);
                self.said.push(signed);
                match signed {
                    SignedStatement::Proposal(proposal) => self.recall_proposal(proposal),
                    SignedStatement::Vote(vote) => {
                        self.tally.add(self.rotation.set(), &Verified::assume(vote));
                    }
                }
            }
            LogEntry::Decided(commit) => {
                self.decision = commit.value.map(|value| RoundValue { round: commit.round, value });
                self.state.step = Step::Commit;
                self.commit = Some(commit);
            }
        }
    }

    fn recall_proposal(&mut self, proposal: Signed<Proposal>) {
        let record = self.records.find_or_add(proposal.message.round);
        let is_known = record.proposals.iter().any(|known| *known.message() == proposal.message);
        if !is_known && record.proposals.len() < Self::PROPOSALS_MAX {
            record.proposals.push(Verified::assume(proposal));
        }
    }

    fn say_again_after_restart(&mut self, out: &mut Vec<Output>) {
        if self.decision.is_some() {
            out.extend(self.commit.clone().map(Output::Decide));
            return;
        }
        let Some(round) = self.state.round else { return };
        out.extend(self.unsigned.iter().copied().map(Output::Sign));
        self.say_again(out);
        self.schedule(TimeoutKind::Rebroadcast, round, out);
        if self.state.step == Step::Propose {
            self.schedule(TimeoutKind::Propose, round, out);
        }
    }
}
