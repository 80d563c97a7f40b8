//! The port to the file system: the few operations whose order decides what survives a crash.
//!
//! The journal, the checkpoints and the snapshots touch files only through [`Disk`], so that a seeded simulation can
//! stand in for it. The engine of the view (sled) does its own input and output; see `sled_store`.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

pub mod simulated;

/// A file system, reduced to what a crash-safe store needs.
///
/// # Invariants
///
/// - Bytes written are durable only after `sync_file` on the file, names only after `sync_folder` on their folder.
/// - A failed `sync_file` says nothing about which bytes are durable: the caller must write them again elsewhere.
pub trait Disk: Send + Sync + std::fmt::Debug {
    /// Reads up to `buffer.len()` bytes at `offset`; fewer only at the end of the file.
    ///
    /// # Errors
    ///
    /// `NotFound` when the file does not exist; otherwise what the device says.
    fn read_at(&self, path: &Path, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Returns the length of a file in bytes, `None` when it does not exist.
    ///
    /// # Errors
    ///
    /// What the device says.
    fn length(&self, path: &Path) -> io::Result<Option<u64>>;

    /// Writes all bytes at `offset`, creating or extending the file as needed.
    ///
    /// # Errors
    ///
    /// What the device says; any part of the bytes may have been written then.
    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file to `length` bytes.
    ///
    /// # Errors
    ///
    /// What the device says.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;

    /// Makes the content and length of a file durable.
    ///
    /// # Errors
    ///
    /// What the device says; nothing may be assumed durable then.
    fn sync_file(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    ///
    /// What the device says.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Gives a file or folder a new name, replacing a file that has it.
    ///
    /// # Errors
    ///
    /// What the device says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; a missing file is no error.
    ///
    /// # Errors
    ///
    /// What the device says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Creates a folder and its parents; an existing folder is no error.
    ///
    /// # Errors
    ///
    /// What the device says.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Lists the names in a folder, sorted; a missing folder is empty.
    ///
    /// # Errors
    ///
    /// What the device says.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

    /// Takes the exclusive lock on a file, which it creates; dropping the guard releases it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when another holder has it.
    fn lock(&self, path: &Path) -> io::Result<LockGuard>;
}

/// Keeps a lock until dropped.
#[derive(Debug)]
pub struct LockGuard {
    _holder: Box<dyn std::any::Any + Send + Sync>,
}

impl LockGuard {
    /// Wraps whatever releases the lock when dropped.
    #[must_use]
    pub fn new(holder: Box<dyn std::any::Any + Send + Sync>) -> Self {
        Self { _holder: holder }
    }
}

/// Reads a whole file, `None` when it does not exist.
pub(crate) fn read_file(disk: &dyn Disk, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let Some(length) = disk.length(path)? else { return Ok(None) };
    let size =
        usize::try_from(length).map_err(|_too_large| io::Error::from(ErrorKind::OutOfMemory))?;
    let mut bytes = vec![0; size];
    let count = disk.read_at(path, 0, &mut bytes)?;
    bytes.truncate(count);
    Ok(Some(bytes))
}

/// Replaces a file so that after a crash either the old or the new content is there, whole.
pub(crate) fn replace_file(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    disk.remove(&temporary)?;
    disk.write_at(&temporary, 0, bytes)?;
    disk.sync_file(&temporary)?;
    disk.rename(&temporary, path)?;
    disk.sync_folder(folder)
}

/// The real file system. Keeps handles open, since a commit touches the same file each time.
#[derive(Debug, Default)]
pub struct FileDisk {
    handles: Mutex<BTreeMap<PathBuf, Arc<File>>>,
}

/// Open handles kept at most; older ones are closed, which loses nothing.
const HANDLES_MAX: usize = 64;

impl FileDisk {
    /// Creates the port; opens nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn handle(&self, path: &Path, create: bool) -> io::Result<Arc<File>> {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = handles.get(path) {
            return Ok(Arc::clone(file));
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(create).truncate(false);
        let file = match options.open(path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied && !create => {
                File::open(path)?
            }
            other => other?,
        };
        let file = Arc::new(file);
        if handles.len() >= HANDLES_MAX {
            handles.clear();
        }
        handles.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    /// Forgets the handles of a file, or of everything inside a folder.
    fn forget(&self, path: &Path) {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.retain(|open, _| !open.starts_with(path));
    }
}

impl Disk for FileDisk {
    fn read_at(&self, path: &Path, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let file = self.handle(path, false)?;
        let mut count = 0;
        while let Some(rest) = buffer.get_mut(count..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset + count as u64) {
                Ok(0) => break,
                Ok(read) => count += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    fn length(&self, path: &Path) -> io::Result<Option<u64>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.handle(path, true)?.write_all_at(bytes, offset)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.handle(path, true)?.set_len(length)
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        let result = self.handle(path, false)?.sync_data();
        if result.is_err() {
            self.forget(path);
        }
        result
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.forget(from);
        self.forget(to);
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.forget(path);
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn lock(&self, path: &Path) -> io::Result<LockGuard> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(LockGuard::new(Box::new(file))),
            Err(fs::TryLockError::WouldBlock) => Err(io::Error::from(ErrorKind::WouldBlock)),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}
