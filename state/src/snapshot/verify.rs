//! Checking a snapshot, whole or chunk by chunk as it arrives from peers.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use primitive_types::H256;

use super::{
    ChunkError, ChunkId, Manifest, ManifestError, Progress, SnapshotError,
    chunk::{Covered, ProvenChunk, after, prove_chunk},
    create::{MANIFEST, chunk_path},
};
use crate::{
    disk::{Disk, read_file, replace_file},
    disk_error::DiskError,
    range_proof::RangeEnd,
};

pub(crate) fn read_manifest(disk: &dyn Disk, folder: &Path) -> Result<Manifest, SnapshotError> {
    let path = folder.join(MANIFEST);
    let bytes = read_file(disk, &path).map_err(DiskError::on("read", &path))?;
    let decoded = bytes.ok_or(ManifestError::Missing).and_then(|bytes| Manifest::decode(&bytes));
    decoded.map_err(|source| SnapshotError::Manifest { path, source })
}

pub(crate) fn read_chunk(
    disk: &dyn Disk,
    folder: &Path,
    manifest: &Manifest,
    index: usize,
) -> Result<ProvenChunk, SnapshotError> {
    let chunk = |source| SnapshotError::Chunk { index, source };
    let entry = manifest.chunks.get(index).ok_or_else(|| chunk(ChunkError::Missing))?;
    let path = chunk_path(folder, &entry.id);
    let bytes = read_file(disk, &path)
        .map_err(DiskError::on("read", &path))?
        .ok_or_else(|| chunk(ChunkError::Missing))?;
    prove_chunk(manifest.state_root, entry, &bytes).map_err(chunk)
}

/// Checks every chunk of a snapshot on several threads, and that together they leave nothing out.
///
/// # Errors
///
/// `SnapshotError` names the first chunk that is wrong.
pub fn verify_snapshot(
    disk: &dyn Disk,
    folder: &Path,
    trusted_root: Option<H256>,
    threads: NonZeroUsize,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Manifest, SnapshotError> {
    let manifest = read_manifest(disk, folder)?;
    if let Some(trusted) = trusted_root.filter(|trusted| *trusted != manifest.state_root) {
        return Err(SnapshotError::Root { found: manifest.state_root, trusted });
    }
    let count = manifest.chunks.len();
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<Covered, SnapshotError>)>> =
        Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..threads.get().min(count) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        break;
                    }
                    let covered =
                        read_chunk(disk, folder, &manifest, index).map(|chunk| chunk.covered);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((index, covered));
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    progress(Progress { done: done as u64, total: count as u64 });
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    let mut coverage = Coverage::default();
    for (index, covered) in results {
        coverage.add(&covered?).map_err(|source| SnapshotError::Chunk { index, source })?;
    }
    coverage.finish().map_err(|source| SnapshotError::Chunk { index: count, source })?;
    Ok(manifest)
}

/// Follows proven chunks in order, and sees to it that they leave nothing out.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// Where the accounts go on, once they have begun.
    accounts: Option<Open>,
    /// The account whose storage comes next, and where it goes on.
    storage: Option<(H256, Open)>,
}

/// How far a sequence of ranges has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// The next range starts here.
    From(H256),
    /// Nothing is missing.
    Complete,
}

impl Open {
    fn after(last: Option<H256>, end: RangeEnd) -> Result<Self, ChunkError> {
        match (end, last) {
            (RangeEnd::Last, _) => Ok(Self::Complete),
            (RangeEnd::More, Some(last)) => after(last).map(Self::From).ok_or(ChunkError::Gap),
            (RangeEnd::More, None) => Err(ChunkError::Gap),
        }
    }
}

impl Coverage {
    pub(crate) fn add(&mut self, covered: &Covered) -> Result<(), ChunkError> {
        match covered {
            Covered::Accounts { origin, last, end, large } => {
                let expected = self.accounts.unwrap_or(Open::From(H256::zero()));
                if self.storage.is_some() || expected != Open::From(*origin) {
                    return Err(ChunkError::Gap);
                }
                self.accounts = Some(Open::after(*last, *end)?);
                self.storage = match large.as_slice() {
                    [] => None,
                    [account] => Some((*account, Open::From(H256::zero()))),
                    _ => return Err(ChunkError::Gap),
                };
                Ok(())
            }
            Covered::Storage { account, origin, last, end } => {
                if self.storage != Some((*account, Open::From(*origin))) {
                    return Err(ChunkError::Gap);
                }
                self.storage = match Open::after(*last, *end)? {
                    Open::Complete => None,
                    open @ Open::From(_) => Some((*account, open)),
                };
                Ok(())
            }
            Covered::Alone => self.finish(),
        }
    }

    pub(crate) fn finish(&self) -> Result<(), ChunkError> {
        if self.storage.is_none() && self.accounts == Some(Open::Complete) {
            Ok(())
        } else {
            Err(ChunkError::Gap)
        }
    }
}

/// A folder in which the chunks of a snapshot are gathered, in any order and over any number of attempts.
#[derive(Debug)]
pub struct Spool {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    manifest: Manifest,
}

impl Spool {
    /// Starts or goes on to gather a snapshot of a trusted root.
    ///
    /// # Errors
    ///
    /// When the manifest is of another root, or the folder cannot be written.
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        manifest: Manifest,
        trusted_root: H256,
    ) -> Result<Self, SnapshotError> {
        if manifest.state_root != trusted_root {
            return Err(SnapshotError::Root { found: manifest.state_root, trusted: trusted_root });
        }
        disk.create_folder(folder).map_err(DiskError::on("create", folder))?;
        let path = folder.join(MANIFEST);
        replace_file(disk.as_ref(), &path, &manifest.encode())
            .map_err(DiskError::on("write", &path))?;
        Ok(Self { disk, folder: folder.to_owned(), manifest })
    }

    /// Returns the chunks that are still to be fetched. Chunks present were proven when they were added.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn missing(&self) -> Result<Vec<ChunkId>, SnapshotError> {
        let mut missing = Vec::new();
        for entry in &self.manifest.chunks {
            let path = chunk_path(&self.folder, &entry.id);
            let length = self.disk.length(&path).map_err(DiskError::on("inspect", &path))?;
            if length != Some(u64::from(entry.size_bytes)) {
                missing.push(entry.id);
            }
        }
        Ok(missing)
    }

    /// Checks a chunk and keeps it; a wrong one is refused and leaves no trace.
    ///
    /// # Errors
    ///
    /// `SnapshotError::Chunk` when the chunk is not of this snapshot, or proves nothing.
    pub fn add(&self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let id = *blake3::hash(bytes).as_bytes();
        let index = self.manifest.chunks.iter().position(|entry| entry.id == id);
        let unknown =
            SnapshotError::Chunk { index: self.manifest.chunks.len(), source: ChunkError::Hash };
        let Some((index, entry)) =
            index.and_then(|index| Some((index, self.manifest.chunks.get(index)?)))
        else {
            return Err(unknown);
        };
        prove_chunk(self.manifest.state_root, entry, bytes)
            .map_err(|source| SnapshotError::Chunk { index, source })?;
        let path = chunk_path(&self.folder, &id);
        replace_file(self.disk.as_ref(), &path, bytes).map_err(DiskError::on("write", &path))?;
        Ok(())
    }
}
