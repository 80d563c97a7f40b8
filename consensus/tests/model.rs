//! Model checking of the real driver: four validators, rounds 0 and 1 of one height, two values.
//!
//! The network is a set of messages that only grows: whatever was sent may reach anybody, in any order or never. A faulty validator has sent everything from the start: both values as proposals (in round 1 also with an
//! earlier polka), and prevotes and precommits for either value and nil, in both rounds, so each receiver may see
//! something else. A timer may elapse at any time while it runs. A correct validator builds, executes and signs at once.
//!
//! # Reductions
//! - *Acts.* An input that changes neither the variables of the round machine, nor the timers, nor what was said or
//!   decided, is invisible to everybody else. Invisible inputs of a validator commute with the steps of the others, so
//!   they are taken right before the act that they make possible. Votes among them are taken in one fixed order.
//! - An invisible input is left out before an act where taking it right after gives the very same state.
//! - A second vote by a faulty validator in one phase is not delivered to the same receiver: it is evidence and does
//!   not count. It does reach others, and certificates.
//!
//! # Bounds
//! All orders of at most [`DEPTH`] acts of the correct validators together are searched, not more. Round 1
//! is the last. A message waits at its receiver until the receiver is in the step that it is for, or, if it is a vote of round 0,
//! until later; so no round is skipped, and nobody decides before it has precommitted in round 0 or entered round 1.
//! Proposals of an earlier round do not arrive late. Certificates are those that correct proposers send. Nobody is
//! restarted. What these bounds leave out, the random schedules of `tests/simulation.rs` cover.
#![expect(
    clippy::disallowed_types,
    reason = "the order of the maps never shows: they are only asked for keys"
)]

use std::{collections::HashMap, collections::HashSet, collections::VecDeque, sync::Arc};

use cybermiles_consensus::{
    Driver, DriverConfig, Height, Input, Message, Output, Proposal, ProposerRotation, Proven,
    Round, RoundState, Signature, Signed, SignedStatement, Statement, Step, Timeout, TimeoutKind,
    Timeouts, Validator, ValidatorIndex, ValidatorSet, ValueId, Verdict, Verified, Vote, VoteKind,
    VotingPower,
};
use primitive_types::H160;

const COUNT: usize = 4;
const A: ValueId = ValueId([0xaa; 32]);
const B: ValueId = ValueId([0xbb; 32]);
const HEIGHT: Height = Height::new(1);
/// How many acts of all validators together are searched.
const DEPTH: usize = 9;
/// What the searches with one faulty validator must visit at least, so that none of them is empty.
const STATES_MIN: usize = 5_000_000;
const NOBODY: u32 = u32::MAX;

/// What must never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Violation {
    /// Two correct validators decided differently.
    Disagreement,
    /// A value was decided, or got a vote, that the application refuses.
    Invalid,
    /// A correct validator was asked to sign two statements of one kind in one round.
    SignedTwice,
    /// A correct validator voted against its lock, or precommitted without one.
    Lock,
    /// A correct validator stopped.
    Halted,
}

/// A correct validator with all that it has done.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Local {
    driver: Driver,
    /// The messages that it has taken, one bit each.
    taken: u128,
    /// The messages that it has sent.
    sent: u128,
    signed: Vec<Statement>,
    timers: Vec<Timeout>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Event {
    Message(u8),
    Timeout(Timeout),
}

/// Which validators are faulty, and which value the application refuses.
struct Scene {
    faulty: Vec<u16>,
    refused: Option<ValueId>,
}

#[derive(Debug)]
struct Found {
    states: usize,
    locals: usize,
    depth: usize,
    is_decided: bool,
    violation: Option<Violation>,
}

struct Model {
    scene: Scene,
    rotation: Arc<ProposerRotation>,
    messages: Vec<Message>,
    /// By message: all that fill the same place at a receiver.
    rivals: Vec<u128>,
    faulty_sent: u128,
    locals: Vec<Local>,
    ids: HashMap<Local, u32>,
    after: HashMap<(u32, Event), u32>,
    acts: HashMap<(u32, u128), Vec<u32>>,
    violation: Option<Violation>,
}

fn rounds() -> [Round; 2] {
    [Round::ZERO, Round::ZERO.next().expect("a small round")]
}

fn unsigned<T>(message: T) -> Signed<T> {
    Signed { message, signature: Signature([0; 65]) }
}

fn input_of(message: Message) -> Input {
    match message {
        Message::Vote(vote) => Input::Vote(Verified::assume(vote)),
        Message::Proposal(proposal) => Input::Proposal(Verified::assume(proposal)),
        Message::Quorum(group) => Input::Quorum(Proven::assume(group)),
        Message::Round(certificate) => Input::Round(Proven::assume(certificate)),
    }
}

