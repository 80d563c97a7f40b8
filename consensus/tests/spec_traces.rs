//! Whole runs of the Quint specification: the round machine step by step, and the driver statement by statement.

mod fixture_archive;
mod spec_trace;

use std::{
    collections::BTreeMap,
    fs::{File, read_dir},
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use cybermiles_consensus::{
    Driver, DriverConfig, Height, Input, Output, Proposal, ProposerRotation, Proven, Round,
    RoundCertificate, RoundInput, RoundState, Signature, Signed, SignedStatement, Statement,
    Threshold, Timeout, TimeoutKind, Timeouts, Validator, ValidatorBits, ValidatorIndex,
    ValidatorSet, ValueId, Verdict, Verified, Vote, VoteGroup, VoteKind, VotingPower, apply,
};
use primitive_types::H160;
use serde_json::Value;

fn traces() -> Vec<(PathBuf, Value)> {
    let Some(vectors) = fixture_archive::consensus_vectors() else { return Vec::new() };
    let mut files: Vec<PathBuf> = ["named", "random"]
        .into_iter()
        .flat_map(|folder| {
            read_dir(vectors.join("malachite-itf").join(folder)).expect("the vectors are complete")
        })
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), read_trace(&path))).collect()
}

fn read_trace(path: &Path) -> Value {
    let file = File::open(path).expect("the file is there");
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut text = String::new();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("the file is gzip");
        serde_json::from_str(&text).expect("the trace is JSON")
    } else {
        serde_json::from_reader(file).expect("the trace is JSON")
    }
}

fn steps(trace: &Value) -> &[Value] {
    trace["steps"].as_array().expect("a list")
}

/// Each node's round machine is fed what the specification fed to its own; the state must agree after every step.
#[test]
fn the_round_machine_follows_every_trace() {
    let (mut inputs, mut states) = (0, 0);
    let traces = traces();
    for (path, trace) in &traces {
        let mut machines: BTreeMap<&str, RoundState> = BTreeMap::new();
        for (number, step) in steps(trace).iter().enumerate() {
            let at = format!("{} step {number}: {step}", path.display());
            let node = step["v"].as_str().expect("a node");
            let expected = spec_trace::round_state(&step["cs"]);
            let machine = machines.entry(node).or_insert_with(|| RoundState::new(expected.height));
            if machine.height != expected.height || is_restart(step) {
                *machine = RoundState::new(expected.height);
            }
            for fed in step["sm_in"].as_array().expect("a list") {
                let input = spec_trace::round_input(&fed["input"]).expect("a known input");
                *machine = apply(*machine, input).state;
                inputs += 1;
            }
            assert_eq!(*machine, expected, "{at}");
            states += 1;
        }
    }
    println!("{} traces, {inputs} inputs, {states} states compared", traces.len());
}

/// A node that starts (again) has nothing behind it.
fn is_restart(step: &Value) -> bool {
    let first = step["sm_in"].as_array().and_then(|fed| fed.first());
    first.is_some_and(|fed| fed["step"] == "NoStep")
}

/// A driver in place of one node of the specification.
struct Node {
    driver: Driver,
    index: ValidatorIndex,
    unsigned: Vec<Statement>,
    statements: Vec<Statement>,
    decisions: BTreeMap<u64, ValueId>,
    /// The votes that the trace shows to have reached this node.
    delivered: Vec<Vote>,
    /// The specification handles what it has put aside later than the driver, which handles all at once. From where
    /// another input got in between, the two differ in what they do; decisions are compared all the same.
    is_apart: bool,
}

