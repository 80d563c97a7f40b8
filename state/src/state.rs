//! The store: commit a block, read any recent state, prove it.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use primitive_types::{H160, H256};

use crate::{
    applier::{ApplierHandle, ApplyError, Work, record_bytes},
    block::{Block, StoredBlock, Tip},
    change_set::ChangeSet,
    checkpoint::Closing,
    diff::PartialDiff,
    disk::LockGuard,
    fingerprint::Fingerprint,
    journal::{
        AppendError, Journal, RecordError,
        record::{BlockRecord, RecordKind},
    },
    options::Options,
    proof::AccountProof,
    read_error::ReadError,
    read_view::ReadView,
    recent::Layer,
    schema::NAME_BYTES_MAX,
    shared::Shared,
    state_trie::{StateTrie, StateTrieMemory, StorageError, Undo},
};

/// A commit did not happen; the store is as it was at its last commit.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Blocks are committed one after the other.
    #[error("block {found} is not the next one, which is {expected}")]
    Height {
        /// The height of the next commit.
        expected: u64,
        /// The height given.
        found: u64,
    },
    /// The changes do not lead to the root that the block promises.
    #[error("block {height} leads to root {found:?}, its header says {expected:?}")]
    Root {
        /// The block.
        height: u64,
        /// The root that the block promises.
        expected: H256,
        /// The root that its changes lead to.
        found: H256,
    },
    /// The name of a lookup or of metadata is empty or too long.
    #[error("a name has {found} bytes; allowed are 1 to {max}")]
    Name {
        /// Length of the name.
        found: usize,
        /// Longest name.
        max: u16,
    },
    /// A code is larger than the store can hold.
    #[error("code {code_hash:?} has {found} bytes")]
    Code {
        /// The code.
        code_hash: H256,
        /// Its length.
        found: usize,
    },
    /// Old values cannot be read.
    #[error("cannot read the state before block {height}")]
    Read {
        /// The block.
        height: u64,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// Storage cannot be loaded into the trie.
    #[error("cannot compute the root after block {height}")]
    Storage {
        /// The block.
        height: u64,
        /// Why.
        #[source]
        source: StorageError,
    },
    /// The journal cannot take the record: the disk is full, read-only, or failing.
    #[error("cannot record block {height}")]
    Journal {
        /// The block.
        height: u64,
        /// Why.
        #[source]
        source: AppendError,
    },
    /// The view failed at an earlier block.
    #[error("no commits until the store is reopened")]
    View(#[source] ApplyError),
}

/// What a commit led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The height.
    pub height: u64,
    /// The state root after the block.
    pub state_root: H256,
}

/// Figures for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// The last block.
    pub tip: Option<Tip>,
    /// The view holds every block below this height.
    pub applied_below: u64,
    /// The oldest height whose state can be read.
    pub oldest_readable: u64,
    /// Segment files of the journal.
    pub segments: usize,
    /// Blocks whose changes are in memory.
    pub recent_blocks: usize,
    /// Memory of those changes.
    pub recent_bytes: usize,
    /// What the trie holds in memory.
    pub trie: StateTrieMemory,
}

/// What only the one who commits touches.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) journal: Journal,
    pub(crate) trie: StateTrie,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) applier: ApplierHandle,
    /// Appended and not durable yet, oldest first.
    pub(crate) undurable: Vec<Undurable>,
}

#[derive(Debug)]
pub(crate) struct Undurable {
    work: Work,
    undo: Undo,
    fingerprint_before: Fingerprint,
}

/// Accounts, storage, code and blocks of one chain, with Ethereum's state root.
///
/// # Invariants
///
/// - What a commit acknowledged is there after any crash.
/// - A commit that fails leaves the store at its last commit, usable.
/// - No reader ever waits for a commit.
#[derive(Debug)]
pub struct State {
    pub(crate) shared: Arc<Shared>,
    pub(crate) writer: Mutex<Writer>,
    pub(crate) options: Options,
    pub(crate) _lock: LockGuard,
}

impl State {
    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the folder of the store.
    #[must_use]
    pub const fn folder(&self) -> &PathBuf {
        &self.options.folder
    }

    /// Returns the last block, `None` before the first.
    #[must_use]
    pub fn tip(&self) -> Option<Tip> {
        self.shared.recent().tip()
    }

    /// Commits a block: when this returns, the block survives any crash.
    ///
    /// # Errors
    ///
    /// `CommitError`; the store is at its last durable commit then, so that what was appended and not synced is gone.
    pub fn commit(&self, block: &Block) -> Result<Committed, CommitError> {
        let mut writer = self.writer();
        let committed = self.append_block(&mut writer, block)?;
        self.make_durable(&mut writer)?;
        Ok(committed)
    }

    /// Adds a block without waiting for the disk; [`State::sync`] makes all such blocks durable at once.
    ///
    /// Readers see the block at once. A crash before the sync may lose it, and so does a failed sync.
    ///
    /// # Errors
    ///
    /// `CommitError`; the store is as before the call.
    pub fn append(&self, block: &Block) -> Result<Committed, CommitError> {
        self.append_block(&mut self.writer(), block)
    }

