//! Compares what happened with what a state test expects.

use super::{
    exception,
    format::{Expectation, Indexes, Receipt, ReceiptLog, Status},
};
use crate::{
    AccountDiff, Envelope, Executed, Log, MemoryState, Outcome, Revision, StateDiff, Transaction,
    keccak256,
    tool::{fixture::Number, trie::state_root},
};
use bytes::Bytes;
use primitive_types::{H160 as Address, H256};
use rlp::RlpStream;

/// Whether a case held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that the file states was so.
    Passed,
    /// What differed.
    Failed(String),
    /// Why the case does not apply.
    Skipped(String),
}

/// What one case gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// Whether it held.
    pub verdict: Verdict,
    /// The root of the state afterwards; `None` when nothing was executed.
    pub state_root: Option<H256>,
    /// The keccak-256 of the RLP of the logs.
    pub logs_hash: H256,
    /// The bytes that the transaction returned.
    pub output: Bytes,
    /// Gas charged.
    pub gas_used: u64,
    /// Whether the transaction succeeded.
    pub is_success: bool,
    /// Why the transaction was refused or halted; empty when it was not.
    pub error: String,
}

impl CaseResult {
    /// A result without a transaction.
    pub(super) fn without_execution(verdict: Verdict) -> Self {
        Self {
            verdict,
            state_root: None,
            logs_hash: logs_hash(&[]),
            output: Bytes::new(),
            gas_used: 0,
            is_success: false,
            error: String::new(),
        }
    }

    /// The summary line of EIP-3155, as fuzzers read it.
    pub(super) fn to_json(&self, name: &str, fork: &str, indexes: Indexes) -> String {
        let (verdict, reason) = match &self.verdict {
            Verdict::Passed => ("passed", ""),
            Verdict::Failed(why) => ("failed", why.as_str()),
            Verdict::Skipped(why) => ("skipped", why.as_str()),
        };
        let mut line = serde_json::json!({
            "output": format!("0x{}", hex::encode(&self.output)),
            "gasUsed": format!("{:#x}", self.gas_used),
            "pass": self.is_success,
            "error": self.error,
            "fork": fork,
            "logsHash": self.logs_hash,
            "test": name,
            "d": indexes.data,
            "g": indexes.gas,
            "v": indexes.value,
            "verdict": verdict,
            "reason": reason,
        });
        line["logsHash"] = format!("{:#x}", self.logs_hash).into();
        match self.state_root {
            // Readers look for the first `"stateRoot":"` of a line without spaces.
            Some(root) => format!("{{\"stateRoot\":\"{root:#x}\",{}", &line.to_string()[1..]),
            None => line.to_string(),
        }
    }
}

/// The keccak-256 of the RLP list of logs, each a list of address, topics and data.
#[must_use]
pub fn logs_hash(logs: &[Log]) -> H256 {
    let mut stream = RlpStream::new_list(logs.len());
    for log in logs {
        stream
            .begin_list(3)
            .append(&log.address)
            .append_list(&log.topics)
            .append(&log.data.as_ref());
    }
    keccak256(&stream.out())
}

/// A case's expectation and what it is measured against.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) expectation: &'a Expectation,
    pub(super) revision: Revision,
    pub(super) coinbase: Address,
    pub(super) pre: &'a MemoryState,
    /// Whether the file was filled by retesteth, which gives the block reward even when the transaction is refused.
    pub(super) rewards_refused: bool,
}