fn are_rivals(one: &Message, other: &Message) -> bool {
    match (one, other) {
        (Message::Vote(one), Message::Vote(other)) => {
            let place = |vote: &Vote| (vote.validator, vote.round, vote.kind);
            place(&one.message) == place(&other.message)
        }
        _ => one == other,
    }
}

/// The bound on early and late messages; see above.
fn is_timely(message: &Message, state: &RoundState) -> bool {
    let Some(now) = state.round else { return false };
    match message {
        Message::Proposal(proposal) => proposal.message.round == now,
        Message::Vote(Signed { message: vote, .. }) => match vote.kind {
            VoteKind::Prevote if vote.round == now => state.step >= Step::Prevote,
            VoteKind::Prevote => vote.round < now && state.step == Step::Propose,
            VoteKind::Precommit => {
                vote.round < now || vote.round == now && state.step == Step::Precommit
            }
        },
        Message::Quorum(group) => group.round < now,
        Message::Round(_) => false,
    }
}

impl Model {
    fn new(scene: Scene) -> Self {
        let member = |at| Validator { address: H160::repeat_byte(at), power: VotingPower::new(10) };
        let set = ValidatorSet::new((1..=COUNT as u8).map(member).collect()).expect("a valid set");
        let mut model = Self {
            scene,
            rotation: Arc::new(ProposerRotation::new(set)),
            messages: Vec::new(),
            rivals: Vec::new(),
            faulty_sent: 0,
            locals: Vec::new(),
            ids: HashMap::new(),
            after: HashMap::new(),
            acts: HashMap::new(),
            violation: None,
        };
        for validator in model.scene.faulty.clone() {
            for message in model.everything(ValidatorIndex(validator)) {
                model.faulty_sent |= model.bit(message);
            }
        }
        model
    }

    /// All that a faulty validator can say.
    fn everything(&self, validator: ValidatorIndex) -> Vec<Message> {
        let mut all = Vec::new();
        let mut turns = (*self.rotation).clone();
        for round in rounds() {
            for kind in [VoteKind::Prevote, VoteKind::Precommit] {
                for value in [Some(A), Some(B), None] {
                    let vote = Vote { kind, height: HEIGHT, round, value, validator };
                    all.push(Message::Vote(unsigned(vote)));
                }
            }
            if turns.proposer_index() == validator {
                let earlier = (round > Round::ZERO).then_some(Round::ZERO);
                for value in [A, B] {
                    let mut proposal = Proposal {
                        height: HEIGHT,
                        round,
                        value,
                        valid_round: None,
                        proposer: validator,
                    };
                    all.push(Message::Proposal(unsigned(proposal)));
                    if earlier.is_some() {
                        proposal.valid_round = earlier;
                        all.push(Message::Proposal(unsigned(proposal)));
                    }
                }
            }
            turns.advance(1);
        }
        all
    }

    fn bit(&mut self, message: Message) -> u128 {
        let known = self.messages.iter().position(|known| *known == message);
        let at = known.unwrap_or_else(|| {
            let at = self.messages.len();
            assert!(at < 128, "more messages than bits");
            let mut rivals = 1 << at;
            for (other, known) in self.messages.iter().enumerate() {
                if are_rivals(known, &message) {
                    rivals |= 1 << other;
                    self.rivals[other] |= 1 << at;
                }
            }
            self.messages.push(message);
            self.rivals.push(rivals);
            at
        });
        1 << at
    }

    fn intern(&mut self, local: Local) -> u32 {
        if let Some(id) = self.ids.get(&local) {
            return *id;
        }
        let id = self.locals.len() as u32;
        self.locals.push(local.clone());
        self.ids.insert(local, id);
        id
    }

    fn started(&mut self, node: usize) -> u32 {
        let address = Some(self.rotation.set().members()[node].address);
        let config = DriverConfig { address, timeouts: Timeouts::default() };
        let driver = Driver::new(config, Arc::clone(&self.rotation));
        let mut local = Local { driver, taken: 0, sent: 0, signed: Vec::new(), timers: Vec::new() };
        let start = Input::Start { height: HEIGHT, rotation: Arc::clone(&self.rotation) };
        self.feed(&mut local, start);
        self.intern(local)
    }