    /// Makes all appended blocks durable.
    ///
    /// # Errors
    ///
    /// `CommitError::Journal`; the store is at its last durable commit then.
    pub fn sync(&self) -> Result<(), CommitError> {
        self.make_durable(&mut self.writer())
    }

    /// Computes the root that changes would lead to, and changes nothing.
    ///
    /// # Errors
    ///
    /// When storage that is needed cannot be loaded.
    pub fn root_after(&self, changes: &ChangeSet) -> Result<H256, StorageError> {
        let mut writer = self.writer();
        let tip = self.pin_tip();
        let applied = writer.trie.apply(changes, &tip)?;
        writer.trie.rollback(applied.undo);
        Ok(applied.root)
    }

    fn pin_tip(&self) -> ReadView {
        // Before the first block there is no height; the one that cannot be reached stands for it.
        ReadView::pin(&self.shared, self.shared.recent().next_height.wrapping_sub(1))
    }

    fn append_block(&self, writer: &mut Writer, block: &Block) -> Result<Committed, CommitError> {
        if let Some(failure) = self.shared.failure() {
            return Err(CommitError::View(failure));
        }
        let expected = self.shared.recent().next_height;
        let height = block.height;
        if height != expected {
            return Err(CommitError::Height { expected, found: height });
        }
        check_names(block)?;
        let tip = self.pin_tip();
        let read = |source| CommitError::Read { height, source };
        let diff = PartialDiff::read(block, &tip, &writer.trie).map_err(read)?;
        let storage = |source| CommitError::Storage { height, source };
        let applied = writer.trie.apply(&block.changes, &tip).map_err(storage)?;
        if let Some(expected) = block.expected_root.filter(|expected| *expected != applied.root) {
            writer.trie.rollback(applied.undo);
            return Err(CommitError::Root { height, expected, found: applied.root });
        }
        let changes = diff.finish(&applied.storage_roots);
        let fingerprint_before = writer.fingerprint;
        let mut fingerprint = fingerprint_before;
        for change in &changes {
            if let Some(old) = &change.old {
                fingerprint.subtract(&change.key, old);
            }
            if let Some(new) = &change.new {
                fingerprint.add(&change.key, new);
            }
        }
        let record = BlockRecord {
            block_hash: block.hash,
            state_root: applied.root,
            fingerprint,
            body: block.body.clone(),
            certificate: block.certificate.clone(),
            receipts: block.receipts.clone(),
            logs: block.logs.clone(),
            changes,
        };
        let payload = record.encode();
        let (position, record_hash) = match writer.journal.append(&payload) {
            Ok(appended) => appended,
            Err(source) => {
                writer.trie.rollback(applied.undo);
                if writer.journal.next_height() != height {
                    // Starting a segment synced the blocks before, and that failed.
                    self.fall_back(writer);
                }
                return Err(CommitError::Journal { height, source });
            }
        };
        writer.fingerprint = fingerprint;
        let layer = Arc::new(Layer::new(height, record_hash, position, record));
        self.shared.publish(Arc::clone(&layer));
        let work = Work { layer, record_bytes: record_bytes(payload.len()) };
        writer.undurable.push(Undurable { work, undo: applied.undo, fingerprint_before });
        Ok(Committed { height, state_root: applied.root })
    }

    fn make_durable(&self, writer: &mut Writer) -> Result<(), CommitError> {
        let height = self.shared.recent().next_height.saturating_sub(1);
        if let Err(error) = writer.journal.sync() {
            self.fall_back(writer);
            return Err(CommitError::Journal { height, source: AppendError::Disk(error) });
        }
        for Undurable { work, .. } in std::mem::take(&mut writer.undurable) {
            // The block is durable; a view that cannot follow is repaired at the next start, and refuses the next commit.
            if let Err(error) = writer.applier.apply(work) {
                self.shared.note_failure(error);
            }
        }
        Ok(())
    }

    /// Returns to the last durable block.
    fn fall_back(&self, writer: &mut Writer) {
        writer.journal.abandon_undurable();
        while let Some(Undurable { work, undo, fingerprint_before }) = writer.undurable.pop() {
            writer.trie.rollback(undo);
            writer.fingerprint = fingerprint_before;
            self.shared.retract_from(work.layer.height);
        }
    }

    /// Returns the state at the last block.
    ///
    /// # Errors
    ///
    /// `NotCommitted` before the first block.
    pub fn latest(&self) -> Result<ReadView, ReadError> {
        let next = self.shared.recent().next_height;
        self.at(next.wrapping_sub(1))
    }

    /// Returns the state at a height.
    ///
    /// # Errors
    ///
    /// `NotCommitted` for a height above the tip, `Pruned` for one whose past is gone.
    pub fn at(&self, height: u64) -> Result<ReadView, ReadError> {
        // Pinned first, so that nothing is pruned between the check and the use.
        let view = ReadView::pin(&self.shared, height);
        let recent = self.shared.recent();
        if height >= recent.next_height {
            return Err(ReadError::NotCommitted { height, next: recent.next_height });
        }
        let oldest = self.oldest_readable();
        if height < oldest {
            return Err(ReadError::Pruned { height, oldest });
        }
        Ok(view)
    }

