//! The run itself: a queue of events in virtual time, and what a shell does around each driver.

use alloc::{
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
    vec::Vec,
};
use core::{cmp::Reverse, mem};

use super::{
    application::Application,
    checker::Checker,
    node::{Node, Stored, TIMEOUTS},
    random::Random,
    schedule::{Behaviour, Fault, Schedule},
    seal::{Seal, members},
    violation::{Rule, Violation},
};
use crate::{
    ChainId, Height, Input, LogEntry, Message, Output, Proposal, ProposerRotation, Proven, Round,
    RoundState, Signed, SignedStatement, Statement, Timeout, ValidatorBits, ValidatorIndex,
    ValidatorSet, ValidatorSetError, ValueId, Verdict, Verified, Vote, VoteGroup,
};

/// What a run has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// What went wrong, if anything did.
    pub violation: Option<Violation>,
    /// How many heights were decided.
    pub decided_heights: u64,
    /// How many messages were delivered.
    pub deliveries: u64,
    /// When it ended, in microseconds of virtual time.
    pub ended_us: u64,
    /// A hash over all events in order: equal for equal runs.
    pub trace: u64,
}

/// Runs a schedule, and checks everything after every event.
///
/// # Errors
/// When the powers of the schedule are not those of a validator set.
pub fn run(
    schedule: &Schedule,
    application: &mut dyn Application,
) -> Result<Report, ValidatorSetError> {
    let mut simulation = Simulation::new(schedule, application)?;
    let violation = simulation.run().err();
    Ok(Report {
        violation,
        decided_heights: simulation.checker.decided_count(),
        deliveries: simulation.deliveries,
        ended_us: simulation.now_us,
        trace: simulation.trace,
    })
}

/// A message on its way, already verified: one check serves all receivers.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) from: u16,
    pub(super) height: Height,
    pub(super) input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Deliver { message: u32 },
    Timer { timer: u32 },
    Answer { answer: u32 },
    Fetch { fetch: u32 },
    Crash { fault: u32 },
    Restart { torn_bytes: u16 },
}

/// Something wanted from a peer.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    height: Height,
    round: Round,
    value: ValueId,
    lives: u32,
}

pub(super) struct Simulation<'a> {
    pub(super) schedule: &'a Schedule,
    pub(super) application: &'a mut dyn Application,
    pub(super) chain: ChainId,
    pub(super) rotations: Vec<Arc<ProposerRotation>>,
    pub(super) nodes: Vec<Node>,
    pub(super) checker: Checker,
    pub(super) random: Random,
    pub(super) messages: Vec<Posted>,
    /// By time, then in the order of arrival.
    queue: BinaryHeap<Reverse<(u64, u32, u16, Event)>>,
    sequence: u32,
    timers: Vec<(Timeout, u32)>,
    answers: Vec<(Input, u32)>,
    wanted: Vec<Wanted>,
    pub(super) pending: VecDeque<Input>,
    outputs: Vec<Output>,
    pub(super) now_us: u64,
    deliveries: u64,
    trace: u64,
}

impl<'a> Simulation<'a> {
    /// A peer that decided this long ago helps who is still at that height.
    const HELP_AFTER_US: u64 = 400_000;
    const FETCH_AGAIN_US: u64 = 300_000;

