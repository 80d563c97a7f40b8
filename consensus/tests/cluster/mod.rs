//! Validators in memory, without cryptography: messages arrive in order, timers elapse when nothing else happens.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use cybermiles_consensus::{
    Driver, DriverConfig, Evidence, HaltReason, Height, Input, LogEntry, Message, Output,
    ProposerRotation, Proven, Signature, Signed, SignedStatement, Statement, Timeout, Timeouts,
    Validator, ValidatorSet, ValueId, Verdict, Verified, VoteGroup, VotingPower,
};
use primitive_types::H160;

pub(crate) struct Cluster {
    pub(crate) rotation: Arc<ProposerRotation>,
    pub(crate) drivers: Vec<Driver>,
    /// Nodes that are down: they neither receive nor do anything.
    pub(crate) down: Vec<bool>,
    pub(crate) logs: Vec<Vec<LogEntry>>,
    pub(crate) decisions: Vec<Option<VoteGroup>>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) halted: Vec<Option<HaltReason>>,
    pub(crate) verdict: Verdict,
    inputs: VecDeque<(usize, Input)>,
    timers: BTreeMap<(u128, usize, Timeout), ()>,
    now_ms: u128,
}

pub(crate) fn unsigned<T>(message: T) -> Signed<T> {
    Signed { message, signature: Signature([0; 65]) }
}

pub(crate) fn input_of(message: Message) -> Input {
    match message {
        Message::Vote(vote) => Input::Vote(Verified::assume(vote)),
        Message::Proposal(proposal) => Input::Proposal(Verified::assume(proposal)),
        Message::Quorum(group) => Input::Quorum(Proven::assume(group)),
        Message::Round(certificate) => Input::Round(Proven::assume(certificate)),
    }
}

impl Cluster {
    pub(crate) fn new(count: usize) -> Self {
        let member = |at| Validator { address: H160::repeat_byte(at), power: VotingPower::new(10) };
        let set = ValidatorSet::new((1..=count as u8).map(member).collect()).expect("a valid set");
        let rotation = Arc::new(ProposerRotation::new(set));
        let drivers = (0..count)
            .map(|at| Driver::new(Self::config(&rotation, at), Arc::clone(&rotation)))
            .collect();
        Self {
            rotation,
            drivers,
            down: vec![false; count],
            logs: vec![Vec::new(); count],
            decisions: vec![None; count],
            evidence: Vec::new(),
            halted: vec![None; count],
            verdict: Verdict::Valid,
            inputs: VecDeque::new(),
            timers: BTreeMap::new(),
            now_ms: 0,
        }
    }

    fn config(rotation: &ProposerRotation, at: usize) -> DriverConfig {
        DriverConfig {
            address: Some(rotation.set().members()[at].address),
            timeouts: Timeouts::default(),
        }
    }

    pub(crate) fn start(&mut self) {
        for node in 0..self.drivers.len() {
            self.feed(
                node,
                Input::Start { height: Height::new(1), rotation: Arc::clone(&self.rotation) },
            );
        }
    }

    pub(crate) fn feed(&mut self, node: usize, input: Input) {
        self.inputs.push_back((node, input));
    }

    /// Runs until everybody up has decided, or nothing has happened for so many timers.
    pub(crate) fn run(&mut self, timers_max: usize) {
        for _ in 0..=timers_max {
            while let Some((node, input)) = self.inputs.pop_front() {
                self.step(node, input);
            }
            let is_over = |node: usize| {
                self.down[node] || self.decisions[node].is_some() || self.halted[node].is_some()
            };
            if (0..self.drivers.len()).all(is_over) {
                return;
            }
            let Some(((at_ms, node, timeout), ())) = self.timers.pop_first() else { return };
            self.now_ms = at_ms;
            self.feed(node, Input::Timeout(timeout));
        }
    }

