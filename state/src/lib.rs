//! Keep authenticated accounts and blocks in a store that no crash can corrupt.

mod account;
mod change_set;
mod keccak;
mod nibbles;
mod packed_account;
mod proof;
mod range_proof;
pub mod rlp;
mod state_trie;
mod trie;
mod trie_root;

pub use account::Account;
pub use change_set::{AccountChange, AccountWrite, ChangeSet};
pub use keccak::{EMPTY_CODE_HASH, EMPTY_TRIE_ROOT, keccak256, keccak256_many};
pub use proof::{AccountProof, ProofError, StorageProof, verify_proof};
pub use range_proof::{RangeEnd, RangeProof};
pub use state_trie::{
    Applied, NoStorage, StateTrie, StateTrieMemory, StateTrieOptions, StorageError, StorageReader,
    StorageReaderError, Undo,
};
pub use trie_root::{ordered_trie_root, sorted_trie_root};
