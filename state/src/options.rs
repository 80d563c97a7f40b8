//! How a store is kept.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};

use primitive_types::H256;

use crate::disk::{Disk, FileDisk};

/// The engine of the view. The journal is the same with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Nothing on disk but the journal; the view is rebuilt at each start. For tests, tools and small chains.
    Memory,
    /// sled 0.34.7.
    #[cfg(feature = "sled")]
    Sled,
    /// redb.
    #[cfg(feature = "redb")]
    Redb,
}

/// How much of the past can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// The state at every height.
    Archive,
    /// The state at this many heights below the tip.
    Full(u64),
    /// The state at the heights that are in memory.
    Minimal,
}

/// When the view follows the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apply {
    /// In a thread of its own, so that a commit costs one append.
    Background,
    /// Before a commit returns; everything happens in one order, as simulations need.
    Inline,
}

/// Everything that can be chosen about a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the store.
    pub folder: PathBuf,
    /// A second folder, best on another disk, that holds a copy of the journal.
    pub mirror: Option<PathBuf>,
    /// What tells this chain from others; a store of another chain is refused.
    pub chain_id: H256,
    /// The file system.
    pub disk: Arc<dyn Disk>,
    /// The engine of the view.
    pub engine: Engine,
    /// How much of the past can be read.
    pub history: History,
    /// When the view follows the journal.
    pub apply: Apply,
    /// Blocks between two checkpoints of the view.
    pub checkpoint_blocks: u64,
    /// Bytes of journal between two checkpoints of the view.
    pub checkpoint_bytes: u64,
    /// Size at which a new segment of the journal is started.
    pub segment_bytes_max: u64,
    /// Blocks whose changes stay in memory.
    pub recent_blocks: usize,
    /// Memory for the changes of recent blocks.
    pub recent_bytes: usize,
    /// Memory for the cache of the engine.
    pub cache_bytes: u64,
    /// How long the engine may take to open before its files are taken for damaged.
    pub open_limit_ms: u64,
    /// Threads that hash large batches together.
    pub hash_threads: NonZeroUsize,
}

impl Options {
    /// A store in a folder, on sled if that is compiled in, with full history of 10,064 blocks.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            mirror: None,
            chain_id: H256::zero(),
            disk: Arc::new(FileDisk::new()),
            engine: default_engine(),
            history: History::Full(10_064),
            apply: Apply::Background,
            checkpoint_blocks: 256,
            checkpoint_bytes: 64 << 20,
            segment_bytes_max: 64 << 20,
            recent_blocks: 128,
            recent_bytes: 64 << 20,
            cache_bytes: 256 << 20,
            open_limit_ms: 60_000,
            hash_threads: NonZeroUsize::MIN,
        }
    }

    /// A store that lives in memory and is gone when dropped.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            disk: Arc::new(crate::disk::simulated::SimulatedDisk::new()),
            engine: Engine::Memory,
            apply: Apply::Inline,
            history: History::Archive,
            ..Self::new("/")
        }
    }

    pub(crate) fn journal_folder(&self) -> PathBuf {
        self.folder.join("journal")
    }

    pub(crate) fn view_folder(&self) -> PathBuf {
        self.folder.join("view")
    }
}

#[cfg(feature = "sled")]
const fn default_engine() -> Engine {
    Engine::Sled
}

#[cfg(not(feature = "sled"))]
const fn default_engine() -> Engine {
    Engine::Memory
}
