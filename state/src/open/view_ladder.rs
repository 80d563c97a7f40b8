//! The part of opening that concerns the view: take it as it is, roll it forward, or rebuild it.

use std::{io::ErrorKind, path::PathBuf, sync::Arc};

use primitive_types::H256;

use super::{Finding, OpenError, OpenReport, empty_meta, empty_trie, trie_options};
use crate::{
    account::Account,
    applier::{Applier, Work},
    checkpoint::{self, Checkpoint, Closing},
    disk_error::DiskError,
    engine_guard::open_engine,
    journal::{
        JournalFiles, RecordError,
        record::{BlockRecord, RecordKind},
        scan::{Entry, Scan, ScanMode, scan},
    },
    key_value::KeyValueError,
    options::{Apply, Engine, Options},
    read_view::{decode_account, last_hash},
    recent::{Layer, Recent},
    repair::ProvenView,
    schema::{ACCOUNT, Position, ViewMeta},
    shared::Shared,
    snapshot::base,
    state_trie::StateTrie,
    view::View,
};

/// A view that holds what the journal says, and the trie of its accounts.
#[derive(Debug)]
pub(crate) struct OpenedView {
    pub(crate) view: View,
    /// `None` before the first block.
    pub(crate) meta: Option<ViewMeta>,
    pub(crate) trie: StateTrie,
}

#[derive(Debug)]
pub(crate) struct ViewLadder<'a> {
    pub(crate) options: &'a Options,
    pub(crate) files: &'a JournalFiles,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) scan: &'a Scan,
}

/// Why a view is not used.
#[derive(Debug)]
enum Rejection {
    /// It is damaged, lags too far behind, or disagrees with the journal.
    View(String),
    /// The fault is elsewhere; a new view would not help.
    Open(OpenError),
}

impl From<OpenError> for Rejection {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

const fn is_refusal(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::PermissionDenied
            | ErrorKind::WouldBlock
    )
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn reject(error: impl std::error::Error) -> Rejection {
    Rejection::View(chain(&error))
}

impl ViewLadder<'_> {
    pub(crate) fn climb(&self, report: &mut OpenReport) -> Result<OpenedView, OpenError> {
        let has_blocks = self.scan.end.next_height > 0;
        if self.options.engine == Engine::Memory {
            return self.rebuild(report);
        }
        match self.use_existing(report) {
            Ok(Some(opened)) => Ok(opened),
            Ok(None) if has_blocks => self.rebuild(report),
            Ok(None) => self.create_empty(),
            Err(Rejection::Open(error)) => Err(error),
            Err(Rejection::View(reason)) => {
                let set_aside = self.set_aside()?;
                report.findings.push(Finding::ViewRejected { reason, set_aside });
                self.rebuild(report)
            }
        }
    }

    fn open_view(&self) -> Result<View, KeyValueError> {
        let Options { engine, cache_bytes, open_limit_ms, .. } = self.options;
        open_engine(*engine, &self.options.view_folder(), *cache_bytes, *open_limit_ms)
            .map(View::new)
    }

    fn create_empty(&self) -> Result<OpenedView, OpenError> {
        // Whatever is in the folder has no block behind it.
        self.set_aside()?;
        Ok(OpenedView { view: self.open_view()?, meta: None, trie: empty_trie(self.options) })
    }

    /// Takes the existing view if it can be proven; `None` when there is none.
    fn use_existing(&self, report: &mut OpenReport) -> Result<Option<OpenedView>, Rejection> {
        let folder = self.options.view_folder();
        if self
            .options
            .disk
            .list(&folder)
            .map_err(|error| OpenError::Disk(DiskError::new("list", &folder, error)))?
            .is_empty()
        {
            return Ok(None);
        }
        let view = self.open_view().map_err(|error| match &error {
            // The files may be fine: a full or read-only disk is the operator's to mend.
            KeyValueError::Device { source, .. } if is_refusal(source.kind()) => {
                Rejection::Open(OpenError::Engine(error))
            }
            _ => reject(error),
        })?;
        let Some(mut meta) = view.meta().map_err(reject)? else {
            return if self.checkpoint.is_some() {
                Err(Rejection::View("the view is empty".to_owned()))
            } else {
                Ok(None)
            };
        };
        if meta.chain_id != self.options.chain_id {
            return Err(Rejection::View(format!("the view belongs to chain {:?}", meta.chain_id)));
        }
        let start = self.agree(&meta)?;
        let blocks = self.replay(&view, &mut meta, start).map_err(|error| match error {
            OpenError::Apply(error) => reject(error),
            other => Rejection::Open(other),
        })?;
        if meta.height + 1 != self.scan.end.next_height {
            return Err(OpenError::BlockMissing { height: meta.height + 1 }.into());
        }
        if blocks > 0 {
            report.findings.push(Finding::ViewRolledForward { blocks });
        }
        let is_clean =
            self.checkpoint.is_some_and(|it| it.closing == Closing::Clean) && blocks == 0;
        if !is_clean {
            report.findings.push(Finding::NotClosed);
            let (history, _) = view.sum_history().map_err(reject)?;
            if history != meta.history_fingerprint {
                return Err(Rejection::View(
                    "the history entries are not those that were written".to_owned(),
                ));
            }
        }
        let trie = prove(self.options, &view, &meta).map_err(|error| match error {
            OpenError::Read(error) => reject(error),
            OpenError::Root { .. } | OpenError::Entries { .. } => reject(error),
            other => Rejection::Open(other),
        })?;
        Ok(Some(OpenedView { view, meta: Some(meta), trie }))
    }

