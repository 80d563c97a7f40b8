//! A disk in memory that forgets, tears, reorders, fills up and fails, repeatably by seed.
//!
//! It records every operation. [`SimulatedDisk::after_power_loss`] replays the record up to a chosen operation and
//! builds one of the images that a real disk could show after the power went at that moment: bytes synced are there,
//! each unsynced sector is there or not, in any combination; names not synced are there up to some point in their order.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Disk, LockGuard};

/// A small repeatable generator (splitmix64); for simulations only.
#[derive(Debug, Clone)]
pub struct Seed(u64);

impl Seed {
    /// Starts a sequence.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number of the sequence.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`; 0 when `limit` is 0.
    pub const fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.draw() % limit }
    }
}

/// What goes wrong next, while the machine keeps running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The nth write from now fails before any byte is written.
    WriteFails(u64),
    /// The nth write from now writes half of its bytes and fails.
    WriteShort(u64),
    /// The nth sync from now fails and drops what was not durable, as Linux does.
    SyncFails(u64),
    /// Writes that extend files beyond this total number of bytes fail with "no space left".
    FullAt(u64),
    /// All writes fail as on a read-only device.
    ReadOnly,
}

#[derive(Debug, Clone)]
enum Operation {
    Create {
        file: usize,
        path: PathBuf,
    },
    Write {
        file: usize,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        file: usize,
        length: u64,
    },
    SyncFile {
        file: usize,
    },
    /// A failed sync: reads show the durable bytes again, while what was pending may or may not have reached the medium.
    Revert {
        file: usize,
    },
    SyncFolder {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
}

#[derive(Debug, Clone, Default)]
struct Image {
    names: BTreeMap<PathBuf, usize>,
    files: Vec<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Inner {
    live: Image,
    durable: Vec<Vec<u8>>,
    operations: Vec<Operation>,
    faults: Vec<Fault>,
    locked: Arc<Mutex<BTreeMap<PathBuf, ()>>>,
}

/// A disk in memory; see the module documentation. Clones share the same content.
#[derive(Debug, Clone, Default)]
pub struct SimulatedDisk {
    inner: Arc<Mutex<Inner>>,
}

impl SimulatedDisk {
    /// Creates an empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Arranges for a fault.
    pub fn inject(&self, fault: Fault) {
        self.inner().faults.push(fault);
    }

    /// Ends all faults arranged so far.
    pub fn heal(&self) {
        self.inner().faults.clear();
    }

    /// Returns the number of operations recorded so far; a cut point is a number up to it.
    #[must_use]
    pub fn operation_count(&self) -> usize {
        self.inner().operations.len()
    }

    /// Returns how many operations were done when a file in a folder was last synced.
    #[must_use]
    pub fn last_sync_in(&self, folder: &Path) -> Option<usize> {
        let inner = self.inner();
        let is_inside = |file: usize| {
            inner.operations.iter().any(|operation| {
                matches!(operation, Operation::Create { file: created, path }
                    if *created == file && path.parent() == Some(folder))
            })
        };
        let is_sync = |operation: &Operation| matches!(operation, Operation::SyncFile { file } if is_inside(*file));
        inner.operations.iter().rposition(is_sync).map(|index| index + 1)
    }

    /// Flips one bit of a file, as a decaying medium does. Returns whether the position exists.
    #[must_use]
    pub fn flip_bit(&self, path: &Path, byte: u64, bit: u8) -> bool {
        let mut inner = self.inner();
        let Some(&file) = inner.live.names.get(path) else { return false };
        let (Ok(index), Some(content)) = (usize::try_from(byte), inner.live.files.get_mut(file))
        else {
            return false;
        };
        content.get_mut(index).map(|value| *value ^= 1 << (bit & 7)).is_some()
    }

    /// Returns every file with its content.
    #[must_use]
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let inner = self.inner();
        let content = |file: &usize| inner.live.files.get(*file).cloned().unwrap_or_default();
        inner.live.names.iter().map(|(path, file)| (path.clone(), content(file))).collect()
    }

