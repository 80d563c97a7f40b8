//! Opening a store: find out what is there, put it right, or refuse with a reason.
//!
//! The ladder, each rung of which leaves a [`Finding`]: the lock; the checkpoint; the journal from there to its last
//! intact record; what was acknowledged against it; the engine behind a guard; the view against the journal; blocks
//! that the view lacks; the sum over all entries and the state root. A view that fails on any rung is set aside and
//! rebuilt from the base and the journal.

pub(crate) mod view_ladder;

use std::{io::ErrorKind, path::PathBuf, sync::Arc};

use primitive_types::H256;

use self::view_ladder::{OpenedView, ViewLadder};
use crate::{
    applier::{Applier, ApplierHandle, ApplyError},
    block::Tip,
    checkpoint::{self, Closing},
    disk_error::DiskError,
    fingerprint::Fingerprint,
    journal::{
        End, Journal, JournalFiles, RecordError, acknowledged, mend,
        scan::{Scan, ScanError, ScanMode, scan},
        segment::segment_path,
    },
    key_value::KeyValueError,
    options::{Apply, Options},
    read_error::ReadError,
    recent::{Layer, Recent},
    schema::{Position, ViewMeta},
    shared::Shared,
    snapshot::{SnapshotError, base},
    state::{State, Writer},
    state_trie::StateTrie,
};

/// Something that opening a store met and dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Checkpoint files were damaged.
    CheckpointsDamaged {
        /// How many.
        count: usize,
    },
    /// Parts of the journal were restored from the mirror or from what surrounds them.
    JournalHealed {
        /// How many.
        count: usize,
    },
    /// A record that was being written when the machine stopped was removed; it was never acknowledged.
    TornTailCut {
        /// Bytes removed.
        bytes: u64,
    },
    /// The view could not be used.
    ViewRejected {
        /// Why.
        reason: String,
        /// Where its files are now.
        set_aside: Option<PathBuf>,
    },
    /// The view was rebuilt from the base and the journal.
    ViewRebuilt {
        /// Blocks replayed.
        blocks: u64,
    },
    /// The view lacked the last blocks, and got them from the journal.
    ViewRolledForward {
        /// Blocks replayed.
        blocks: u64,
    },
    /// The store was not closed in order, so everything was checked.
    NotClosed,
    /// Some recent blocks cannot be read back; the state is not affected.
    RecentBlocksUnreadable {
        /// The newest of them.
        height: u64,
    },
}

/// What opening a store found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// In the order in which they were met.
    pub findings: Vec<Finding>,
}

impl OpenReport {
    /// Says whether nothing was wrong: a store that was not closed is only looked at, and a view that lags behind the
    /// journal only follows it.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        self.findings.iter().all(|finding| {
            matches!(finding, Finding::NotClosed | Finding::ViewRolledForward { .. })
        })
    }
}