    fn new(
        schedule: &'a Schedule,
        application: &'a mut dyn Application,
    ) -> Result<Self, ValidatorSetError> {
        let mut rotation = ProposerRotation::new(ValidatorSet::new(members(&schedule.powers))?);
        let mut rotations = Vec::new();
        for _ in 0..schedule.heights.max(1) {
            rotations.push(Arc::new(rotation.clone()));
            rotation.advance(1);
        }
        let byzantine: ValidatorBits =
            schedule.byzantine.iter().map(|(node, _)| ValidatorIndex(*node)).collect();
        let honest = ValidatorBits::first(schedule.powers.len()).difference(&byzantine);
        let guarded = schedule
            .byzantine
            .iter()
            .filter(|(_, behaviour)| *behaviour == Behaviour::Restored)
            .map(|(node, _)| ValidatorIndex(*node))
            .collect();
        let mut simulation = Self {
            schedule,
            application,
            chain: ChainId::simulated(),
            nodes: Vec::new(),
            checker: Checker::new(rotations.clone(), honest, guarded),
            rotations,
            random: Random::new(schedule.seed),
            messages: Vec::new(),
            queue: BinaryHeap::new(),
            sequence: 0,
            timers: Vec::new(),
            answers: Vec::new(),
            wanted: Vec::new(),
            pending: VecDeque::new(),
            outputs: Vec::new(),
            now_us: 0,
            deliveries: 0,
            trace: 0,
        };
        simulation.add_nodes();
        simulation.application.reset(simulation.nodes.len());
        Ok(simulation)
    }

    fn add_nodes(&mut self) {
        let rotation = &self.rotations[0];
        let count = self.schedule.powers.len();
        let behaviour = |validator: u16| {
            let found = self.schedule.byzantine.iter().find(|(node, _)| *node == validator);
            found.map(|(_, behaviour)| *behaviour)
        };
        for validator in 0..count as u16 {
            let mut node = Node::new(ValidatorIndex(validator), behaviour(validator), rotation);
            let skew = self.schedule.skew_permille;
            node.clock = 1_000 - skew.min(500) + self.random.below(2 * skew + 1);
            self.nodes.push(node);
        }
        let twins: Vec<u16> = (0..count as u16)
            .filter(|validator| behaviour(*validator) == Some(Behaviour::Twin))
            .collect();
        for twin in &twins {
            let node = Node::new(ValidatorIndex(*twin), Some(Behaviour::Twin), rotation);
            self.nodes.push(node);
        }
        let nodes = self.nodes.len();
        let is_twin = |at: u16| self.nodes[usize::from(at)].behaviour == Some(Behaviour::Twin);
        let one: ValidatorBits = (0..count as u16)
            .map(ValidatorIndex)
            .filter(|at| is_twin(at.0) || self.schedule.side.contains(*at))
            .collect();
        let other: ValidatorBits =
            (0..nodes as u16).map(ValidatorIndex).filter(|at| !one.contains(*at)).collect();
        for at in 0..nodes {
            self.nodes[at].peers = match (self.nodes[at].behaviour, at < count) {
                (Some(Behaviour::Twin), true) => one,
                (Some(Behaviour::Twin), false) => other,
                _ => ValidatorBits::first(nodes),
            };
        }
    }

    fn run(&mut self) -> Result<(), Violation> {
        for at in 0..self.schedule.faults.len() {
            match &self.schedule.faults[at] {
                Fault::Crash { at_us, node, .. } => {
                    self.push(*at_us, *node, Event::Crash { fault: at as u32 });
                }
                Fault::Down { node } => {
                    if let Some(node) = self.nodes.get_mut(usize::from(*node)) {
                        node.is_up = false;
                    }
                }
                Fault::Cut { .. } => {}
            }
        }
        for at in 0..self.nodes.len() {
            if self.nodes[at].is_up {
                self.start_height(at);
                self.work(at)?;
            }
        }
        let deadline_us = self.deadline_us();
        while let Some(Reverse((at_us, sequence, node, event))) = self.queue.pop() {
            if at_us > deadline_us {
                return self.check_progress(deadline_us);
            }
            self.now_us = at_us;
            self.trace = (self.trace ^ at_us ^ u64::from(sequence) << 40 ^ u64::from(node) << 24)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(23);
            self.dispatch(usize::from(node), event)?;
            if self.is_over() {
                return Ok(());
            }
        }
        self.check_progress(deadline_us)
    }

    /// Every faulty proposer may cost a round of the longest waits, after everybody has caught up.
    fn deadline_us(&self) -> u64 {
        let rounds = if self.schedule.is_within_bounds() {
            self.schedule.byzantine.len() as u64 + 6 * self.schedule.heights + 10
        } else {
            2
        };
        let calm_from_us = self.schedule.faults.iter().map(|fault| match fault {
            Fault::Crash { at_us, down_us, .. } => at_us + down_us,
            Fault::Cut { .. } | Fault::Down { .. } => 0,
        });
        let calm_from_us = calm_from_us.max().unwrap_or(0).max(self.schedule.heal_us);
        calm_from_us + rounds * 4 * TIMEOUTS.limit_ms * 1_000
    }

