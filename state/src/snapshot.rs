//! Snapshots: the whole state at a height in chunks, each of which proves itself against the state root.
//!
//! Every node that makes the snapshot of a height makes the same bytes: entries in order of key, cut where a chunk
//! reaches [`CHUNK_BYTES`]. A chunk is named by the BLAKE3 hash of its bytes. A chunk of accounts carries the nodes on
//! its edges, so that it can be checked alone, in any order, from any peer, before anything is written.

pub(crate) mod base;
pub(crate) mod chunk;
pub(crate) mod create;
mod manifest;
pub(crate) mod verify;

use std::path::PathBuf;

use primitive_types::H256;

pub use self::{
    chunk::ChunkError,
    manifest::{ChunkEntry, ChunkId, ChunkKind, Manifest, ManifestError},
    verify::{Spool, verify_snapshot},
};
use crate::{disk_error::DiskError, read_error::ReadError, state_trie::StorageError};

/// Size at which a chunk is closed, in bytes of entries.
pub const CHUNK_BYTES: usize = 4 << 20;

/// How far a long task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub done: u64,
    /// All steps; 0 when not known.
    pub total: u64,
}

/// A snapshot cannot be made, checked or restored.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The state cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The storage of an account cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The manifest is damaged or missing.
    #[error("manifest {}: {source}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ManifestError,
    },
    /// The manifest is of another state than the one that is trusted.
    #[error("the manifest is of root {found:?}, trusted is {trusted:?}")]
    Root {
        /// The root in the manifest, or that the state has.
        found: H256,
        /// The root that is trusted.
        trusted: H256,
    },
    /// A chunk is missing, damaged, or proves nothing.
    #[error("chunk {index}: {source}")]
    Chunk {
        /// Its place in the manifest.
        index: usize,
        /// What is wrong.
        source: ChunkError,
    },
    /// The folder already holds a store.
    #[error("{} already holds a store; restore into a new folder", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A worker thread panicked.
    #[error("a worker thread ended early")]
    Worker,
}