/// A store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the store open.
    #[error("{} is locked: another process has the store open", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The journal is of a newer version, of another chain, or unreadable.
    #[error(transparent)]
    Journal(#[from] ScanError),
    /// The journal ends before a block that was acknowledged.
    #[error(
        "the journal is damaged in {} at byte {offset}: blocks {first_lost}..{acknowledged_below} were acknowledged and \
         are not readable; run `repair --dry-run`",
        path.display()
    )]
    JournalDamaged {
        /// The segment file.
        path: PathBuf,
        /// Where the first unreadable record is.
        offset: u64,
        /// The first block that is not readable.
        first_lost: u64,
        /// All blocks below were acknowledged.
        acknowledged_below: u64,
    },
    /// The view must be rebuilt and the journal lacks a block for it.
    #[error("the view cannot be rebuilt: block {height} is not in the journal; restore a snapshot")]
    BlockMissing {
        /// The block.
        height: u64,
    },
    /// The base, from which the view is rebuilt, cannot be read.
    #[error("the base of the store is damaged; restore a snapshot")]
    Base(#[source] SnapshotError),
    /// The view was rebuilt and still disagrees with the journal.
    #[error(
        "block {height} leads to root {found:?}, the journal says {expected:?}; restore a snapshot"
    )]
    Root {
        /// The block.
        height: u64,
        /// The root in the journal.
        expected: H256,
        /// The root of the accounts.
        found: H256,
    },
    /// The sum over the entries of the rebuilt view disagrees with the journal.
    #[error(
        "the entries after block {height} are not those that the journal sums up; restore a snapshot"
    )]
    Entries {
        /// The block.
        height: u64,
    },
    /// The engine of the view fails even on a new folder.
    #[error("the engine of the view fails on a new folder")]
    Engine(#[from] KeyValueError),
    /// A freshly written view cannot be read.
    #[error("the view cannot be read right after it was written")]
    Read(#[from] ReadError),
    /// A record cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The first checkpoint cannot be written.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl State {
    /// Opens or creates a store, repairing what can be repaired without loss.
    ///
    /// # Errors
    ///
    /// `OpenError`. The store is never opened below what it acknowledged, nor with a state that is not proven.
    pub fn open(options: Options) -> Result<(Self, OpenReport), OpenError> {
        let mut report = OpenReport::default();
        let files = journal_files(&options);
        for folder in &files.folders {
            options.disk.create_folder(folder).map_err(DiskError::on("create", folder))?;
        }
        let lock = lock(&options)?;
        let checkpoints =
            checkpoint::read(options.disk.as_ref(), &options.folder, options.chain_id)?;
        if checkpoints.damaged_count > 0 {
            report.findings.push(Finding::CheckpointsDamaged { count: checkpoints.damaged_count });
        }
        let known = checkpoints.newest.map(|checkpoint| checkpoint.known_record());
        let start = known.filter(|known| reaches(&files, known.next));
        let mut scan = scan(&files, start, ScanMode::Heal)?;
        if scan.segments.is_empty()
            && let Some((_, base)) = base::newest(&options)?
        {
            scan.end = End { next_height: base.height + 1, hash: base.id(), offset: None };
        }
        if scan.healed_count > 0 {
            report.findings.push(Finding::JournalHealed { count: scan.healed_count });
        }
        refuse_lost_blocks(
            &files,
            &scan,
            acknowledged::acknowledged_below(&files).max(known.map_or(0, |it| it.next_height)),
        )?;
        let torn_bytes = mend::cut_tail(&files, &mut scan)?;
        if torn_bytes > 0 {
            report.findings.push(Finding::TornTailCut { bytes: torn_bytes });
        }
        let ladder = ViewLadder {
            options: &options,
            files: &files,
            checkpoint: checkpoints.newest,
            scan: &scan,
        };
        let opened = ladder.climb(&mut report)?;
        let state = assemble(
            options,
            scan,
            opened,
            checkpoints.newest.map_or(0, |it| it.number),
            lock,
            &mut report,
        )?;
        Ok((state, report))
    }
}

pub(crate) fn journal_files(options: &Options) -> JournalFiles {
    let mut folders = vec![options.journal_folder()];
    folders.extend(options.mirror.clone());
    JournalFiles {
        disk: Arc::clone(&options.disk),
        folders,
        chain_id: options.chain_id,
        segment_bytes_max: options.segment_bytes_max,
    }
}

/// Says whether every copy of the journal reaches the place where a checkpoint ended.
fn reaches(files: &JournalFiles, next: Position) -> bool {
    next.segment == 0
        || files.folders.iter().all(|folder| {
            let length = files.disk.length(&segment_path(folder, next.segment));
            length.is_ok_and(|length| length.is_some_and(|length| length >= next.offset))
        })
}

pub(crate) fn lock(options: &Options) -> Result<crate::disk::LockGuard, OpenError> {
    let path = options.folder.join("lock");
    options.disk.lock(&path).map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => OpenError::Locked { path: path.clone() },
        _ => OpenError::Disk(DiskError::new("lock", &path, error)),
    })
}

