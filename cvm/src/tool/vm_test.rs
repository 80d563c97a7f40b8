//! Runs VM tests (`VMTests` of ethereum/legacytests): bare code, without a transaction around it.
//!
//! The format predates most forks: its rules are those of Frontier, calls and creations were only recorded and not made
//! by the client that wrote the files. An expectation that is missing altogether means that the code must halt and
//! change nothing.

use super::{
    fixture::{Accounts, Text, small, word},
    state_test::logs_hash,
    suite::{FileReport, panic_message},
};
use crate::{
    Block, CallKind, MemoryState, Message, Outcome, Revision, Rules, Vm, keccak256,
};
use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};
use serde::Deserialize;
use std::{collections::BTreeMap, format, fs, path::Path, string::{String, ToString}};

#[derive(Clone, Debug, Deserialize)]
struct VmTest {
    env: Environment,
    exec: Execution,
    pre: Accounts,
    /// The four below are there, or the code must halt.
    post: Option<Accounts>,
    gas: Option<Gas>,
    out: Option<Text<Bytes>>,
    logs: Option<Text<H256>>,
}