    /// Builds a disk as it may look when the power went after `cut` operations.
    ///
    /// `sector_size` is the unit that a device writes whole: 512 or 4096 bytes.
    #[must_use]
    pub fn after_power_loss(&self, cut: usize, sector_size: usize, seed: &mut Seed) -> Self {
        let inner = self.inner();
        let operations = inner.operations.get(..cut).unwrap_or(&inner.operations);
        let mut image = Image::default();
        for file in 0..operations
            .iter()
            .filter(|operation| matches!(operation, Operation::Create { .. }))
            .count()
        {
            image.files.push(surviving_content(operations, file, sector_size, seed));
        }
        image.names = surviving_names(operations, seed);
        let mut inner = Inner::default();
        // The image becomes the history of the new disk, so that it can be cut again.
        for (path, &file) in &image.names {
            let content = image.files.get(file).cloned().unwrap_or_default();
            let new = inner.live.files.len();
            inner.live.names.insert(path.clone(), new);
            inner.live.files.push(content.clone());
            inner.operations.push(Operation::Create { file: new, path: path.clone() });
            inner.operations.push(Operation::Write { file: new, offset: 0, bytes: content });
            inner.operations.push(Operation::SyncFile { file: new });
            if let Some(folder) = path.parent() {
                inner.operations.push(Operation::SyncFolder { path: folder.to_owned() });
            }
        }
        inner.durable = inner.live.files.clone();
        Self { inner: Arc::new(Mutex::new(inner)) }
    }
}

/// Returns the content of one file after power loss.
fn surviving_content(
    operations: &[Operation],
    file: usize,
    sector_size: usize,
    seed: &mut Seed,
) -> Vec<u8> {
    let mut live: Vec<u8> = Vec::new();
    let mut durable: Vec<u8> = Vec::new();
    let mut pending: Vec<&Operation> = Vec::new();
    for operation in operations {
        match operation {
            Operation::Write { file: target, offset, bytes } if *target == file => {
                write_into(&mut live, *offset, bytes);
                pending.push(operation);
            }
            Operation::Truncate { file: target, length } if *target == file => {
                live.resize(usize::try_from(*length).unwrap_or(live.len()), 0);
                pending.push(operation);
            }
            Operation::SyncFile { file: target } if *target == file => {
                durable.clone_from(&live);
                pending.clear();
            }
            Operation::Revert { file: target } if *target == file => live.clone_from(&durable),
            _ => {}
        }
    }
    let mut result = durable;
    for operation in pending {
        match operation {
            Operation::Write { offset, bytes, .. } => {
                let offset = usize::try_from(*offset).unwrap_or(usize::MAX);
                let mut from = 0;
                while from < bytes.len() {
                    let to = bytes.len().min(from + sector_size - (offset + from) % sector_size);
                    if seed.below(2) == 0 {
                        write_into(
                            &mut result,
                            (offset + from) as u64,
                            bytes.get(from..to).unwrap_or_default(),
                        );
                    }
                    from = to;
                }
            }
            Operation::Truncate { length, .. } if seed.below(2) == 0 => {
                result.resize(usize::try_from(*length).unwrap_or(0), 0);
            }
            _ => {}
        }
    }
    result
}

/// Returns the names after power loss.
///
/// Directory changes reach the medium in their order (file systems journal them), up to some point that is not before
/// the last sync of any folder; a sync of one folder vouches for its own names only, so later changes may be missing.
fn surviving_names(operations: &[Operation], seed: &mut Seed) -> BTreeMap<PathBuf, usize> {
    let synced_until = |folder: Option<&Path>| {
        operations
            .iter()
            .rposition(|operation| matches!(operation, Operation::SyncFolder { path } if Some(path.as_path()) == folder))
            .unwrap_or(0)
    };
    let last_sync =
        operations.iter().rposition(|operation| matches!(operation, Operation::SyncFolder { .. }));
    let start = last_sync.unwrap_or(0);
    let lost_after =
        start + usize::try_from(seed.below((operations.len() - start + 1) as u64)).unwrap_or(0);
    let other_folders_too = seed.below(2) == 0;
    let mut names = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        let path = match operation {
            Operation::Create { path, .. } | Operation::Remove { path } => path,
            Operation::Rename { to, .. } => to,
            _ => continue,
        };
        if index < synced_until(path.parent()) || (other_folders_too && index < lost_after) {
            apply_name(&mut names, operation);
        }
    }
    names
}

