//! Keep authenticated accounts and blocks in a store that no crash can corrupt.

mod account;
mod change_set;
mod keccak;
mod nibbles;
pub mod rlp;

pub use account::Account;
pub use change_set::{AccountChange, AccountWrite, ChangeSet};
pub use keccak::{EMPTY_CODE_HASH, EMPTY_TRIE_ROOT, keccak256};