impl Node {
    fn feed(&mut self, input: Input) {
        let mut out = Vec::new();
        // A refusal is how the driver ignores what the specification ignores.
        let outcome = self.driver.handle(input, &mut out);
        assert!(outcome.is_ok() || out.is_empty(), "a refused input has no effect");
        for output in out {
            match output {
                Output::Validate(proposal) => {
                    let Proposal { height, value, .. } = proposal.message;
                    let verdict = if value == spec_trace::value_id("invalid") {
                        Verdict::Invalid
                    } else {
                        Verdict::Valid
                    };
                    self.feed(Input::Validated { height, value, verdict });
                }
                Output::Sign(statement) => {
                    self.unsigned.push(statement);
                    self.statements.push(statement);
                }
                Output::Decide(commit) => {
                    let value = commit.value.expect("a commit is for a value");
                    let earlier = self.decisions.insert(commit.height.as_u64(), value);
                    assert_eq!(earlier, None, "a height is decided once");
                }
                Output::Halt(reason) => unreachable!("halted: {reason}"),
                _ => {}
            }
        }
    }

    /// The specification hands a node its own messages like those of others.
    fn deliver(&mut self, statement: Statement, author: ValidatorIndex) {
        let signature = Signature([0; 65]);
        if author == self.index {
            if let Some(at) = self.unsigned.iter().position(|asked| *asked == statement) {
                self.unsigned.remove(at);
                self.feed(Input::Signed(match statement {
                    Statement::Vote(message) => {
                        SignedStatement::Vote(Signed { message, signature })
                    }
                    Statement::Proposal(message) => {
                        SignedStatement::Proposal(Signed { message, signature })
                    }
                }));
            } else {
                self.is_apart = true;
            }
            return;
        }
        self.feed(match statement {
            Statement::Vote(message) => {
                Input::Vote(Verified::assume(Signed { message, signature }))
            }
            Statement::Proposal(message) => {
                Input::Proposal(Verified::assume(Signed { message, signature }))
            }
        });
    }
}

struct Names {
    rotation: Arc<ProposerRotation>,
}

impl Names {
    /// The specification lets v2 propose first, then v3 and so on, v1 last: so the addresses are in that order.
    fn new(count: usize) -> Self {
        let member = |at| Validator { address: H160::repeat_byte(at), power: VotingPower::new(1) };
        let set = ValidatorSet::new((1..=count as u8).map(member).collect()).expect("a valid set");
        let mut rotation = ProposerRotation::with_priorities(set, vec![0; count])
            .expect("one priority per member");
        rotation.advance(1);
        Self { rotation: Arc::new(rotation) }
    }

    fn index(&self, name: &Value) -> ValidatorIndex {
        let number: u16 =
            name.as_str().and_then(|name| name[1..].parse().ok()).expect("v and a number");
        let count = self.rotation.set().count() as u16;
        ValidatorIndex((number + count - 2) % count)
    }

    fn vote(&self, value: &Value) -> Vote {
        Vote {
            kind: spec_trace::vote_kind(&value["voteType"]),
            height: height(&value["height"]),
            round: spec_trace::round(&value["round"]),
            value: spec_trace::optional_value(&value["valueId"]),
            validator: self.index(&value["srcAddress"]),
        }
    }

    fn proposal(&self, value: &Value) -> Proposal {
        Proposal {
            height: height(&value["height"]),
            round: spec_trace::round(&value["round"]),
            value: spec_trace::value_id(value["proposal"].as_str().expect("a word")),
            valid_round: spec_trace::optional_round(&value["validRound"]),
            proposer: self.index(&value["srcAddress"]),
        }
    }