fn apply_name(names: &mut BTreeMap<PathBuf, usize>, operation: &Operation) {
    match operation {
        Operation::Create { file, path } => {
            names.insert(path.clone(), *file);
        }
        Operation::Remove { path } => {
            names.remove(path);
        }
        Operation::Rename { from, to } => {
            let moved: Vec<PathBuf> =
                names.keys().filter(|path| path.starts_with(from)).cloned().collect();
            for old in moved {
                if let (Some(file), Ok(rest)) = (names.remove(&old), old.strip_prefix(from)) {
                    let new = if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
                    names.insert(new, file);
                }
            }
        }
        _ => {}
    }
}

fn write_into(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let Ok(offset) = usize::try_from(offset) else { return };
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    if let Some(target) = content.get_mut(offset..end) {
        target.copy_from_slice(bytes);
    }
}

impl Inner {
    fn file(&self, path: &Path) -> io::Result<usize> {
        self.live.names.get(path).copied().ok_or_else(|| io::Error::from(ErrorKind::NotFound))
    }

    fn file_or_new(&mut self, path: &Path) -> usize {
        if let Some(&file) = self.live.names.get(path) {
            return file;
        }
        let file = self.live.files.len();
        self.live.files.push(Vec::new());
        self.durable.push(Vec::new());
        self.live.names.insert(path.to_owned(), file);
        self.operations.push(Operation::Create { file, path: path.to_owned() });
        file
    }

    fn used_bytes(&self) -> u64 {
        self.live
            .names
            .values()
            .filter_map(|file| self.live.files.get(*file))
            .map(|content| content.len() as u64)
            .sum()
    }

    /// Counts a write down; returns how many of its bytes happen, and the error that follows, if any.
    fn write_outcome(
        &mut self,
        file: usize,
        offset: u64,
        length: usize,
    ) -> (usize, Option<io::Error>) {
        let used = self.used_bytes();
        let current = self.live.files.get(file).map_or(0, |content| content.len() as u64);
        let growth = (offset + length as u64).saturating_sub(current);
        let mut outcome = (length, None);
        self.faults.retain_mut(|fault| match fault {
            Fault::WriteFails(0) => {
                outcome = (0, Some(io::Error::other("simulated write failure")));
                false
            }
            Fault::WriteShort(0) => {
                outcome = (length / 2, Some(io::Error::other("simulated short write")));
                false
            }
            Fault::WriteFails(count) | Fault::WriteShort(count) => {
                *count -= 1;
                true
            }
            Fault::FullAt(limit) if growth > 0 && used + growth > *limit => {
                outcome = (0, Some(io::Error::from(ErrorKind::StorageFull)));
                true
            }
            Fault::ReadOnly => {
                outcome = (0, Some(io::Error::from(ErrorKind::ReadOnlyFilesystem)));
                true
            }
            Fault::SyncFails(_) | Fault::FullAt(_) => true,
        });
        outcome
    }

    fn sync_fails(&mut self) -> bool {
        let mut fails = false;
        self.faults.retain_mut(|fault| match fault {
            Fault::SyncFails(0) => {
                fails = true;
                false
            }
            Fault::SyncFails(count) => {
                *count -= 1;
                true
            }
            _ => true,
        });
        fails
    }
}