/// Refuses a journal that ends before a block which was acknowledged.
pub(crate) fn refuse_lost_blocks(
    files: &JournalFiles,
    scan: &Scan,
    acknowledged_below: u64,
) -> Result<(), OpenError> {
    let acknowledged_below = acknowledged_below.max(scan.hole.map_or(0, |hole| hole.durable_below));
    if acknowledged_below <= scan.end.next_height {
        return Ok(());
    }
    Err(OpenError::JournalDamaged {
        path: files.main_path(scan.end_segment),
        offset: scan.hole.map_or_else(|| scan.end.offset.unwrap_or(0), |hole| hole.position.offset),
        first_lost: scan.end.next_height,
        acknowledged_below,
    })
}

fn assemble(
    options: Options,
    scan: Scan,
    opened: OpenedView,
    checkpoint_number: u64,
    lock: crate::disk::LockGuard,
    report: &mut OpenReport,
) -> Result<State, OpenError> {
    let files = journal_files(&options);
    let next_height = scan.end.next_height;
    let OpenedView { view, meta, trie } = opened;
    let layers = recent_layers(&files, &view, &options, next_height, report)?;
    let tip = meta.map(|meta| Tip {
        height: meta.height,
        hash: meta.block_hash,
        state_root: meta.state_root,
    });
    let recent = Recent::new(layers, tip, next_height);
    let applied_below = meta.map_or(0, |meta| meta.height + 1);
    let history_start = meta.map_or(0, |meta| meta.history_start);
    let end = Position { segment: scan.end_segment, offset: scan.end.offset.unwrap_or(0) };
    let shared = Arc::new(Shared::new(
        view,
        files.clone(),
        recent,
        (applied_below, history_start),
        (options.recent_blocks, options.recent_bytes),
    ));
    let start = meta.unwrap_or_else(|| empty_meta(options.chain_id));
    let mut applier = Applier::new(Arc::clone(&shared), &options, start, end, checkpoint_number);
    if meta.is_some() {
        applier.checkpoint(Closing::Running)?;
    }
    let applier = match options.apply {
        Apply::Inline => ApplierHandle::Inline(Box::new(applier)),
        Apply::Background => ApplierHandle::background(applier),
    };
    let journal = Journal::resume(files, scan.segments, scan.end);
    shared.set_journal_start(journal.first_height());
    let writer = Writer {
        journal,
        trie,
        fingerprint: start.state_fingerprint,
        applier,
        undurable: Vec::new(),
    };
    Ok(State { shared, writer: std::sync::Mutex::new(writer), options, _lock: lock })
}

pub(crate) fn empty_meta(chain_id: H256) -> ViewMeta {
    ViewMeta {
        chain_id,
        height: 0,
        record_hash: crate::journal::NO_RECORD,
        state_root: crate::keccak::EMPTY_TRIE_ROOT,
        block_hash: H256::zero(),
        state_fingerprint: Fingerprint::default(),
        history_fingerprint: Fingerprint::default(),
        history_start: 0,
    }
}

pub(crate) fn empty_trie(options: &Options) -> StateTrie {
    StateTrie::new(trie_options(options))
}

pub(crate) fn trie_options(options: &Options) -> crate::state_trie::StateTrieOptions {
    crate::state_trie::StateTrieOptions { threads: options.hash_threads, ..Default::default() }
}

/// Reads the last blocks back, so that their heights can be read as before the restart.
fn recent_layers(
    files: &JournalFiles,
    view: &crate::view::View,
    options: &Options,
    next_height: u64,
    report: &mut OpenReport,
) -> Result<Vec<Arc<Layer>>, OpenError> {
    let mut layers: Vec<Arc<Layer>> = Vec::new();
    let mut bytes = 0;
    for height in (0..next_height).rev().take(options.recent_blocks.max(1)) {
        let Some(position) = view.position(height)? else { break };
        match view_ladder::read_block(files, position, height)? {
            Some((layer, _)) => {
                bytes += layer.size_bytes;
                layers.push(Arc::new(layer));
            }
            None => {
                report.findings.push(Finding::RecentBlocksUnreadable { height });
                break;
            }
        }
        if bytes > options.recent_bytes {
            break;
        }
    }
    layers.reverse();
    Ok(layers)
}
