//! Benchmark workloads: a state, one transaction and what it must give, as JSON.

use super::fixture::{Accounts, NotANumber, Text, parse_bytes, small, word};
use crate::{Block, Executed, FeeTerms, MemoryState, Revision, Target, Transaction, TransactionKind, UnknownRevision};
use bytes::Bytes;
use primitive_types::{H160 as Address, U256};
use serde::Deserialize;
use std::{
    format,
    string::{String, ToString},
    vec::Vec,
};
