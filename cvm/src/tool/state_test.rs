//! Runs state tests: `GeneralStateTests` of ethereum/tests and ethereum/legacytests, `state_tests` of
//! execution-spec-tests.
//!
//! For each fork and variant: execute the transaction on the pre-state, then compare the post-state root, the hash of
//! the logs, the accounts and the receipt where the file has them, and that the transaction is refused where the file
//! says so. A file's signed transaction is decoded and must say the same as its fields.

mod draft;
mod exception;
mod format;
mod prepare;
mod verdict;

pub use format::StateTest;
pub use verdict::{CaseResult, Verdict, logs_hash};

use super::{
    suite::{FileReport, panic_message},
    test_chain::TestChain,
};
use crate::{
    Block, Eip3155Tracer, ExecuteError, Executed, FeeTerms, MemoryState, Transaction, Translate, Vm,
};
use draft::Era;
use format::Expectation;
use prepare::{PrepareError, revision_of};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};
use verdict::Judge;

/// Which cases to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these forks, by the name in the files or of the revision, in any case; empty means all.
    pub forks: Vec<String>,
    /// Only tests whose name contains this.
    pub name_contains: String,
    /// When code is translated for the fast loop.
    pub translate: Translate,
}

impl Selection {
    fn has_fork(&self, fork: &str) -> bool {
        let revision = revision_of(fork);
        let is_wanted = |wanted: &String| {
            wanted.eq_ignore_ascii_case(fork)
                || (revision.is_some() && revision_of(wanted) == revision)
        };
        self.forks.is_empty() || self.forks.iter().any(is_wanted)
    }
}

/// How much a run writes for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// One line for each case, with the state root.
    Outcomes,
    /// The same, after an EIP-3155 line for each step.
    Steps,
}

/// Where to write lines for machines, and how much.
#[expect(missing_debug_implementations, reason = "a writer shows nothing")]
pub struct Lines<'a> {
    /// How much to write.
    pub detail: Detail,
    /// Where to.
    pub out: &'a mut dyn core::fmt::Write,
}

/// Runs state-test files, one after another, on machines that it keeps.
#[derive(Debug)]
pub struct Runner {
    selection: Selection,
    machines: BTreeMap<(Era, u64), Vm>,
}

/// One variant of a test under one fork.
#[derive(Clone, Copy)]
struct Case<'a> {
    fork: &'a str,
    test: &'a StateTest,
    expectation: &'a Expectation,
    pre: &'a MemoryState,
}

impl Runner {
    /// A runner of the selected cases.
    #[must_use]
    pub const fn new(selection: Selection) -> Self {
        Self { selection, machines: BTreeMap::new() }
    }

    /// Runs every selected case of a file. A file that cannot be read or parsed is one failure; a test that is not a
    /// state test (a blockchain test, say) is skipped.
    pub fn run_file(&mut self, path: &Path) -> FileReport {
        self.run_file_writing(path, &mut None)
    }

    /// The same, writing a line for each case, and for each step if wanted.
    pub fn run_file_writing(&mut self, path: &Path, lines: &mut Option<Lines<'_>>) -> FileReport {
        let mut report = FileReport::default();
        let file = path.display();
        let tests = match fs::read_to_string(path)
            .map_err(|error| error.to_string())
            .and_then(|text| parse(&text))
        {
            Ok(tests) => tests,
            Err(error) => {
                report.fail(format!("{file}: {error}"));
                return report;
            }
        };
        for (name, test) in tests {
            if !name.contains(&self.selection.name_contains) {
                continue;
            }
            let title = format!("{file} :: {name}");
            match test {
                Parsed::Test(test) => self.run_test(&title, &name, &test, lines, &mut report),
                Parsed::Malformed(error) => report.fail(format!("{title}: {error}")),
                Parsed::Other => report.skip(format!("{title}: not a state test")),
            }
        }
        report
    }

    fn run_test(
        &mut self,
        title: &str,
        name: &str,
        test: &StateTest,
        lines: &mut Option<Lines<'_>>,
        report: &mut FileReport,
    ) {
        let pre = test.pre.to_state();
        for (fork, expectations) in &test.post {
            if !self.selection.has_fork(fork) {
                continue;
            }
            for expectation in expectations {
                let case = Case { fork, test, expectation, pre: &pre };
                let result = self.run_guarded(case, lines);
                if let Some(lines) = lines {
                    // A closed pipe ends the trace, not the run: its reader wants no more.
                    let _closed =
                        writeln!(lines.out, "{}", result.to_json(name, fork, expectation.indexes));
                }
                let indexes = expectation.indexes;
                let title = || {
                    format!(
                        "{title} :: {fork} d{} g{} v{}",
                        indexes.data, indexes.gas, indexes.value
                    )
                };
                match result.verdict {
                    Verdict::Passed => report.pass(),
                    Verdict::Failed(why) => report.fail(format!("{}: {why}", title())),
                    Verdict::Skipped(why) => report.skip(format!("{}: {why}", title())),
                }
            }
        }
    }

