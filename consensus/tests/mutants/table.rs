//! The list of mistakes: what is taken out of the sources, and what is put there instead.

/// One mistake, switched in at run time.
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    /// Occurs exactly once in the file.
    pub(crate) original: &'static str,
    /// An expression in its place; or any text in which `ACTIVE` stands for "this mutant is switched in".
    pub(crate) mutated: &'static str,
}

const fn mutant(
    name: &'static str,
    file: &'static str,
    original: &'static str,
    mutated: &'static str,
) -> Mutant {
    Mutant { name, file, original, mutated }
}

const STATE_MACHINE: &str = "state_machine.rs";
const RULES: &str = "driver/rules.rs";
const DRIVER: &str = "driver.rs";
const RECOVERY: &str = "driver/recovery.rs";
const TALLY: &str = "vote_tally.rs";
const THRESHOLD: &str = "threshold.rs";
const CERTIFICATE: &str = "certificate.rs";
const SIGNING: &str = "signing.rs";
const LOCK: &str = "vote_lock.rs";
const LOG: &str = "write_ahead_log.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    // Rounds.
    mutant(
        "L23 prevotes in spite of the lock",
        STATE_MACHINE,
        "state.locked.is_none_or(|locked| locked.value == value)",
        "true",
    ),
    mutant(
        "L29 prevotes in spite of the lock",
        STATE_MACHINE,
        "locked.round <= valid_round || locked.value == value",
        "true",
    ),
    mutant(
        "L29 compares the lock the wrong way round",
        STATE_MACHINE,
        "locked.round <= valid_round || locked.value == value",
        "locked.round >= valid_round || locked.value == value",
    ),
    mutant(
        "L29 is never freed from a lock",
        STATE_MACHINE,
        "locked.round <= valid_round || locked.value == value",
        "locked.value == value",
    ),
    mutant(
        "L38 forgets to lock",
        STATE_MACHINE,
        "RoundState { locked: polka, valid: polka, ..state }",
        "RoundState { valid: polka, ..state }",
    ),
    mutant(
        "L39 locks in round 0",
        STATE_MACHINE,
        "RoundState { locked: polka, valid: polka, ..state }",
        "RoundState { locked: Some(RoundValue { round: Round::ZERO, value }), valid: polka, ..state }",
    ),
    mutant(
        "L42 forgets the valid value when locking",
        STATE_MACHINE,
        "RoundState { locked: polka, valid: polka, ..state }",
        "RoundState { locked: polka, ..state }",
    ),
    mutant(
        "L43 takes the valid round from the round before",
        STATE_MACHINE,
        "RoundState { valid: Some(RoundValue { round, value }), ..state }",
        "RoundState { valid: Some(RoundValue { round: Round::new(round.as_u32().saturating_sub(1)).unwrap_or(round), value }), ..state }",
    ),
    mutant(
        "L15 proposes something new although it has a valid value",
        STATE_MACHINE,
        "match state.valid {\n        Some(valid)",
        "match state.valid.filter(|_| !ACTIVE) {\n        Some(valid)",
    ),
    mutant(
        "L16 proposes a valid value without its round",
        STATE_MACHINE,
        "valid_round: Some(valid.round)",
        "valid_round: Some(valid.round).filter(|_| !ACTIVE)",
    ),
    mutant(
        "L20 does not wait for a proposal",
        STATE_MACHINE,
        "RoundOutput::Schedule(TimeoutKind::Propose, round)",
        "RoundOutput::Nothing",
    ),
    mutant(
        "L34 does not wait for prevotes",
        STATE_MACHINE,
        "schedule(state, TimeoutKind::Prevote)",
        "done(state, RoundOutput::Nothing)",
    ),
    mutant(
        "L47 does not wait for precommits",
        STATE_MACHINE,
        "schedule(state, TimeoutKind::Precommit)",
        "done(state, RoundOutput::Nothing)",
    ),
    // Conditions.
    mutant(
        "L22 does not wait for the verdict",
        RULES,
        "(self.verdict(&value)?, valid_round)",
        "(self.verdict(&value).unwrap_or(Verdict::Valid), valid_round)",
    ),
    mutant(
        "L22 prevotes invalid values",
        RULES,
        "RoundInput::InvalidProposal",
        "RoundInput::Proposal { round, value }",
    ),
    mutant(
        "L28 does not look for the polka",
        RULES,
        "has_polka.then_some(RoundInput::ProposalWithEarlierPolka { value, valid_round })",
        "Some(RoundInput::ProposalWithEarlierPolka { value, valid_round })",
    ),
    mutant(
        "L28 takes a polka for another value",
        RULES,
        "polka.round == valid_round && polka.value == Some(value)",
        "polka.round == valid_round",
    ),
    mutant(
        "L36 precommits what it has not executed",
        RULES,
        "self.verdict(&value) == Some(Verdict::Valid)",
        "true",
    ),
    mutant(
        "L49 decides what it has not executed",
        RULES,
        "match self.verdict(&value) {",
        "match self.verdict(&value).or(ACTIVE.then_some(Verdict::Valid)) {",
    ),
    mutant(
        "never fetches what it missed",
        RULES,
        "out.push(Output::Fetch { height: self.state.height, round, value })",
        "()",
    ),
    // Driver.
    mutant(
        "does not write down what it is about to sign",
        DRIVER,
        "out.push(Output::Persist(LogEntry::Intent { state: self.state, statement, polka }))",
        "drop(polka)",
    ),
    mutant(
        "signs before it writes down",
        DRIVER,
        "out.push(Output::Persist(LogEntry::Intent { state: self.state, statement, polka }));\n        out.push(Output::Sign(statement))",
        "out.push(Output::Sign(statement));\n        out.push(Output::Persist(LogEntry::Intent { state: self.state, statement, polka }))",
    ),
    mutant(
        "writes down a state without the lock",
        DRIVER,
        "state: self.state, statement",
        "state: RoundState { locked: self.state.locked.filter(|_| !ACTIVE), ..self.state }, statement",
    ),
    mutant(
        "does not write down what it has signed",
        DRIVER,
        "out.push(Output::Persist(LogEntry::Signed(signed)))",
        "()",
    ),
    mutant("accepts proposals from anybody", DRIVER, "proposer != self.proposer(round)", "false"),
    mutant(
        "counts one turn too many",
        DRIVER,
        "round.as_u32() - at.as_u32()",
        "round.as_u32() - at.as_u32() + 1",
    ),
    mutant("keeps the proposals of the last height", DRIVER, "self.records.clear()", "()"),
    mutant(
        "does once per height what is to be done once per round",
        DRIVER,
        "self.once = Once::default();\n        self.said",
        "if !ACTIVE { self.once = Once::default(); }\n        self.said",
    ),
    mutant(
        "never says anything again",
        DRIVER,
        "self.say_again(out);\n                self.schedule(TimeoutKind::Rebroadcast, round, out)",
        "self.schedule(TimeoutKind::Rebroadcast, round, out)",
    ),
    mutant(
        "says everything again once only",
        DRIVER,
        "self.say_again(out);\n                self.schedule(TimeoutKind::Rebroadcast, round, out)",
        "self.say_again(out)",
    ),
    mutant(
        "drops its own vote",
        DRIVER,
        "self.tally.add(self.rotation.set(), &Verified::assume(vote));",
        "if !ACTIVE { self.tally.add(self.rotation.set(), &Verified::assume(vote)); }",
    ),
    mutant(
        "decides without handing out the commit",
        DRIVER,
        "out.push(Output::Decide(commit.clone()))",
        "()",
    ),
    // After a crash.
    mutant(
        "forgets its lock in a crash",
        RECOVERY,
        "self.state = state",
        "self.state = crate::RoundState { locked: None, ..state }",
    ),
    mutant(
        "forgets its lock and its valid value in a crash",
        RECOVERY,
        "self.state = state",
        "self.state = crate::RoundState { locked: None, valid: None, ..state }",
    ),
    mutant(
        "starts the height again after a crash",
        RECOVERY,
        "LogEntry::Intent { state, statement, polka } => {",
        "LogEntry::Intent { .. } if ACTIVE => {}\n            LogEntry::Intent { state, statement, polka } => {",
    ),
    mutant(
        "does not start its timers after a crash",
        RECOVERY,
        "self.schedule(TimeoutKind::Rebroadcast, round, out)",
        "()",
    ),
    // Tally.
    mutant(
        "counts every vote twice",
        TALLY,
        "votes.power = votes.power.saturating_add(set.power(index))",
        "votes.power = votes.power.saturating_add(set.power(index)).saturating_add(set.power(index))",
    ),
    mutant(
        "counts a repeated vote as a double vote",
        TALLY,
        "if earlier == vote.value {",
        "if earlier == vote.value && !ACTIVE {",
    ),
    mutant(
        "counts precommits as prevotes",
        TALLY,
        "VoteKind::Precommit => &mut self.precommits",
        "VoteKind::Precommit if ACTIVE => &mut self.prevotes,\n            VoteKind::Precommit => &mut self.precommits",
    ),
    mutant(
        "takes the votes of an earlier round",
        TALLY,
        "self.rounds.iter().rev().find(|votes| votes.round == round)",
        "self.rounds.iter().rev().find(|votes| votes.round <= round)",
    ),
    mutant(
        "takes the first value for the one with the quorum",
        TALLY,
        "self.quorum.map(|at| self.values[usize::from(at)].value)",
        "self.quorum.map(|_| self.values[0].value)",
    ),
    mutant(
        "reports evidence of a vote that was not cast",
        TALLY,
        "Vote { value: earlier, ..*vote }",
        "Vote { value: vote.value, ..*vote }",
    ),
    mutant(
        "never sees two thirds of any votes",
        TALLY,
        "Threshold::TWO_THIRDS.is_met(power, set.total_power())",
        "false",
    ),
    mutant(
        "L55 skips to a round for a single vote",
        TALLY,
        "votes.round > self.current\n                && Threshold::ONE_THIRD.is_met(votes.power, set.total_power())",
        "votes.round > self.current",
    ),
    mutant(
        "L55 skips beyond the window for a single vote",
        TALLY,
        "Threshold::ONE_THIRD.is_met(power, set.total_power()).then_some(round)",
        "Some(round)",
    ),
    mutant("keeps the votes of the last height", TALLY, "self.rounds.clear()", "()"),
    mutant(
        "has commits made of prevotes",
        TALLY,
        "votes.precommits.quorum()??",
        "if ACTIVE { votes.prevotes.quorum()?? } else { votes.precommits.quorum()?? }",
    ),
    // Thresholds.
    mutant(
        "a threshold is met when reached",
        THRESHOLD,
        "u128::from(self.denominator)\n            > u128",
        "u128::from(self.denominator) + u128::from(ACTIVE)\n            > u128",
    ),
    mutant(
        "a threshold is off by one vote",
        THRESHOLD,
        "u128::from(weight.as_u64())",
        "(u128::from(weight.as_u64()) + if ACTIVE { 10 } else { 0 })",
    ),
    mutant("two thirds are one third", THRESHOLD, "u128::from(self.numerator)", "1"),
    mutant(
        "two thirds are all",
        THRESHOLD,
        "u128::from(self.numerator)",
        "u128::from(self.numerator) + 1",
    ),
    // Certificates and signatures.
    mutant(
        "does not check the signatures of certificates",
        CERTIFICATE,
        "verifier.is_valid(&member.address, &digest, signature)",
        "true",
    ),
    mutant(
        "does not check the power of certificates",
        CERTIFICATE,
        "if !Threshold::TWO_THIRDS.is_met(found, set.total_power()) {",
        "if !ACTIVE && !Threshold::TWO_THIRDS.is_met(found, set.total_power()) {",
    ),
    mutant(
        "does not check the power of round certificates",
        CERTIFICATE,
        "if !Threshold::ONE_THIRD.is_met(found, total) {",
        "if !ACTIVE && !Threshold::ONE_THIRD.is_met(found, total) {",
    ),
    mutant(
        "takes certificates with signatures missing",
        CERTIFICATE,
        "if self.signers.count() != self.signatures.len() {",
        "if !ACTIVE && self.signers.count() != self.signatures.len() {",
    ),
    mutant(
        "does not check the signature of a vote",
        SIGNING,
        "verifier.is_valid(&member.address, &self.message.digest(chain), &self.signature)",
        "true",
    ),
    mutant(
        "signs the same bytes for both phases",
        SIGNING,
        "        self.kind.encode(out);",
        "        if !ACTIVE { self.kind.encode(out); }",
    ),
    // Vote lock and log.
    mutant("the vote lock permits a conflict", LOCK, "mark.digest == *digest", "true"),
    mutant(
        "the vote lock permits what is earlier",
        LOCK,
        "(height, round) <= (barrier.height, barrier.round)",
        "false",
    ),
    mutant(
        "the vote lock forgets prevotes",
        LOCK,
        "StatementKind::Prevote => self.prevote = mark,",
        "StatementKind::Prevote if ACTIVE => {}\n            StatementKind::Prevote => self.prevote = mark,",
    ),
    mutant(
        "the vote lock forgets precommits",
        LOCK,
        "StatementKind::Precommit => self.precommit = mark,",
        "StatementKind::Precommit if ACTIVE => {}\n            StatementKind::Precommit => self.precommit = mark,",
    ),
    mutant(
        "the log loses an entry",
        LOG,
        "replay.entries.push(entry)",
        "if offset == 0 { replay.entries.push(entry) }",
    ),
    mutant(
        "the log refuses a torn tail",
        LOG,
        "None => Ok(replay)",
        "None if ACTIVE => Err(LogDamage::Hole { offset, resumes_at: 0 }),\n                None => Ok(replay)",
    ),
    mutant(
        "the log miscounts its frames",
        LOG,
        "frame.sequence.saturating_add(1)",
        "frame.sequence",
    ),
];