    fn certificate(&self, votes: &Value) -> Input {
        let mut votes: Vec<Vote> =
            votes.as_array().expect("a list").iter().map(|vote| self.vote(vote)).collect();
        votes.sort_unstable();
        let mut groups: Vec<VoteGroup> = Vec::new();
        for vote in votes {
            let Vote { kind, height, round, value, validator } = vote;
            let is_same =
                |group: &VoteGroup| (group.kind, group.round, group.value) == (kind, round, value);
            if !groups.last().is_some_and(is_same) {
                let signers = ValidatorBits::EMPTY;
                groups.push(VoteGroup {
                    kind,
                    height,
                    round,
                    value,
                    signers,
                    signatures: Vec::new(),
                });
            }
            let group = groups.last_mut().expect("just pushed");
            group.signers.insert(validator);
            group.signatures.push(Signature([0; 65]));
        }
        let set = self.rotation.set();
        match <[VoteGroup; 1]>::try_from(groups) {
            Ok([group])
                if Threshold::TWO_THIRDS.is_met(group.signers.power(set), set.total_power()) =>
            {
                Input::Quorum(Proven::assume(group))
            }
            Ok([group]) => Input::Round(Proven::assume(RoundCertificate { groups: vec![group] })),
            Err(groups) => Input::Round(Proven::assume(RoundCertificate { groups })),
        }
    }
}

/// Tells whether the votes that the trace shows add up to the threshold that the specification acted on. When a node
/// starts a height it also takes up votes that came before, which the trace does not show.
fn is_backed(names: &Names, node: &Node, step: &Value) -> bool {
    let set = names.rotation.set();
    step["sm_in"].as_array().expect("a list").iter().all(|fed| {
        let round = spec_trace::round(&fed["round"]);
        let at_height = height(&fed["height"]);
        let is_counted = |vote: &Vote| match spec_trace::round_input(&fed["input"]) {
            Some(RoundInput::PolkaAny) => vote.kind == VoteKind::Prevote,
            Some(RoundInput::PolkaNil) => vote.kind == VoteKind::Prevote && vote.value.is_none(),
            Some(RoundInput::ProposalWithPolka(value)) => {
                vote.kind == VoteKind::Prevote && vote.value == Some(value)
            }
            Some(RoundInput::PrecommitAny) => vote.kind == VoteKind::Precommit,
            _ => true,
        };
        let is_threshold = matches!(
            spec_trace::round_input(&fed["input"]),
            Some(
                RoundInput::PolkaAny
                    | RoundInput::PolkaNil
                    | RoundInput::ProposalWithPolka(_)
                    | RoundInput::PrecommitAny
            )
        );
        let voters: ValidatorBits = node
            .delivered
            .iter()
            .filter(|vote| vote.height == at_height && vote.round == round && is_counted(vote))
            .map(|vote| vote.validator)
            .collect();
        !is_threshold || Threshold::TWO_THIRDS.is_met(voters.power(set), set.total_power())
    })
}

/// The specification counts heights from 0, the driver from 1.
fn height(value: &Value) -> Height {
    Height::new(value.as_u64().expect("a height") + 1)
}

fn node(names: &Names, name: &Value) -> Node {
    let index = names.index(name);
    let address = names.rotation.set().member(index).map(|member| member.address);
    let config = DriverConfig { address, timeouts: Timeouts::default() };
    let driver = Driver::new(config, Arc::clone(&names.rotation));
    Node {
        driver,
        index,
        unsigned: Vec::new(),
        statements: Vec::new(),
        decisions: BTreeMap::new(),
        delivered: Vec::new(),
        is_apart: false,
    }
}