    /// Runs a case; a panic is a failure and costs the machines.
    fn run_guarded(&mut self, case: Case<'_>, lines: &mut Option<Lines<'_>>) -> CaseResult {
        let run = AssertUnwindSafe(|| self.run_case(case, lines));
        catch_unwind(run).unwrap_or_else(|cause| {
            self.machines.clear();
            CaseResult::without_execution(Verdict::Failed(format!(
                "panic: {}",
                panic_message(&*cause)
            )))
        })
    }

    fn run_case(&mut self, case: Case<'_>, lines: &mut Option<Lines<'_>>) -> CaseResult {
        let Case { fork, test, expectation, pre, .. } = case;
        let era = match test.era(fork) {
            Ok(era) => era,
            Err(verdict) => return CaseResult::without_execution(verdict),
        };
        let machine = self.machine(era, test.chain_id());
        let revision = machine.rules().revision();
        let judge = Judge {
            expectation,
            revision,
            coinbase: test.env.current_coinbase.0,
            pre,
            rewards_refused: test.info.filled_by.is_some(),
        };
        let transaction = match test.transaction.to_transaction(expectation, test.chain_id()) {
            Ok(transaction) => transaction,
            Err(error @ PrepareError::Unrepresentable(_)) => {
                return judge.malformed(error.to_string());
            }
            Err(error) => return CaseResult::without_execution(Verdict::Failed(error.to_string())),
        };
        let transaction = match judge.check_encoding(transaction) {
            Ok(transaction) => transaction,
            Err(result) => return *result,
        };
        let schedule = test.blob_schedule(fork);
        if schedule.is_some_and(|schedule| transaction.blob_hashes.len() as u64 > schedule.max) {
            return judge.refused(exception::BLOB_COUNT, "more blobs than a block may have".into());
        }
        let block = test.env.to_block(revision, schedule);
        let block_hashes = test.env.block_hashes();
        let chain = TestChain { state: pre, block_hashes: &block_hashes };
        match execute(machine, &block, &transaction, &chain, lines) {
            Ok(executed) => judge.executed(&executed),
            Err(ExecuteError::Invalid(error)) => {
                judge.refused(exception::names_of_invalid(&error), error.to_string())
            }
            Err(ExecuteError::Refused(error)) => {
                judge.refused(exception::names_of_refusal(&error), error.to_string())
            }
            Err(error) => CaseResult::without_execution(Verdict::Failed(error.to_string())),
        }
    }

    fn machine(&mut self, era: Era, chain_id: u64) -> &mut Vm {
        let translate = self.selection.translate;
        let new = || Vm::new(era.rules().with_chain_id(chain_id)).with_translation(translate);
        self.machines.entry((era, chain_id)).or_insert_with(new)
    }
}

fn execute(
    machine: &mut Vm,
    block: &Block,
    transaction: &Transaction,
    chain: &TestChain<'_>,
    lines: &mut Option<Lines<'_>>,
) -> Result<Executed, ExecuteError> {
    let fee = FeeTerms::default();
    match lines {
        Some(Lines { detail: Detail::Steps, out }) => {
            let mut tracer = Eip3155Tracer::new(*out);
            machine.execute_traced(block, transaction, &fee, chain, &mut tracer)
        }
        _ => machine.execute(block, transaction, &fee, chain),
    }
}

enum Parsed {
    Test(Box<StateTest>),
    Malformed(String),
    Other,
}

/// The tests of a file. One that is malformed does not hide the others.
fn parse(text: &str) -> Result<BTreeMap<String, Parsed>, String> {
    if let Ok(tests) = serde_json::from_str::<BTreeMap<String, Box<StateTest>>>(text) {
        return Ok(tests.into_iter().map(|(name, test)| (name, Parsed::Test(test))).collect());
    }
    let tests: BTreeMap<String, Value> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(tests.into_iter().map(|(name, test)| (name, parse_test(test))).collect())
}

fn parse_test(test: Value) -> Parsed {
    let is_state_test =
        ["env", "pre", "post", "transaction"].iter().all(|key| test.get(key).is_some());
    if !is_state_test {
        return Parsed::Other;
    }
    match serde_json::from_value(test) {
        Ok(test) => Parsed::Test(test),
        Err(error) => Parsed::Malformed(error.to_string()),
    }
}