    fn is_behind(&self, node: &Node) -> bool {
        node.is_honest()
            && (node.chain.len() as u64) < self.schedule.heights
            && !self.schedule.faults.contains(&Fault::Down { node: node.validator.0 })
    }

    fn is_over(&self) -> bool {
        !self.nodes.iter().any(|node| self.is_behind(node))
    }

    fn check_progress(&self, deadline_us: u64) -> Result<(), Violation> {
        match self.nodes.iter().find(|node| self.is_behind(node)) {
            Some(node) if self.schedule.is_within_bounds() => Err(Violation::NoProgress {
                validator: node.validator,
                decided: node.chain.len() as u64,
                waited_us: deadline_us - self.schedule.heal_us,
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn push(&mut self, at_us: u64, node: u16, event: Event) {
        self.sequence += 1;
        self.queue.push(Reverse((at_us, self.sequence, node, event)));
    }

    fn dispatch(&mut self, at: usize, event: Event) -> Result<(), Violation> {
        match event {
            Event::Deliver { message } => self.deliver(at, message),
            Event::Timer { timer } => {
                let (timeout, lives) = self.timers[timer as usize];
                if !self.is_alive(at, lives) || timeout.height != self.nodes[at].next_height() {
                    return Ok(());
                }
                let is_forgetful = matches!(
                    self.nodes[at].behaviour,
                    Some(Behaviour::Amnesiac | Behaviour::Restored)
                );
                if is_forgetful && self.random.is_in(300) {
                    return self.forget(at);
                }
                self.feed(at, Input::Timeout(timeout))
            }
            Event::Answer { answer } => {
                let (input, lives) = self.answers[answer as usize].clone();
                if self.is_alive(at, lives) { self.feed(at, input) } else { Ok(()) }
            }
            Event::Fetch { fetch } => self.fetch(at, fetch),
            Event::Crash { fault } => self.begin_to_die(at, fault as usize),
            Event::Restart { torn_bytes } => self.restart(at, torn_bytes),
        }
    }

    fn is_alive(&self, at: usize, lives: u32) -> bool {
        self.nodes[at].is_up && self.nodes[at].lives == lives
    }

    fn deliver(&mut self, at: usize, message: u32) -> Result<(), Violation> {
        self.deliveries += 1;
        let posted = &self.messages[message as usize];
        let node = &mut self.nodes[at];
        if !node.is_up {
            return Ok(());
        }
        let next = node.next_height();
        if posted.height < next {
            return self.help(at, message);
        }
        if posted.height > next || posted.height.as_u64() > self.schedule.heights {
            if Some(posted.height) == next.next()
                && node.early.len() < 4 * self.schedule.powers.len()
            {
                node.early.push(message);
            }
            return Ok(());
        }
        let input = posted.input.clone();
        self.feed(at, input)
    }

    /// Sends the commit to somebody who is still at a decided height.
    fn help(&mut self, at: usize, message: u32) -> Result<(), Violation> {
        let posted = &self.messages[message as usize];
        let (to, height) = (posted.from, posted.height);
        let is_late = matches!(posted.input, Input::Vote(_) | Input::Round(_) | Input::Proposal(_));
        let Some(stored) = (height.as_u64() as usize)
            .checked_sub(1)
            .and_then(|at_height| self.nodes[at].chain.get_mut(at_height))
        else {
            return Ok(());
        };
        if !is_late || self.now_us < stored.at_us + Self::HELP_AFTER_US {
            return Ok(());
        }
        let help = match stored.help {
            Some(help) => help,
            None => {
                let help = self.messages.len() as u32;
                stored.help = Some(help);
                let input = Input::Quorum(Proven::assume(stored.commit.clone()));
                self.messages.push(Posted { from: at as u16, height, input });
                help
            }
        };
        if self.nodes[at].behaviour == Some(Behaviour::Forger) {
            return self.lie(at, usize::from(to), height);
        }
        self.route(at, usize::from(to), help);
        Ok(())
    }

    /// Gives a node an input, and whatever follows from it at once.
    pub(super) fn feed(&mut self, at: usize, input: Input) -> Result<(), Violation> {
        self.pending.push_back(input);
        self.work(at)
    }

    pub(super) fn work(&mut self, at: usize) -> Result<(), Violation> {
        while let Some(input) = self.pending.pop_front() {
            let node = &mut self.nodes[at];
            let before: RoundState = *node.driver.state();
            if let Input::Built { value, .. }
            | Input::Validated { value, verdict: Verdict::Valid, .. } = &input
            {
                node.executed.push(*value);
            }
            let mut outputs = mem::take(&mut self.outputs);
            let outcome = node.driver.handle(input, &mut outputs);
            if node.is_honest() {
                if outcome.is_err() && !outputs.is_empty() {
                    return Err(self.broken(at, Rule::RefusesWithoutEffect));
                }
                self.checker.moved(node.validator, &before, &node.driver)?;
            }
            self.perform_all(at, outputs)?;
        }
        Ok(())
    }

    pub(super) fn perform_all(
        &mut self,
        at: usize,
        mut outputs: Vec<Output>,
    ) -> Result<(), Violation> {
        for output in outputs.drain(..) {
            if let Some(dying) = &mut self.nodes[at].dying {
                if dying.outputs == 0 {
                    self.die(at);
                    break;
                }
                dying.outputs -= 1;
            }
            self.perform(at, output)?;
        }
        self.outputs = outputs;
        Ok(())
    }

    pub(super) fn broken(&self, at: usize, rule: Rule) -> Violation {
        let node = &self.nodes[at];
        Violation::Broken { validator: node.validator, height: node.next_height(), rule }
    }

    fn perform(&mut self, at: usize, output: Output) -> Result<(), Violation> {
        match output {
            Output::Persist(entry) => self.nodes[at].log.push(entry),
            Output::Sign(statement) => return self.sign(at, statement),
            Output::Send(message) => return self.send(at, message),
            Output::Build { height, round } => {
                let value = self.application.build(at, height, round);
                self.answer(at, Input::Built { height, round, value });
            }
            Output::Validate(Signed { message: Proposal { height, value, .. }, .. }) => {
                self.validate(at, height, value);
            }
            Output::Fetch { height, round, value } => {
                let lives = self.nodes[at].lives;
                self.wanted.push(Wanted { height, round, value, lives });
                let fetch = self.wanted.len() as u32 - 1;
                self.push(self.now_us + 1_000, at as u16, Event::Fetch { fetch });
            }
            Output::Schedule(timeout, wait) => {
                self.timers.push((timeout, self.nodes[at].lives));
                let timer = self.timers.len() as u32 - 1;
                let wait_us = wait.as_millis() as u64 * self.nodes[at].clock;
                self.push(self.now_us + wait_us, at as u16, Event::Timer { timer });
            }
            Output::Decide(commit) => return self.decide(at, commit),
            Output::Evidence(evidence) => {
                if self.nodes[at].is_honest() {
                    let set = self.rotations[0].set();
                    self.checker.accused(&evidence.accused(), evidence.height())?;
                    if evidence.verify(&self.chain, set, &super::seal::AnySeal).is_err() {
                        return Err(self.broken(at, Rule::EvidenceIsTrue));
                    }
                }
            }
            Output::Halt(reason) => {
                if self.nodes[at].is_honest() {
                    let validator = self.nodes[at].validator;
                    return Err(Violation::Halted { validator, reason });
                }
            }
        }
        Ok(())
    }

    fn validate(&mut self, at: usize, height: Height, value: ValueId) {
        let verdict = self.application.validate(at, height, value);
        self.answer(at, Input::Validated { height, value, verdict });
    }

    /// What the application says, at once or after a while.
    fn answer(&mut self, at: usize, input: Input) {
        if self.schedule.execution_us == 0 {
            self.pending.push_back(input);
        } else {
            // Some machines are slower than others, and none is always equally fast.
            let wait_us = self.random.below(2 * self.schedule.execution_us);
            self.answer_after(at, input, wait_us);
        }
    }

    fn answer_after(&mut self, at: usize, input: Input, wait_us: u64) {
        self.answers.push((input, self.nodes[at].lives));
        let answer = self.answers.len() as u32 - 1;
        self.push(self.now_us + wait_us, at as u16, Event::Answer { answer });
    }

    fn sign(&mut self, at: usize, statement: Statement) -> Result<(), Violation> {
        let digest = statement.digest(&self.chain);
        let node = &mut self.nodes[at];
        node.synced_count = node.log.len();
        if node.is_honest() {
            let is_written = node.log.iter().rev().any(|entry| {
                matches!(entry, LogEntry::Intent { statement: intent, .. } if *intent == statement)
            });
            if !is_written {
                return Err(self.broken(at, Rule::PersistsBeforeSigning));
            }
            let is_executed = match statement {
                Statement::Vote(Vote { value: Some(value), .. }) => node.executed.contains(&value),
                Statement::Vote(_) | Statement::Proposal(_) => true,
            };
            if !is_executed {
                return Err(self.broken(at, Rule::VotesForValid));
            }
            if node.lock.permit(&statement, &digest).is_err() {
                return Err(self.broken(at, Rule::AsksOnlyForTheNew));
            }
        } else if node.behaviour == Some(Behaviour::Restored)
            && node.lock.permit(&statement, &digest).is_err()
        {
            return Ok(());
        }
        let node = &self.nodes[at];
        self.checker.signed(node.validator, &statement)?;
        let signature = Seal(node.lock.address()).signature(&digest);
        self.pending.push_back(Input::Signed(match statement {
            Statement::Vote(message) => SignedStatement::Vote(Signed { message, signature }),
            Statement::Proposal(message) => {
                SignedStatement::Proposal(Signed { message, signature })
            }
        }));
        Ok(())
    }

    fn send(&mut self, at: usize, message: Message) -> Result<(), Violation> {
        let node = &mut self.nodes[at];
        node.synced_count = node.log.len();
        if !node.is_honest() {
            return self.tamper(at, message);
        }
        let said = match &message {
            Message::Vote(vote) => Some(SignedStatement::Vote(*vote)),
            Message::Proposal(proposal) => Some(SignedStatement::Proposal(*proposal)),
            Message::Quorum(_) | Message::Round(_) => None,
        };
        if let Some(said) = said
            && !node.log.iter().rev().any(|entry| *entry == LogEntry::Signed(said))
        {
            return Err(self.broken(at, Rule::PersistsBeforeSending));
        }
        let height = message.height().unwrap_or_default();
        let input = match message {
            Message::Vote(vote) => Input::Vote(Verified::assume(vote)),
            Message::Proposal(proposal) => Input::Proposal(Verified::assume(proposal)),
            Message::Quorum(group) => Input::Quorum(Proven::assume(group)),
            Message::Round(certificate) => Input::Round(Proven::assume(certificate)),
        };
        self.messages.push(Posted { from: at as u16, height, input });
        let message = self.messages.len() as u32 - 1;
        for peer in 0..self.nodes.len() {
            self.route(at, peer, message);
        }
        Ok(())
    }

    /// Puts a message on its way to one receiver, if there is a way.
    pub(super) fn route(&mut self, from: usize, to: usize, message: u32) {
        let (sender, receiver) = (&self.nodes[from], &self.nodes[to]);
        let index = |at: usize| ValidatorIndex(at as u16);
        // No copy of a key hears another: it would know that it is one.
        if sender.validator == receiver.validator
            || !sender.peers.contains(index(to))
            || !receiver.peers.contains(index(from))
        {
            return;
        }
        let is_calm = self.now_us >= self.schedule.heal_us;
        let disturbance = self.schedule.disturbance;
        if !is_calm && (self.is_cut(from, to) || self.random.is_in(disturbance.loss_permille)) {
            return;
        }
        let latencies = &self.schedule.latencies;
        let way_us = latencies
            .one_way_us(usize::from(sender.validator.0), usize::from(receiver.validator.0));
        let mut way_us = way_us + self.random.below(way_us / 4 + 1);
        if self.random.is_in(disturbance.reorder_permille) {
            way_us += self.random.below(if is_calm { 100_000 } else { 1_500_000 });
        }
        let event = Event::Deliver { message };
        self.push(self.now_us + way_us, to as u16, event);
        if self.random.is_in(disturbance.duplicate_permille) {
            let later_us = self.random.below(500_000);
            self.push(self.now_us + way_us + later_us, to as u16, event);
        }
    }

    /// Whoever is Byzantine finds its way around every cut.
    fn is_cut(&self, from: usize, to: usize) -> bool {
        self.nodes[from].is_honest()
            && self.nodes[to].is_honest()
            && self.schedule.faults.iter().any(|fault| match fault {
                Fault::Cut { from_us, until_us, senders, receivers } => {
                    (*from_us..*until_us).contains(&self.now_us)
                        && senders.contains(self.nodes[from].validator)
                        && receivers.contains(self.nodes[to].validator)
                }
                Fault::Crash { .. } | Fault::Down { .. } => false,
            })
    }

    fn decide(&mut self, at: usize, commit: VoteGroup) -> Result<(), Violation> {
        let node = &self.nodes[at];
        let height = node.next_height();
        if node.is_honest() {
            if commit.height != height {
                return Err(self.broken(at, Rule::DecidesOnce));
            }
            if commit.value.is_some_and(|value| !node.executed.contains(&value)) {
                return Err(self.broken(at, Rule::DecidesValid));
            }
            self.checker.decided(node.validator, height, &commit)?;
        }
        if let Some(value) = commit.value {
            self.application.decided(at, height, value);
        }
        let at_us = self.now_us;
        self.nodes[at].chain.push(Stored { commit, at_us, help: None });
        self.start_height(at);
        Ok(())
    }

    /// Forgets the log of the last height and starts the next, if there is to be one.
    fn start_height(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let height = node.next_height();
        let Some(rotation) = self.rotations.get(node.chain.len()) else { return };
        if height.as_u64() > self.schedule.heights {
            return;
        }
        node.log.clear();
        node.synced_count = 0;
        node.executed.clear();
        self.pending.push_back(Input::Start { height, rotation: Arc::clone(rotation) });
        for message in mem::take(&mut node.early) {
            self.pending.push_back(self.messages[message as usize].input.clone());
        }
    }

    /// Asks a random peer for a proposal, again and again.
    fn fetch(&mut self, at: usize, fetch: u32) -> Result<(), Violation> {
        let Wanted { height, round, value, lives } = self.wanted[fetch as usize];
        if !self.is_alive(at, lives) || height != self.nodes[at].next_height() {
            return Ok(());
        }
        let peer = self.random.below(self.nodes.len() as u64) as usize;
        let is_calm = self.now_us >= self.schedule.heal_us;
        let is_linked = is_calm || !self.is_cut(at, peer) && !self.is_cut(peer, at);
        let held = self.checker.proposal(height, round, value).filter(|proposal| {
            let peer = &self.nodes[peer];
            is_linked && peer.is_up && peer.is_honest() && peer.has_proposal(proposal)
        });
        let Some(proposal) = held else {
            self.push(self.now_us + Self::FETCH_AGAIN_US, at as u16, Event::Fetch { fetch });
            return Ok(());
        };
        let digest = Statement::Proposal(proposal).digest(&self.chain);
        let signature = Seal(super::seal::address(proposal.proposer)).signature(&digest);
        self.pending
            .push_back(Input::Proposal(Verified::assume(Signed { message: proposal, signature })));
        self.validate(at, height, value);
        self.work(at)
    }
}