fn deliver(names: &Names, node: &mut Node, step: &Value, before: (Height, Option<Round>)) {
    let (kind, payload) = spec_trace::variant(&step["in"]);
    let start = |height| Input::Start { height, rotation: Arc::clone(&names.rotation) };
    let (height_now, round_now) = before;
    match kind {
        "StartDInput" => node.feed(start(height(&step["cs"]["height"]))),
        "PendingDInput" if node.driver.state().height != height(&step["cs"]["height"]) => {
            // The node starts a height with votes that it received earlier and that the trace does not show.
            node.feed(start(height(&step["cs"]["height"])));
            node.is_apart = true;
        }
        "VoteDInput" => {
            let vote = names.vote(payload);
            node.delivered.push(vote);
            node.deliver(Statement::Vote(vote), vote.validator);
        }
        "ProposalDInput" => {
            let proposal = names.proposal(payload);
            node.deliver(Statement::Proposal(proposal), proposal.proposer);
        }
        "CertificateDInput" => node.feed(names.certificate(payload)),
        "ProposeValueDInput" => {
            let value = spec_trace::value_id(payload.as_str().expect("a word"));
            let round = round_now.expect("a value is asked for in a round");
            node.feed(Input::Built { height: height_now, round, value });
        }
        "TimeoutDInput" => {
            let kind = match payload.as_str().expect("a timeout") {
                "ProposeTimeout" => TimeoutKind::Propose,
                "PrevoteTimeout" => TimeoutKind::Prevote,
                "PrecommitTimeout" => TimeoutKind::Precommit,
                other => unreachable!("unknown timeout {other}"),
            };
            let round = round_now.expect("a timeout elapses in a round");
            node.feed(Input::Timeout(Timeout { kind, height: height_now, round }));
        }
        "PendingDInput" | "StepChangeDInput" | "NoDInput" => {}
        other => unreachable!("unknown input {other}"),
    }
}

/// Each node is replaced by a driver that receives the same messages: it must say and decide the same.
#[test]
fn the_driver_says_and_decides_the_same() {
    let (mut same, mut apart, mut decided, mut bad) = (0, 0, 0, Vec::new());
    let traces = traces();
    for (path, trace) in &traces {
        let validators = trace["validators"].as_object().expect("validators");
        assert!(
            validators.values().all(|weight| weight == 1),
            "{}: all weigh the same",
            path.display()
        );
        let names = Names::new(validators.len());
        let mut nodes: BTreeMap<&str, Node> = BTreeMap::new();
        let mut before: BTreeMap<&str, (Height, Option<Round>)> = BTreeMap::new();
        for (number, step) in steps(trace).iter().enumerate() {
            let name = step["v"].as_str().expect("a node");
            let at = format!("{} step {number}", path.file_name().expect("a name").display());
            let node = nodes.entry(name).or_insert_with(|| node(&names, &step["v"]));
            let place = before.get(name).copied().unwrap_or((Height::new(1), None));
            deliver(&names, node, step, place);
            let cs = &step["cs"];
            before.insert(name, (height(&cs["height"]), spec_trace::optional_round(&cs["round"])));
            let (kind, payload) = spec_trace::variant(&step["out"]);
            let expected = match kind {
                "VoteOutput" => Statement::Vote(names.vote(payload)),
                "ProposalOutput" => Statement::Proposal(names.proposal(payload)),
                "DecidedOutput" => {
                    let height = height(&cs["height"]).as_u64();
                    let value = spec_trace::value_id(payload[1].as_str().expect("a word"));
                    match node.decisions.get(&height) {
                        Some(found) => {
                            assert_eq!(*found, value, "{at}");
                            decided += 1;
                        }
                        None if node.is_apart => apart += 1,
                        None => bad.push(format!("{at}: not decided")),
                    }
                    continue;
                }
                _ => continue,
            };
            if node.statements.contains(&expected) {
                same += 1;
            } else if node.is_apart
                || node.driver.decision().is_some()
                || !is_backed(&names, node, step)
            {
                node.is_apart = true;
                apart += 1;
            } else {
                let slot = |s: &Statement| (s.height(), s.round(), s.kind());
                let ours: Vec<_> =
                    node.statements.iter().filter(|s| slot(s) == slot(&expected)).collect();
                bad.push(format!(
                    "{at} {}: {expected:?} ours {ours:?} state {:?}",
                    step["in"],
                    node.driver.state()
                ));
                node.is_apart = true;
            }
        }
    }
    println!(
        "{} traces: {same} statements and {decided} decisions equal, {apart} after parting",
        traces.len()
    );
    assert!(bad.is_empty(), "{} \n{}", bad.len(), bad.join("\n"));
}