    fn oldest_readable(&self) -> u64 {
        self.shared.recent().oldest_readable().min(self.shared.history_start())
    }

    /// Reads a block back.
    ///
    /// # Errors
    ///
    /// `NotCommitted`, `Pruned`, or what is wrong with its record.
    pub fn block(&self, height: u64) -> Result<StoredBlock, ReadError> {
        let recent = self.shared.recent();
        if height >= recent.next_height {
            return Err(ReadError::NotCommitted { height, next: recent.next_height });
        }
        let position = match recent.at(height) {
            Some(layer) => layer.position,
            None => self.shared.view.position(height)?.ok_or_else(|| self.pruned_block(height))?,
        };
        let path = self.shared.files.main_path(position.segment);
        if height < self.shared.journal_start() {
            return Err(self.pruned_block(height));
        }
        let damaged =
            || RecordError::Damaged { path: path.clone(), offset: position.offset, height };
        let record = self.shared.files.read(position)?.ok_or_else(damaged)?;
        if record.header.kind == RecordKind::Lost {
            return Err(RecordError::Lost { height }.into());
        }
        if record.header.height != height {
            return Err(damaged().into());
        }
        let block = BlockRecord::decode(&record.payload).map_err(|_malformed| damaged())?;
        Ok(StoredBlock {
            height,
            hash: block.block_hash,
            state_root: block.state_root,
            body: block.body,
            certificate: block.certificate,
            receipts: block.receipts,
            logs: block.logs,
        })
    }

    /// Removes the segments of the journal that hold only blocks below a height; the base covers them.
    pub(crate) fn drop_blocks_below(
        &self,
        height: u64,
    ) -> Result<usize, crate::snapshot::SnapshotError> {
        self.checkpoint().map_err(|_failed| crate::snapshot::SnapshotError::Worker)?;
        let mut writer = self.writer();
        let count = writer.journal.drop_below(height)?;
        self.shared.set_journal_start(writer.journal.first_height());
        Ok(count)
    }

    fn pruned_block(&self, height: u64) -> ReadError {
        ReadError::Pruned { height, oldest: self.shared.journal_start() }
    }

    /// Proves an account and some of its slots, or their absence, at the last block (EIP-1186).
    ///
    /// # Errors
    ///
    /// When storage that is needed cannot be loaded.
    pub fn prove(&self, address: H160, slots: &[H256]) -> Result<AccountProof, StorageError> {
        let mut writer = self.writer();
        let tip = self.pin_tip();
        writer.trie.prove_account(address, slots, &tip)
    }

    /// Waits until the view has caught up, and makes it durable.
    ///
    /// # Errors
    ///
    /// When the view or the disk fails.
    pub fn checkpoint(&self) -> Result<(), ApplyError> {
        if self.tip().is_none() {
            return Ok(());
        }
        self.writer().applier.checkpoint(Closing::Running)
    }

    /// Returns figures for operators.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let writer = self.writer();
        let recent = self.shared.recent();
        Stats {
            tip: self.tip(),
            applied_below: self.shared.applied_below(),
            oldest_readable: self.oldest_readable(),
            segments: writer.journal.segments().len(),
            recent_blocks: recent.len(),
            recent_bytes: recent.size_bytes(),
            trie: writer.trie.memory(),
        }
    }

    /// Closes the store in order: the next start need not repair anything.
    ///
    /// Dropping the store without this is safe too; the next start then looks at everything again.
    ///
    /// # Errors
    ///
    /// When the view or the disk fails; nothing committed is lost then.
    pub fn close(self) -> Result<(), CloseError> {
        self.sync().map_err(CloseError::Sync)?;
        if self.tip().is_some() {
            self.writer().applier.checkpoint(Closing::Clean).map_err(CloseError::View)?;
        }
        Ok(())
    }
}

/// The store could not be closed in order. Everything acknowledged is safe in the journal.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// Appended blocks could not be made durable.
    #[error("appended blocks were not synced")]
    Sync(#[source] CommitError),
    /// The last checkpoint could not be made.
    #[error("the last checkpoint failed")]
    View(#[source] ApplyError),
}

fn check_names(block: &Block) -> Result<(), CommitError> {
    let names = block.lookups.keys().map(Vec::len).chain(block.metadata.keys().map(String::len));
    for found in names {
        if found == 0 || found > usize::from(NAME_BYTES_MAX) {
            return Err(CommitError::Name { found, max: NAME_BYTES_MAX });
        }
    }
    let code_bytes_max = usize::from(u16::MAX) * crate::schema::CODE_PIECE_BYTES;
    match block.changes.codes.iter().find(|(_, code)| code.len() > code_bytes_max) {
        Some((code_hash, code)) => {
            Err(CommitError::Code { code_hash: *code_hash, found: Bytes::len(code) })
        }
        None => Ok(()),
    }
}