    fn step(&mut self, node: usize, input: Input) {
        if self.down[node] {
            return;
        }
        let mut out = Vec::new();
        let again = self.drivers[node].clone();
        let outcome = self.drivers[node].handle(input.clone(), &mut out);
        assert!(outcome.is_ok() || out.is_empty(), "a refused input has no effect");
        self.assert_deterministic(again, node, input, &out);
        self.apply(node, out);
    }

    fn assert_deterministic(&self, mut again: Driver, node: usize, input: Input, out: &[Output]) {
        let mut repeated = Vec::new();
        again.handle(input, &mut repeated).ok();
        assert_eq!(repeated, out, "equal inputs give equal outputs");
        assert!(again == self.drivers[node], "and equal states");
    }

    fn apply(&mut self, node: usize, out: Vec<Output>) {
        let mut intents: Vec<Statement> = self.logs[node]
            .iter()
            .filter_map(|entry| match entry {
                LogEntry::Intent { statement, .. } => Some(*statement),
                _ => None,
            })
            .collect();
        for output in out {
            match output {
                Output::Persist(entry) => {
                    if let LogEntry::Intent { statement, .. } = &entry {
                        intents.push(*statement);
                    }
                    self.logs[node].push(entry);
                }
                Output::Sign(statement) => {
                    assert!(intents.contains(&statement), "signed before it was written down");
                    let signed = match statement {
                        Statement::Vote(vote) => SignedStatement::Vote(unsigned(vote)),
                        Statement::Proposal(proposal) => {
                            SignedStatement::Proposal(unsigned(proposal))
                        }
                    };
                    self.feed(node, Input::Signed(signed));
                }
                Output::Send(message) => {
                    let written = |signed: SignedStatement| {
                        self.logs[node].contains(&LogEntry::Signed(signed))
                    };
                    match &message {
                        Message::Vote(vote) => assert!(written(SignedStatement::Vote(*vote))),
                        Message::Proposal(proposal) => {
                            assert!(written(SignedStatement::Proposal(*proposal)));
                        }
                        Message::Quorum(_) | Message::Round(_) => {}
                    }
                    for peer in (0..self.drivers.len()).filter(|peer| *peer != node) {
                        self.feed(peer, input_of(message.clone()));
                    }
                }
                Output::Build { height, round } => {
                    let value = ValueId([node as u8 + 1; 32]);
                    self.feed(node, Input::Built { height, round, value });
                }
                Output::Validate(proposal) => {
                    let (height, value) = (proposal.message.height, proposal.message.value);
                    self.feed(node, Input::Validated { height, value, verdict: self.verdict });
                }
                Output::Fetch { height, value, .. } => {
                    self.feed(node, Input::Validated { height, value, verdict: self.verdict });
                }
                Output::Schedule(timeout, wait) => {
                    self.timers.insert((self.now_ms + wait.as_millis(), node, timeout), ());
                }
                Output::Decide(commit) => {
                    assert_eq!(self.decisions[node], None, "a height is decided once");
                    self.decisions[node] = Some(commit);
                }
                Output::Evidence(evidence) => self.evidence.push(evidence),
                Output::Halt(reason) => self.halted[node] = Some(reason),
            }
        }
    }

    /// Kills a node and starts it again from its log.
    pub(crate) fn restart(&mut self, node: usize) {
        self.inputs.retain(|(to, _)| *to != node);
        self.timers.retain(|(_, of, _), ()| *of != node);
        let mut out = Vec::new();
        let config = Self::config(&self.rotation, node);
        let entries = self.logs[node].clone();
        let driver =
            Driver::resume(config, Height::new(1), Arc::clone(&self.rotation), entries, &mut out);
        self.drivers[node] = driver.expect("the log is of this height");
        self.down[node] = false;
        self.decisions[node] = None;
        self.apply(node, out);
    }

    pub(crate) fn decided_values(&self) -> Vec<Option<ValueId>> {
        self.decisions.iter().flatten().map(|commit| commit.value).collect()
    }
}