    /// Feeds one input, and the answers to all that the driver asks for.
    fn feed(&mut self, local: &mut Local, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut out = Vec::new();
            // Refused inputs change nothing.
            local.driver.handle(input, &mut out).ok();
            for output in out {
                inputs.extend(self.answer(local, output));
            }
        }
        let state = *local.driver.state();
        local.timers.retain(|timer| {
            Some(timer.round) == state.round
                && match timer.kind {
                    TimeoutKind::Propose => state.step == Step::Propose,
                    TimeoutKind::Prevote => state.step == Step::Prevote,
                    TimeoutKind::Precommit => state.step != Step::Commit,
                    TimeoutKind::Rebroadcast => false,
                }
        });
        local.timers.sort();
        local.timers.dedup();
    }

    fn answer(&mut self, local: &mut Local, output: Output) -> Option<Input> {
        match output {
            Output::Persist(_) | Output::Fetch { .. } | Output::Evidence(_) => None,
            Output::Schedule(timeout, _) => {
                let is_last = timeout.kind == TimeoutKind::Precommit && timeout.round > Round::ZERO;
                if !is_last {
                    local.timers.push(timeout);
                }
                None
            }
            Output::Build { height, round } => {
                let value =
                    if round == Round::ZERO || self.scene.refused.is_some() { A } else { B };
                Some(Input::Built { height, round, value })
            }
            Output::Validate(proposal) => {
                let Proposal { height, value, .. } = proposal.message;
                let is_refused = self.scene.refused == Some(value);
                let verdict = if is_refused { Verdict::Invalid } else { Verdict::Valid };
                Some(Input::Validated { height, value, verdict })
            }
            Output::Sign(statement) => {
                self.check_statement(local, statement);
                local.signed.push(statement);
                Some(Input::Signed(match statement {
                    Statement::Vote(vote) => SignedStatement::Vote(unsigned(vote)),
                    Statement::Proposal(proposal) => SignedStatement::Proposal(unsigned(proposal)),
                }))
            }
            Output::Send(message) => {
                local.sent |= self.bit(message);
                None
            }
            Output::Decide(commit) => {
                if commit.value.is_none() || commit.value == self.scene.refused {
                    self.violation = Some(Violation::Invalid);
                }
                None
            }
            Output::Halt(_) => {
                self.violation = Some(Violation::Halted);
                None
            }
        }
    }

    fn check_statement(&mut self, local: &Local, statement: Statement) {
        let place = |statement: &Statement| (statement.round(), statement.kind());
        if local.signed.iter().any(|earlier| place(earlier) == place(&statement)) {
            self.violation = Some(Violation::SignedTwice);
        }
        let Statement::Vote(Vote { kind, round, value: Some(value), .. }) = statement else {
            return;
        };
        if self.scene.refused == Some(value) {
            self.violation = Some(Violation::Invalid);
        }
        // What was precommitted last, read from the signatures and not from the driver.
        let precommitted = local.signed.iter().rev().find_map(|earlier| match earlier {
            Statement::Vote(Vote {
                kind: VoteKind::Precommit, round, value: Some(value), ..
            }) => Some((*round, *value)),
            _ => None,
        });
        let set = self.rotation.set();
        let tally = local.driver.tally();
        let is_allowed = match (kind, precommitted) {
            (VoteKind::Prevote, Some((locked, other))) if other != value => rounds()
                .into_iter()
                .filter(|later| *later >= locked && *later < round)
                .any(|later| tally.has_quorum_for(set, VoteKind::Prevote, later, &value)),
            (VoteKind::Prevote, _) => true,
            (VoteKind::Precommit, _) => tally.has_quorum_for(set, VoteKind::Prevote, round, &value),
        };
        if !is_allowed {
            self.violation = Some(Violation::Lock);
        }
    }

    fn step(&mut self, id: u32, event: Event) -> u32 {
        if let Some(next) = self.after.get(&(id, event)) {
            return *next;
        }
        let mut local = self.locals[id as usize].clone();
        let input = match event {
            Event::Message(at) => {
                local.taken |= 1 << at;
                input_of(self.messages[usize::from(at)].clone())
            }
            Event::Timeout(timeout) => {
                local.timers.retain(|timer| *timer != timeout);
                Input::Timeout(timeout)
            }
        };
        self.feed(&mut local, input);
        let next = self.intern(local);
        self.after.insert((id, event), next);
        next
    }

    fn is_visible(&self, before: u32, after: u32) -> bool {
        let (before, after) = (&self.locals[before as usize], &self.locals[after as usize]);
        before.driver.state() != after.driver.state()
            || before.sent != after.sent
            || before.timers != after.timers
            || before.driver.decision() != after.driver.decision()
    }

    fn events(&self, id: u32, available: u128) -> Vec<Event> {
        let local = &self.locals[id as usize];
        if local.driver.decision().is_some() {
            return Vec::new();
        }
        let mut events: Vec<Event> = local.timers.iter().copied().map(Event::Timeout).collect();
        let mut left = available & !local.taken & !local.sent;
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left - 1;
            let is_free = local.taken & self.rivals[at as usize] == 0;
            if is_free && is_timely(&self.messages[at as usize], local.driver.state()) {
                events.push(Event::Message(at as u8));
            }
        }
        events
    }

    /// Returns all states of a validator right after its next act.
    fn acts(&mut self, id: u32, available: u128) -> Vec<u32> {
        if let Some(acts) = self.acts.get(&(id, available)) {
            return acts.clone();
        }
        let mut acts = Vec::new();
        let mut open = vec![(id, Vec::<Event>::new(), 0)];
        while let Some((at, path, least)) = open.pop() {
            for event in self.events(at, available) {
                let next = self.step(at, event);
                if self.is_visible(at, next) {
                    if !self.is_reducible(id, &path, event, next) {
                        acts.push(next);
                    }
                } else if let Event::Message(index) = event {
                    let is_vote = matches!(self.messages[usize::from(index)], Message::Vote(_));
                    if !is_vote || index >= least {
                        let longer = path.iter().copied().chain([event]).collect();
                        open.push((next, longer, if is_vote { index } else { least }));
                    }
                }
            }
        }
        acts.sort_unstable();
        acts.dedup();
        self.acts.insert((id, available), acts.clone());
        acts
    }

    /// Tells whether one of the invisible inputs may as well come right after the act.
    fn is_reducible(&mut self, id: u32, path: &[Event], act: Event, result: u32) -> bool {
        (0..path.len()).any(|left_out| {
            let mut at = id;
            for (position, event) in path.iter().enumerate() {
                if position != left_out {
                    at = self.step(at, *event);
                }
            }
            let acted = self.step(at, act);
            let late = self.step(acted, path[left_out]);
            self.is_visible(at, acted) && !self.is_visible(acted, late) && late == result
        })
    }

    fn is_disagreement(&self, state: &[u32; COUNT]) -> bool {
        let mut decided = state
            .iter()
            .filter(|id| **id != NOBODY)
            .filter_map(|id| Some(self.locals[*id as usize].driver.decision()?.value));
        let first = decided.next();
        decided.any(|value| Some(value) != first)
    }

    /// Breadth first, until there is nothing new, or something wrong.
    fn search(mut self, depth_max: usize) -> Found {
        let mut start = [NOBODY; COUNT];
        for (node, id) in start.iter_mut().enumerate() {
            if !self.scene.faulty.contains(&(node as u16)) {
                *id = self.started(node);
            }
        }
        let mut seen = HashSet::from([start]);
        let mut layer = vec![start];
        let (mut depth, mut is_decided) = (0, false);
        while !layer.is_empty() && self.violation.is_none() && depth < depth_max {
            let mut next_layer = Vec::new();
            for state in layer {
                for node in (0..COUNT).filter(|node| state[*node] != NOBODY) {
                    let sent = state.iter().filter(|id| **id != NOBODY);
                    let sent = sent.fold(0, |sent, id| sent | self.locals[*id as usize].sent);
                    for id in self.acts(state[node], self.faulty_sent | sent) {
                        let mut next = state;
                        next[node] = id;
                        if seen.insert(next) {
                            is_decided |= self.locals[id as usize].driver.decision().is_some();
                            if self.is_disagreement(&next) {
                                self.violation = Some(Violation::Disagreement);
                            }
                            next_layer.push(next);
                        }
                    }
                }
            }
            layer = next_layer;
            depth += 1;
        }
        let (states, locals, violation) = (seen.len(), self.locals.len(), self.violation);
        Found { states, locals, depth, is_decided, violation }
    }
}

#[test]
fn one_faulty_validator_of_four_breaks_nothing() {
    let mut states = 0;
    for (faulty, refused) in [(0, None), (1, None), (2, None), (3, None), (0, Some(B))] {
        let found = Model::new(Scene { faulty: vec![faulty], refused }).search(DEPTH);
        let Found { states: distinct, locals, depth, .. } = found;
        println!(
            "validator {faulty} is faulty, refused {refused:?}: {distinct} states of {locals} local ones, depth {depth}"
        );
        assert_eq!(found.violation, None);
        assert!(found.is_decided, "some orders must reach a decision");
        states += distinct;
    }
    println!("{states} distinct states");
    assert!(states >= STATES_MIN, "only {states} states");
}

#[test]
fn two_faulty_validators_of_four_are_seen_to_fork() {
    let found = Model::new(Scene { faulty: vec![0, 1], refused: None }).search(DEPTH);
    println!("validators 0 and 1 are faulty: {found:?}");
    assert_eq!(found.violation, Some(Violation::Disagreement));
}
