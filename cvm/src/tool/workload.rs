//! Benchmark workloads as JSON files: a state, one transaction on it, and what it must give.

use super::fixture::{Accounts, Text, small, word};
use crate::{
    Block, ExecuteError, Executed, FeeTerms, MemoryState, Revision, Rules, Target, Transaction,
    TransactionKind, UnknownRevision, Vm,
};
use bytes::Bytes;
use primitive_types::{H160 as Address, U256};
use serde::Deserialize;

/// A workload that can be run again and again from the same state.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// The rules it is written for.
    pub revision: Revision,
    state: MemoryState,
    transaction: Transaction,
    expected: Expected,
}

/// Why a workload cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// The file is not of the format.
    #[error("not a workload: {0}")]
    Format(#[from] serde_json::Error),
    /// The rules have no such name.
    #[error("unknown revision {0:?}")]
    Revision(String),
    /// The transaction did not execute.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The transaction gave something else than the file says.
    #[error("{what}: expected {expected}, found {found}")]
    Differs {
        /// What differs.
        what: &'static str,
        /// What the file says.
        expected: String,
        /// What came out.
        found: String,
    },
}

#[derive(Clone, Debug, Deserialize)]
struct File {
    name: String,
    rev: String,
    pre: Accounts,
    tx: Call,
    expected: Expected,
}

#[derive(Clone, Debug, Deserialize)]
struct Call {
    from: Text<Address>,
    to: Text<Address>,
    data: Text<Bytes>,
    #[serde(deserialize_with = "small")]
    gas: u64,
    #[serde(default, deserialize_with = "word")]
    value: U256,
}

#[derive(Clone, Debug, Deserialize)]
struct Expected {
    ok: bool,
    #[serde(deserialize_with = "small")]
    gas_used: u64,
    output: Text<Bytes>,
}

impl Workload {
    /// Reads a workload.
    ///
    /// # Errors
    /// [`WorkloadError`] when the text is not one.
    pub fn parse(text: &str) -> Result<Self, WorkloadError> {
        let file: File = serde_json::from_str(text)?;
        let revision = file
            .rev
            .replace('_', "")
            .parse()
            .map_err(|UnknownRevision| WorkloadError::Revision(file.rev.clone()))?;
        let state = file.pre.to_state();
        let sender = file.tx.from.0;
        let nonce = state.accounts().get(&sender).map_or(0, |account| account.nonce);
        let transaction = Transaction {
            kind: TransactionKind::Legacy,
            chain_id: None,
            sender,
            nonce,
            gas_limit: file.tx.gas,
            target: Target::Call(file.tx.to.0),
            value: file.tx.value,
            input: file.tx.data.0,
            max_fee_per_gas: U256::zero(),
            max_priority_fee_per_gas: U256::zero(),
            access_list: Vec::new(),
            max_fee_per_blob_gas: U256::zero(),
            blob_hashes: Vec::new(),
            authorizations: Vec::new(),
        };
        Ok(Self { name: file.name, revision, state, transaction, expected: file.expected })
    }

    /// A loop that multiplies, hashes and stores: what to time when no file is at hand.
    #[must_use]
    pub fn built_in() -> Self {
        let contract = Address::from_low_u64_be(0xc0de);
        let mut state = MemoryState::default();
        state.account_mut(contract).code = BUILT_IN_CODE.into();
        let transaction = Transaction {
            kind: TransactionKind::Legacy,
            chain_id: None,
            sender: Address::from_low_u64_be(1),
            nonce: 0,
            gas_limit: 100_000_000,
            target: Target::Call(contract),
            value: U256::zero(),
            input: Bytes::new(),
            max_fee_per_gas: U256::zero(),
            max_priority_fee_per_gas: U256::zero(),
            access_list: Vec::new(),
            max_fee_per_blob_gas: U256::zero(),
            blob_hashes: Vec::new(),
            authorizations: Vec::new(),
        };
        let expected = Expected { ok: true, gas_used: BUILT_IN_GAS, output: Text(Bytes::new()) };
        Self { name: "built-in".into(), revision: Revision::Cancun, state, transaction, expected }
    }

    /// A machine for this workload.
    #[must_use]
    pub fn machine(&self) -> Vm {
        Vm::new(Rules::ethereum(self.revision))
    }

    /// Executes the transaction on the state, which stays as it is.
    ///
    /// # Errors
    /// [`ExecuteError`] when the transaction may not be executed.
    pub fn execute(&self, machine: &mut Vm) -> Result<Executed, ExecuteError> {
        let block = Block { number: 1, timestamp: 1, gas_limit: u64::MAX >> 1, ..Block::default() };
        machine.execute(&block, &self.transaction, &FeeTerms::default(), &self.state)
    }

    /// Executes once and compares with what the file says.
    ///
    /// # Errors
    /// [`WorkloadError`] when it differs.
    pub fn check(&self, machine: &mut Vm) -> Result<Executed, WorkloadError> {
        let executed = self.execute(machine)?;
        let compare = |what, expected: String, found: String| {
            if expected == found {
                Ok(())
            } else {
                Err(WorkloadError::Differs { what, expected, found })
            }
        };
        compare(
            "success",
            self.expected.ok.to_string(),
            executed.outcome.is_success().to_string(),
        )?;
        compare("gas used", self.expected.gas_used.to_string(), executed.gas_used.to_string())?;
        let output = hex::encode(executed.outcome.output());
        compare("output", hex::encode(&self.expected.output.0), output)?;
        Ok(executed)
    }
}

/// `for n in (1..=100_000).rev() { memory[0..32] = n * n; keccak256(memory[0..32]); }`
#[rustfmt::skip]
const BUILT_IN_CODE: &[u8] = &[
    0x62, 0x01, 0x86, 0xa0,         // PUSH3 100000
    0x5b,                           // JUMPDEST (4)
    0x80, 0x80, 0x02, 0x5f, 0x52,   // DUP1 DUP1 MUL PUSH0 MSTORE
    0x60, 0x20, 0x5f, 0x20, 0x50,   // PUSH1 32 PUSH0 KECCAK256 POP
    0x60, 0x01, 0x90, 0x03,         // PUSH1 1 SWAP1 SUB
    0x80, 0x60, 0x04, 0x57,         // DUP1 PUSH1 4 JUMPI
    0x00,                           // STOP
];

/// 21,000 for the transaction, 3 for the count, 3 for the memory, and 85 for each turn: 1 + (3+3+5+2+3) + (3+2+36+2) +
/// (3+3+3) + (3+3+10).
const BUILT_IN_GAS: u64 = 21_000 + 3 + 3 + 100_000 * 85;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_workload_gives_what_it_says() {
        let workload = Workload::built_in();
        workload.check(&mut workload.machine()).unwrap();
    }

    #[test]
    fn a_wrong_expectation_is_found() {
        let text = r#"{"name": "stop", "rev": "CANCUN",
            "pre": {"0x00000000000000000000000000000000000000aa": {"code": "0x00"}},
            "tx": {"from": "0x0000000000000000000000000000000000000001",
                   "to": "0x00000000000000000000000000000000000000aa", "data": "0x", "gas": 100000},
            "expected": {"ok": true, "gas_used": 21001, "output": "0x"}}"#;
        let workload = Workload::parse(text).unwrap();
        let result = workload.check(&mut workload.machine());
        assert!(
            matches!(result, Err(WorkloadError::Differs { what: "gas used", .. })),
            "{result:?}"
        );
        assert!(matches!(Workload::parse("{}"), Err(WorkloadError::Format(_))));
    }
}