    /// Finds the records that the view lacks, after checking that view and journal tell the same story.
    fn agree(&self, meta: &ViewMeta) -> Result<&[Entry], Rejection> {
        let below = meta.height + 1;
        if below > self.scan.end.next_height {
            // The view follows what is durable: the journal has lost records.
            let error = super::refuse_lost_blocks(self.files, self.scan, below).err();
            return Err(error
                .map_or_else(|| Rejection::View("the view is ahead".to_owned()), Rejection::Open));
        }
        let known = match self.checkpoint {
            Some(checkpoint) if below < checkpoint.next_height => {
                let text = format!(
                    "the view is at block {}, its checkpoint at {}",
                    meta.height,
                    checkpoint.next_height - 1
                );
                return Err(Rejection::View(text));
            }
            Some(checkpoint) if below == checkpoint.next_height => Some(checkpoint.record_hash),
            _ => {
                let is_it =
                    |entry: &&Entry| entry.height == meta.height && entry.kind == RecordKind::Block;
                self.scan.entries.iter().find(is_it).map(|entry| entry.hash)
            }
        };
        let covered_by_marker =
            known.is_none() && self.scan.entries.iter().any(|entry| entry.kind == RecordKind::Lost);
        if known != Some(meta.record_hash) && !covered_by_marker {
            return Err(Rejection::View(format!(
                "the view followed another block {}",
                meta.height
            )));
        }
        let first = self.scan.entries.partition_point(|entry| entry.height < below);
        Ok(self.scan.entries.get(first..).unwrap_or_default())
    }

    /// Applies records to a view; returns how many.
    fn replay(
        &self,
        view: &View,
        meta: &mut ViewMeta,
        entries: &[Entry],
    ) -> Result<u64, OpenError> {
        let Some(first) = entries.first() else { return Ok(0) };
        let shared = Arc::new(Shared::new(
            view.clone(),
            self.files.clone(),
            Recent::default(),
            (0, 0),
            (0, 0),
        ));
        // Checkpoints wait until the result is proven.
        let options = Options {
            apply: Apply::Inline,
            checkpoint_blocks: u64::MAX,
            checkpoint_bytes: u64::MAX,
            ..self.options.clone()
        };
        let mut applier = Applier::new(shared, &options, *meta, first.position, 0);
        let mut blocks = 0;
        for entry in entries {
            let missing = OpenError::BlockMissing { height: entry.height };
            if entry.kind == RecordKind::Lost {
                return Err(missing);
            }
            let (layer, record_bytes) =
                read_block(self.files, entry.position, entry.height)?.ok_or(missing)?;
            applier.apply(&Work { layer: Arc::new(layer), record_bytes })?;
            blocks += 1;
        }
        *meta = applier.meta();
        Ok(blocks)
    }

    /// Moves the files of a rejected view out of the way; nothing is deleted before its replacement is proven.
    fn set_aside(&self) -> Result<Option<PathBuf>, OpenError> {
        let disk = self.options.disk.as_ref();
        let folder = self.options.view_folder();
        if disk.list(&folder).map_err(DiskError::on("list", &folder))?.is_empty() {
            return Ok(None);
        }
        let names =
            disk.list(&self.options.folder).map_err(DiskError::on("list", &self.options.folder))?;
        let number = names
            .iter()
            .filter_map(|name| name.strip_prefix(SET_ASIDE)?.parse::<u64>().ok())
            .max()
            .unwrap_or(0);
        let target = self.options.folder.join(format!("{SET_ASIDE}{}", number + 1));
        disk.rename(&folder, &target).map_err(DiskError::on("set aside", &folder))?;
        disk.sync_folder(&self.options.folder)
            .map_err(DiskError::on("sync", &self.options.folder))?;
        Ok(Some(target))
    }