impl Judge<'_> {
    /// Decodes the signed form, if the file has it, and compares it with what the fields say.
    ///
    /// Returns the transaction to execute: the decoded one, which knows whether it is bound to a chain.
    pub(super) fn check_encoding(
        &self,
        fields: Transaction,
    ) -> Result<Transaction, Box<CaseResult>> {
        let Some(bytes) = &self.expectation.txbytes else { return Ok(fields) };
        let decoded = Envelope::decode(&bytes.0)
            .map_err(|error| Box::new(self.malformed(error.to_string())))?;
        let mut decoded = decoded
            .into_transaction()
            .map_err(|error| Box::new(self.malformed(error.to_string())))?;
        let chain_id = core::mem::replace(&mut decoded.chain_id, fields.chain_id);
        if decoded != fields {
            let why = format!("txbytes and fields differ: {decoded:?} against {fields:?}");
            return Err(Box::new(CaseResult::without_execution(Verdict::Failed(why))));
        }
        decoded.chain_id = chain_id;
        Ok(decoded)
    }

    /// The transaction cannot be encoded or decoded, or nobody can have signed it.
    pub(super) fn malformed(&self, why: String) -> CaseResult {
        self.refused_for(None, why)
    }

    /// The transaction may not be in a block.
    pub(super) fn refused(&self, names: &[&str], why: String) -> CaseResult {
        self.refused_for(Some(names), why)
    }

    /// A refused transaction must leave no trace, and the file must expect the refusal.
    fn refused_for(&self, names: Option<&[&str]>, why: String) -> CaseResult {
        let mut result = CaseResult::without_execution(Verdict::Passed);
        match (&self.expectation.expect_exception, names) {
            (Some(expected), Some(names)) if !exception::allows(expected, names) => {
                result.differs(format!("refused for another reason than {expected}: {why}"));
            }
            (Some(_), _) => {}
            // Files without a signed transaction are older than `expectException`: there the root alone tells.
            (None, _) if self.expectation.txbytes.is_none() => {}
            (None, _) => result.differs(format!("refused: {why}")),
        }
        result.error = why;
        let mut post = self.pre.clone();
        if self.rewards_refused {
            self.reward_nothing(&mut post);
        }
        self.compare_state(&post, &mut result);
        self.expect_logs(&[], &mut result);
        result
    }

    /// The transaction was executed: compare all that the file states.
    pub(super) fn executed(&self, executed: &Executed) -> CaseResult {
        let mut result = CaseResult::without_execution(Verdict::Passed);
        result.output = Bytes::copy_from_slice(executed.outcome.output());
        result.gas_used = executed.gas_used;
        result.is_success = executed.outcome.is_success();
        match &executed.outcome {
            Outcome::Halt(halt) => result.error = halt.to_string(),
            Outcome::Revert { .. } => result.error = "execution reverted".into(),
            Outcome::Success { .. } | Outcome::Created { .. } => {}
        }
        if let Some(exception) = &self.expectation.expect_exception {
            result.verdict = Verdict::Failed(format!("executed, but {exception} was expected"));
        }
        let mut post = self.pre.clone();
        post.apply(&executed.diff);
        self.reward_nothing(&mut post);
        self.compare_state(&post, &mut result);
        self.expect_logs(&executed.logs, &mut result);
        if let Some(receipt) = &self.expectation.receipt {
            receipt.compare(executed, &mut result);
        }
        result
    }

    fn compare_state(&self, post: &MemoryState, result: &mut CaseResult) {
        let root = state_root(post);
        result.state_root = Some(root);
        let difference =
            self.expectation.state.as_ref().and_then(|accounts| accounts.difference(post));
        if let Some(difference) = difference {
            result.differs(difference);
        }
        match &self.expectation.hash {
            Some(expected) if expected.0.is_zero() => {
                result.verdict = Verdict::Skipped("not filled: the expected root is zero".into());
            }
            Some(expected) if expected.0 != root => {
                result.differs(format!("state root: expected {:#x}, found {root:#x}", expected.0));
            }
            None if self.expectation.state.is_none() => {
                result.verdict = Verdict::Skipped("no state to compare with".into());
            }
            _ => {}
        }
    }

    /// The block reward of state tests: zero wei, which touches the beneficiary all the same.
    ///
    /// So before EIP-161 it comes to exist, and since then it disappears when it is empty.
    fn reward_nothing(&self, post: &mut MemoryState) {
        if self.revision < Revision::SpuriousDragon {
            post.account_mut(self.coinbase);
            return;
        }
        let Some(account) = post.accounts().get(&self.coinbase) else { return };
        if account.nonce == 0 && account.balance.is_zero() && account.code.is_empty() {
            let removed = AccountDiff {
                address: self.coinbase,
                before: None,
                account: None,
                code: None,
                storage_cleared: true,
                storage: Vec::new(),
            };
            post.apply(&StateDiff { accounts: Vec::from([removed]) });
        }
    }

    fn expect_logs(&self, logs: &[Log], result: &mut CaseResult) {
        result.logs_hash = logs_hash(logs);
        if let Some(expected) = &self.expectation.logs
            && expected.0 != result.logs_hash
        {
            result.differs(format!(
                "logs hash: expected {:#x}, found {:#x}",
                expected.0, result.logs_hash
            ));
        }
    }
}

impl CaseResult {
    /// Makes the verdict a failure, or adds a reason to one; what was skipped stays so.
    fn differs(&mut self, why: String) {
        match &mut self.verdict {
            Verdict::Passed => self.verdict = Verdict::Failed(why),
            Verdict::Failed(reasons) => {
                reasons.push_str("; ");
                reasons.push_str(&why);
            }
            Verdict::Skipped(_) => {}
        }
    }
}

impl Receipt {
    fn compare(&self, executed: &Executed, result: &mut CaseResult) {
        if let Some(expected) = self.gas_used.and_then(Number::to_u64)
            && expected != executed.gas_used
        {
            result.differs(format!("gas used: expected {expected}, found {}", executed.gas_used));
        }
        let status = self.status.map(|status| match status {
            Status::Flag(is_success) => is_success,
            Status::Number(number) => number.to_u64() != Some(0),
        });
        if let Some(expected) = status
            && expected != executed.outcome.is_success()
        {
            result.differs(format!("receipt status: expected {expected}"));
        }
        if let Some(expected) = &self.logs {
            let expected: Vec<Log> = expected.iter().map(ReceiptLog::to_log).collect();
            if expected != executed.logs {
                result.differs(format!(
                    "receipt logs: expected {expected:?}, found {:?}",
                    executed.logs
                ));
            }
        }
    }
}

impl ReceiptLog {
    fn to_log(&self) -> Log {
        Log {
            address: self.address.0,
            topics: self.topics.iter().map(|topic| topic.0).collect(),
            data: self.data.0.clone(),
        }
    }
}
