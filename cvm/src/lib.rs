//! Execute EVM bytecode and transactions, exactly and fast, with extra instructions by table.
#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

mod revision;
mod transaction;

pub use primitive_types::{H160 as Address, H256, U256};
pub use revision::{Revision, UnknownRevision};
pub use transaction::{AccessListItem, Authorization, Target, Transaction, TransactionKind};