    /// Makes a new view from the base and the journal.
    fn rebuild(&self, report: &mut OpenReport) -> Result<OpenedView, OpenError> {
        // Without checkpoints, a crash in the middle leads here again.
        checkpoint::remove(self.options.disk.as_ref(), &self.options.folder)?;
        self.set_aside()?;
        let view = self.open_view()?;
        let base = base::load(self.options, &view)?;
        let has_base = base.is_some();
        let mut meta = base.unwrap_or_else(|| empty_meta(self.options.chain_id));
        let next = if has_base { meta.height + 1 } else { 0 };
        let scan = scan(self.files, None, ScanMode::Heal)?;
        let first = scan.entries.partition_point(|entry| entry.height < next);
        let entries = scan.entries.get(first..).unwrap_or_default();
        if has_base && next == scan.end.next_height && !scan.segments.is_empty() {
            meta.record_hash = scan.end.hash;
            view.load(&[], Some(&meta))?;
        }
        if next < self.scan.end.next_height && scan.end.next_height < self.scan.end.next_height {
            super::refuse_lost_blocks(self.files, &scan, self.scan.end.next_height)?;
        }
        if next < scan.end.next_height && entries.first().is_none_or(|entry| entry.height != next) {
            return Err(OpenError::BlockMissing { height: next });
        }
        let blocks = self.replay(&view, &mut meta, entries)?;
        let is_empty = blocks == 0 && !has_base;
        let trie =
            if is_empty { empty_trie(self.options) } else { prove(self.options, &view, &meta)? };
        if !is_empty {
            report.findings.push(Finding::ViewRebuilt { blocks });
        }
        Ok(OpenedView { view, meta: (!is_empty).then_some(meta), trie })
    }
}

const SET_ASIDE: &str = "view.damaged-";

/// Reads a block's record as a layer, with the size of the record; `None` when it is lost or damaged.
pub(crate) fn read_block(
    files: &JournalFiles,
    position: Position,
    height: u64,
) -> Result<Option<(Layer, u64)>, RecordError> {
    let Some(record) = files.read(position)? else { return Ok(None) };
    if record.header.kind == RecordKind::Lost || record.header.height != height {
        return Ok(None);
    }
    let record_bytes = record.header.record_bytes() as u64;
    let Ok(block) = BlockRecord::decode(&record.payload) else { return Ok(None) };
    Ok(Some((Layer::new(height, record.hash, position, block), record_bytes)))
}

/// Sums all entries and computes the root of all accounts; both must be what the journal says.
fn prove(options: &Options, view: &View, meta: &ViewMeta) -> Result<StateTrie, OpenError> {
    let mut accounts: Vec<(H256, Account)> = Vec::new();
    let mut malformed = None;
    let (sum, _) = view.sum_state(&mut |key, payload| {
        if key.first() == Some(&ACCOUNT) {
            match decode_account(key, payload) {
                Ok(account) => accounts.push((last_hash(key), account)),
                Err(error) => malformed = Some(error),
            }
        }
    })?;
    if let Some(error) = malformed {
        return Err(error.into());
    }
    if sum != meta.state_fingerprint {
        return Err(OpenError::Entries { height: meta.height });
    }
    let trie = StateTrie::from_accounts(trie_options(options), accounts.into_iter());
    if trie.root() != meta.state_root {
        return Err(OpenError::Root {
            height: meta.height,
            expected: meta.state_root,
            found: trie.root(),
        });
    }
    Ok(trie)
}

/// Opens the view for a repair and checks all of it; `None` when it cannot be relied on.
pub(crate) fn proven_view(options: &Options) -> Option<ProvenView> {
    let engine = open_engine(
        options.engine,
        &options.view_folder(),
        options.cache_bytes,
        options.open_limit_ms,
    )
    .ok()?;
    let view = View::new(engine);
    let meta = view.meta().ok()??;
    if meta.chain_id != options.chain_id {
        return None;
    }
    prove(options, &view, &meta).ok()?;
    Some(ProvenView { next_height: meta.height + 1, record_hash: meta.record_hash })
}
