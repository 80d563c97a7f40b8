//! Keep authenticated accounts and blocks in a store that no crash can corrupt.
//!
//! [`State`] is the store: [`State::commit`] makes a block durable with one record in the journal, [`State::at`] reads
//! any recent height beside it, [`State::prove`] proves accounts. The engine under the view is a port ([`KeyValue`]),
//! and so is the file system ([`disk::Disk`]); sled is named in one file. [`StateTrie`] is the trie alone.
//!
//! # Invariants
//!
//! - The journal is the truth. The view never holds a block that is not durable in it.
//! - A store is never opened below what it acknowledged, nor with a state whose root is not the journal's.
//! - Bytes from disk or from peers never cause a panic or a wrong value; they cause an error that names them.
//! - No rule of any virtual machine is known here; blocks, receipts and certificates are opaque bytes.
//!
//! The repository's `FORMAT.md` describes every byte written, and why a crash at any moment is safe.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod account;
mod applier;
mod block;
mod byte_reader;
mod change_set;
mod checkpoint;
mod diff;
pub mod disk;
mod disk_error;
mod engine_guard;
mod fingerprint;
mod journal;
mod keccak;
mod key_value;
mod memory_store;
mod nibbles;
mod open;
mod options;
mod packed_account;
mod proof;
mod range_proof;
mod read_error;
mod read_view;
mod recent;
#[cfg(feature = "redb")]
mod redb_store;
mod repair;
pub mod rlp;
mod schema;
mod shared;
#[cfg(feature = "sled")]
mod sled_store;
mod snapshot;
mod state;
mod state_trie;
mod trie;
mod trie_root;
mod verify;
mod view;

pub use account::Account;
pub use applier::ApplyError;
pub use block::{Block, StoredBlock, Tip};
pub use byte_reader::Malformed;
pub use change_set::{AccountChange, AccountWrite, ChangeSet};
pub use disk_error::DiskError;
pub use journal::{AppendError, RecordError, scan::ScanError};
pub use keccak::{EMPTY_CODE_HASH, EMPTY_TRIE_ROOT, keccak256, keccak256_many};
pub use key_value::{Batch, KeyValue, KeyValueError, Visitor};
pub use memory_store::MemoryStore;
pub use open::{Finding, OpenError, OpenReport};
pub use options::{Apply, Engine, History, Options};
pub use proof::{AccountProof, ProofError, StorageProof, verify_proof};
pub use range_proof::{RangeEnd, RangeProof};
pub use read_error::{FormError, ReadError};
pub use read_view::ReadView;
#[cfg(feature = "redb")]
pub use redb_store::RedbStore;
pub use repair::{RepairError, RepairMode, RepairReport, RepairStep};
pub use schema::{DamagedEntry, NAME_BYTES_MAX, SCHEMA_VERSION};
#[cfg(feature = "sled")]
pub use sled_store::SledStore;
pub use snapshot::{
    CHUNK_BYTES, ChunkEntry, ChunkError, ChunkId, ChunkKind, Manifest, ManifestError, Progress,
    SnapshotError, Spool, base::RestoreError, verify_snapshot,
};
pub use state::{CloseError, CommitError, Committed, State, Stats};
pub use state_trie::{
    Applied, NoStorage, StateTrie, StateTrieMemory, StateTrieOptions, StorageError, StorageReader,
    StorageReaderError, Undo,
};
pub use trie_root::{ordered_trie_root, sorted_trie_root};
pub use verify::{Problem, VerifyError, VerifyLevel};