impl Disk for SimulatedDisk {
    fn read_at(&self, path: &Path, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let inner = self.inner();
        let file = inner.file(path)?;
        let content = inner.live.files.get(file).map(Vec::as_slice).unwrap_or_default();
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| content.get(offset..))
            .unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(target), Some(source)) = (buffer.get_mut(..count), rest.get(..count)) {
            target.copy_from_slice(source);
        }
        Ok(count)
    }

    fn length(&self, path: &Path) -> io::Result<Option<u64>> {
        let inner = self.inner();
        Ok(inner
            .live
            .names
            .get(path)
            .and_then(|file| inner.live.files.get(*file))
            .map(|content| content.len() as u64))
    }

    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.inner();
        let file = inner.file_or_new(path);
        let (count, error) = inner.write_outcome(file, offset, bytes.len());
        let part = bytes.get(..count).unwrap_or_default();
        if count > 0 {
            if let Some(content) = inner.live.files.get_mut(file) {
                write_into(content, offset, part);
            }
            inner.operations.push(Operation::Write { file, offset, bytes: part.to_vec() });
        }
        error.map_or(Ok(()), Err)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        let mut inner = self.inner();
        let file = inner.file_or_new(path);
        if inner.faults.contains(&Fault::ReadOnly) {
            return Err(io::Error::from(ErrorKind::ReadOnlyFilesystem));
        }
        if let Some(content) = inner.live.files.get_mut(file) {
            content.resize(usize::try_from(length).unwrap_or(0), 0);
        }
        inner.operations.push(Operation::Truncate { file, length });
        Ok(())
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        let file = inner.file(path)?;
        if inner.sync_fails() {
            // The page cache forgets what it could not write: reads then show the durable bytes.
            let durable = inner.durable.get(file).cloned().unwrap_or_default();
            inner.operations.push(Operation::Revert { file });
            if let Some(content) = inner.live.files.get_mut(file) {
                *content = durable;
            }
            return Err(io::Error::other("simulated sync failure"));
        }
        let live = inner.live.files.get(file).cloned().unwrap_or_default();
        if let Some(content) = inner.durable.get_mut(file) {
            *content = live;
        }
        inner.operations.push(Operation::SyncFile { file });
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.sync_fails() {
            return Err(io::Error::other("simulated folder sync failure"));
        }
        inner.operations.push(Operation::SyncFolder { path: path.to_owned() });
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.faults.contains(&Fault::ReadOnly) {
            return Err(io::Error::from(ErrorKind::ReadOnlyFilesystem));
        }
        let operation = Operation::Rename { from: from.to_owned(), to: to.to_owned() };
        apply_name(&mut inner.live.names, &operation);
        inner.operations.push(operation);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.live.names.remove(path).is_some() {
            inner.operations.push(Operation::Remove { path: path.to_owned() });
        }
        Ok(())
    }

    fn create_folder(&self, _path: &Path) -> io::Result<()> {
        if self.inner().faults.contains(&Fault::ReadOnly) {
            return Err(io::Error::from(ErrorKind::ReadOnlyFilesystem));
        }
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let inner = self.inner();
        let mut names: Vec<String> = inner
            .live
            .names
            .keys()
            .filter_map(|file| file.strip_prefix(path).ok())
            .filter_map(|rest| rest.components().next())
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn lock(&self, path: &Path) -> io::Result<LockGuard> {
        #[derive(Debug)]
        struct Release(Arc<Mutex<BTreeMap<PathBuf, ()>>>, PathBuf);
        impl Drop for Release {
            fn drop(&mut self) {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
            }
        }
        let locked = Arc::clone(&self.inner().locked);
        if locked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.to_owned(), ())
            .is_some()
        {
            return Err(io::Error::from(ErrorKind::WouldBlock));
        }
        Ok(LockGuard::new(Box::new(Release(locked, path.to_owned()))))
    }
}
