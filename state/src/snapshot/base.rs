//! The base of a store: the snapshot that its view is rebuilt from, with the journal of all later blocks.

use std::path::{Path, PathBuf};

use primitive_types::H256;

use super::{
    Manifest, Progress, SnapshotError,
    create::{MANIFEST, chunk_path},
    verify::{Coverage, read_chunk, read_manifest},
};
use crate::{
    disk::{Disk, read_file, replace_file},
    disk_error::DiskError,
    fingerprint::Fingerprint,
    open::{OpenError, OpenReport},
    options::{History, Options},
    schema::ViewMeta,
    state::State,
    view::View,
};

const PREFIX: &str = "base-";

fn base_path(options: &Options, height: u64) -> PathBuf {
    options.folder.join(format!("{PREFIX}{height:020}"))
}

fn list_bases(options: &Options) -> Result<Vec<PathBuf>, DiskError> {
    let folder = &options.folder;
    let names = options.disk.list(folder).map_err(DiskError::on("list", folder))?;
    Ok(names
        .into_iter()
        .filter(|name| name.starts_with(PREFIX))
        .map(|name| folder.join(name))
        .collect())
}

/// Finds the newest base whose manifest is intact.
pub(crate) fn newest(options: &Options) -> Result<Option<(PathBuf, Manifest)>, OpenError> {
    let mut damaged = None;
    for path in list_bases(options)?.into_iter().rev() {
        match read_manifest(options.disk.as_ref(), &path) {
            Ok(manifest) if manifest.chain_id == options.chain_id => {
                return Ok(Some((path, manifest)));
            }
            // A base without a manifest is one that was never finished.
            Ok(_) | Err(SnapshotError::Manifest { source: super::ManifestError::Missing, .. }) => {}
            Err(error) => damaged = damaged.or(Some(error)),
        }
    }
    damaged.map_or(Ok(None), |error| Err(OpenError::Base(error)))
}

/// Loads the base into an empty view; `None` when the store has none.
pub(crate) fn load(options: &Options, view: &View) -> Result<Option<ViewMeta>, OpenError> {
    let Some((folder, manifest)) = newest(options)? else { return Ok(None) };
    let mut coverage = Coverage::default();
    for index in 0..manifest.chunks.len() {
        let chunk = read_chunk(options.disk.as_ref(), &folder, &manifest, index)
            .map_err(OpenError::Base)?;
        let gap = |source| OpenError::Base(SnapshotError::Chunk { index, source });
        coverage.add(&chunk.covered).map_err(gap)?;
        for part in chunk.entries.chunks(1024) {
            view.load(part, None)?;
        }
    }
    let meta = ViewMeta {
        chain_id: manifest.chain_id,
        height: manifest.height,
        record_hash: manifest.id(),
        state_root: manifest.state_root,
        block_hash: manifest.block_hash,
        state_fingerprint: manifest.fingerprint,
        history_fingerprint: Fingerprint::default(),
        history_start: manifest.height,
    };
    view.load(&[], Some(&meta))?;
    Ok(Some(meta))
}

impl State {
    /// Makes a snapshot of the oldest height that is kept the new base, and drops the blocks before it.
    ///
    /// Does nothing in archive mode.
    ///
    /// # Errors
    ///
    /// When the snapshot cannot be made; nothing is dropped then.
    pub fn prune(&self, progress: &mut dyn FnMut(Progress)) -> Result<usize, SnapshotError> {
        let Some(tip) = self.tip() else { return Ok(0) };
        let height = match self.options.history {
            History::Archive => return Ok(0),
            History::Full(blocks) => tip.height.saturating_sub(blocks),
            History::Minimal => tip.height.saturating_sub(self.options.recent_blocks as u64),
        };
        self.make_base_at(height.max(self.stats().oldest_readable), progress)?;
        self.drop_blocks_below(height)
    }

    /// Makes the state at the tip the base.
    pub(crate) fn make_base(
        &self,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), SnapshotError> {
        self.tip().map_or(Ok(()), |tip| self.make_base_at(tip.height, progress))
    }

    fn make_base_at(
        &self,
        height: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), SnapshotError> {
        let path = base_path(&self.options, height);
        let disk = self.options.disk.as_ref();
        let older = list_bases(&self.options)?;
        self.create_snapshot(height, &path, progress)?;
        disk.sync_folder(&self.options.folder)
            .map_err(DiskError::on("sync", &self.options.folder))?;
        for old in older.into_iter().filter(|old| *old != path) {
            remove_snapshot(disk, &old)?;
        }
        Ok(())
    }

    /// Creates a store from a snapshot of a trusted root.
    ///
    /// # Errors
    ///
    /// When the folder already holds a store, or a chunk is missing or wrong.
    pub fn restore(
        options: Options,
        snapshot: &Path,
        trusted_root: H256,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<(Self, OpenReport), RestoreError> {
        let disk = options.disk.as_ref();
        let names = disk
            .list(&options.folder)
            .map_err(|error| DiskError::new("list", &options.folder, error));
        let is_used = |name: &String| {
            name.starts_with("journal") || name.starts_with("view") || name.starts_with(PREFIX)
        };
        if names.map_err(SnapshotError::from)?.iter().any(is_used) {
            return Err(SnapshotError::NotEmpty { path: options.folder }.into());
        }
        let manifest = super::verify_snapshot(
            disk,
            snapshot,
            Some(trusted_root),
            options.hash_threads,
            progress,
        )?;
        copy_snapshot(disk, snapshot, &base_path(&options, manifest.height), &manifest)?;
        disk.sync_folder(&options.folder).map_err(|error| {
            RestoreError::Snapshot(SnapshotError::Disk(DiskError::new(
                "sync",
                &options.folder,
                error,
            )))
        })?;
        Ok(Self::open(options)?)
    }
}

/// A store cannot be created from a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The snapshot is wrong or cannot be copied.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The new store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

fn copy_snapshot(
    disk: &dyn Disk,
    from: &Path,
    to: &Path,
    manifest: &Manifest,
) -> Result<(), SnapshotError> {
    disk.create_folder(to).map_err(DiskError::on("create", to))?;
    for (index, entry) in manifest.chunks.iter().enumerate() {
        let source = chunk_path(from, &entry.id);
        let target = chunk_path(to, &entry.id);
        let missing = SnapshotError::Chunk { index, source: super::ChunkError::Missing };
        let bytes =
            read_file(disk, &source).map_err(DiskError::on("read", &source))?.ok_or(missing)?;
        replace_file(disk, &target, &bytes).map_err(DiskError::on("write", &target))?;
    }
    let path = to.join(MANIFEST);
    replace_file(disk, &path, &manifest.encode()).map_err(DiskError::on("write", &path))?;
    Ok(())
}

/// Removes a snapshot, its manifest first, so that a half removed one is no snapshot.
fn remove_snapshot(disk: &dyn Disk, folder: &Path) -> Result<(), DiskError> {
    let manifest = folder.join(MANIFEST);
    disk.remove(&manifest).map_err(DiskError::on("remove", &manifest))?;
    for name in disk.list(folder).map_err(DiskError::on("list", folder))? {
        let path = folder.join(name);
        disk.remove(&path).map_err(DiskError::on("remove", &path))?;
    }
    Ok(())
}
