//! Runs VM tests (`VMTests` of ethereum/legacytests): bare code, without a transaction around it.
//!
//! The format is from the first year of Ethereum and so are its rules, Frontier's. The value of the call is what the
//! code sees and does not move. A test without `gas` and `post` must halt.

use super::{
    fixture::{Accounts, Text, small, word},
    state_test::logs_hash,
    suite::{FileReport, panic_message},
    test_chain::TestChain,
};
use crate::{Block, Called, MemoryState, Message, Outcome, Revision, Rules, Vm};
use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

/// Runs every test of a file. A file that cannot be read or parsed is one failure.
pub fn run_file(path: &Path) -> FileReport {
    let mut report = FileReport::default();
    let file = path.display();
    let parse = |text: String| serde_json::from_str(&text).map_err(|error| error.to_string());
    let tests: BTreeMap<String, VmTest> =
        match fs::read_to_string(path).map_err(|error| error.to_string()).and_then(parse) {
            Ok(tests) => tests,
            Err(error) => {
                report.fail(format!("{file}: {error}"));
                return report;
            }
        };
    for (name, test) in tests {
        let result = catch_unwind(AssertUnwindSafe(|| test.run()));
        let result =
            result.unwrap_or_else(|cause| Err(format!("panic: {}", panic_message(&*cause))));
        match result {
            Ok(()) => report.pass(),
            Err(why) => report.fail(format!("{file} :: {name}: {why}")),
        }
    }
    report
}

#[derive(Clone, Debug, Deserialize)]
struct VmTest {
    env: Environment,
    exec: Execution,
    pre: Accounts,
    /// These four are there together, or the code must halt.
    post: Option<Accounts>,
    gas: Option<Gas>,
    out: Option<Text<Bytes>>,
    logs: Option<Text<H256>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
struct Gas(#[serde(deserialize_with = "small")] u64);

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Environment {
    current_coinbase: Text<Address>,
    #[serde(deserialize_with = "word")]
    current_difficulty: U256,
    #[serde(deserialize_with = "small")]
    current_gas_limit: u64,
    #[serde(deserialize_with = "small")]
    current_number: u64,
    #[serde(deserialize_with = "small")]
    current_timestamp: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Execution {
    address: Text<Address>,
    caller: Text<Address>,
    origin: Text<Address>,
    code: Text<Bytes>,
    data: Text<Bytes>,
    #[serde(deserialize_with = "small")]
    gas: u64,
    #[serde(deserialize_with = "word")]
    gas_price: U256,
    #[serde(deserialize_with = "word")]
    value: U256,
}

impl VmTest {
    /// Runs the code and says what differs, if anything does.
    fn run(&self) -> Result<(), String> {
        let pre = self.pre.to_state();
        let message = self.exec.to_message();
        let chain = TestChain { state: &pre, block_hashes: &BTreeMap::new() };
        let mut machine = Vm::new(Rules::ethereum(Revision::Frontier));
        let called = machine
            .call(&self.env.to_block(), &message, &chain)
            .map_err(|error| error.to_string())?;
        let mut post = pre.clone();
        post.apply(&called.diff);
        let differences = self.compare(&called, &post);
        if differences.is_empty() { Ok(()) } else { Err(differences.join("; ")) }
    }

    fn compare(&self, called: &Called, post: &MemoryState) -> Vec<String> {
        let mut differences = Vec::new();
        let Some(Gas(gas)) = self.gas else {
            if !matches!(called.outcome, Outcome::Halt(_)) {
                differences.push(format!("expected a halt, found {:?}", called.outcome));
            }
            return differences;
        };
        let mut compare = |what: &str, expected: String, found: String| {
            if expected != found {
                differences.push(format!("{what}: expected {expected}, found {found}"));
            }
        };
        let gas_left = self.exec.gas.saturating_sub(called.gas_used);
        compare("gas left", gas.to_string(), gas_left.to_string());
        if let Outcome::Halt(halt) = called.outcome {
            compare("outcome", "success".into(), halt.to_string());
        }
        if let Some(expected) = &self.out {
            compare("output", hex::encode(&expected.0), hex::encode(called.outcome.output()));
        }
        if let Some(expected) = &self.logs {
            compare(
                "logs hash",
                format!("{:#x}", expected.0),
                format!("{:#x}", logs_hash(&called.logs)),
            );
        }
        differences.extend(self.post.as_ref().and_then(|accounts| accounts.difference(post)));
        differences
    }
}

impl Environment {
    fn to_block(&self) -> Block {
        Block {
            number: self.current_number,
            timestamp: self.current_timestamp,
            gas_limit: self.current_gas_limit,
            beneficiary: self.current_coinbase.0,
            difficulty: self.current_difficulty,
            ..Block::default()
        }
    }
}

impl Execution {
    fn to_message(&self) -> Message {
        Message {
            caller: self.caller.0,
            address: self.address.0,
            // Giving the code keeps the value from moving.
            code: Some(self.code.0.clone()),
            input: self.data.0.clone(),
            value: self.value,
            gas_limit: self.gas,
            origin: self.origin.0,
            gas_price: self.gas_price,
            ..Message::default()
        }
    }
}
