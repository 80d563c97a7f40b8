//! [`KeyValue`] over sled 0.34.7; the only file that names it.
//!
//! What sled does not do, this file does: it removes leftovers that make sled refuse to open, syncs the files and folders
//! that `flush` leaves to the page cache, and turns panics, of which sled has many on damaged files, into errors.

use std::{
    fs::{self, File},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use crate::{
    engine_guard::panic_message,
    key_value::{Batch, KeyValue, KeyValueError, Visitor},
};

const ENGINE: &str = "sled";

/// A sled database with one tree.
pub struct SledStore {
    database: sled::Db,
    folder: PathBuf,
}

impl std::fmt::Debug for SledStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SledStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl SledStore {
    /// Opens or creates the database in a folder.
    ///
    /// sled may hang on damaged files, which this function cannot prevent: call it in a thread of its own.
    ///
    /// # Errors
    ///
    /// When sled fails or panics.
    pub fn open(folder: &Path, cache_bytes: u64) -> Result<Self, KeyValueError> {
        remove_unfinished_snapshots(folder).map_err(device)?;
        let open = || {
            sled::Config::new()
                .path(folder)
                .cache_capacity(cache_bytes)
                .mode(sled::Mode::HighThroughput)
                .flush_every_ms(None)
                .open()
        };
        let mut attempts = LOCK_ATTEMPTS;
        let database = loop {
            match guard(open)? {
                Err(sled::Error::Io(error)) if is_locked(&error) => {
                    attempts -= 1;
                    if attempts == 0 {
                        return Err(device(io::Error::new(io::ErrorKind::WouldBlock, error)));
                    }
                    wait_for_lock();
                }
                other => break other.map_err(engine_error)?,
            }
        };
        Ok(Self { database, folder: folder.to_owned() })
    }
}

/// Attempts to take the lock, 10 ms apart: sled's threads keep the files for a moment after the database was dropped.
const LOCK_ATTEMPTS: u32 = 1000;

/// sled says in words only that the lock is held.
fn is_locked(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
        || error.to_string().contains("could not acquire lock")
}

#[expect(clippy::disallowed_methods, reason = "nothing tells when sled's threads let the lock go")]
fn wait_for_lock() {
    std::thread::sleep(std::time::Duration::from_millis(10));
}

/// Removes `snap.*.generating`: sled 0.34.7 takes such a leftover for a snapshot and refuses to open for ever.
fn remove_unfinished_snapshots(folder: &Path) -> io::Result<()> {
    for path in files_below(folder)? {
        if path.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Lists the files of the database, one level of folders deep, as sled lays them out.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

const fn device(source: io::Error) -> KeyValueError {
    KeyValueError::Device { engine: ENGINE, source }
}

fn engine_error(error: sled::Error) -> KeyValueError {
    match error {
        sled::Error::Io(source) => device(source),
        other => KeyValueError::Damaged { engine: ENGINE, detail: other.to_string() },
    }
}

/// Runs a call into sled and turns a panic into an error.
fn guard<T>(call: impl FnOnce() -> T) -> Result<T, KeyValueError> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| KeyValueError::Panicked {
        engine: ENGINE,
        detail: panic_message(payload.as_ref()),
    })
}

impl KeyValue for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KeyValueError> {
        guard(|| self.database.get(key))?
            .map(|value| value.map(|value| value.to_vec()))
            .map_err(engine_error)
    }

    fn scan(&self, start: &[u8], end: &[u8], visit: &mut Visitor<'_>) -> Result<(), KeyValueError> {
        if start >= end {
            return Ok(());
        }
        let mut entries = guard(|| self.database.range(start..end))?;
        while let Some(entry) = guard(|| entries.next())? {
            let (key, value) = entry.map_err(engine_error)?;
            if visit(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn write(&self, batch: Batch) -> Result<(), KeyValueError> {
        let mut changes = sled::Batch::default();
        for (key, value) in batch.entries {
            match value {
                Some(value) => changes.insert(key, value),
                None => changes.remove(key),
            }
        }
        guard(|| self.database.apply_batch(changes))?.map_err(engine_error)
    }

    fn sync(&self) -> Result<(), KeyValueError> {
        guard(|| self.database.flush())?.map_err(engine_error)?;
        // sled's flush ends in sync_file_range, which promises nothing, and never syncs its other files and folders.
        for path in files_below(&self.folder).map_err(device)? {
            match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other.and_then(|file| file.sync_all()).map_err(device)?,
            }
        }
        let folders =
            [Some(self.folder.as_path()), self.folder.parent(), Some(&self.folder.join("blobs"))];
        for folder in folders.into_iter().flatten().filter(|folder| folder.is_dir()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(device)?;
        }
        Ok(())
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // sled's own drop flushes and may panic on damage; what was not synced is in the journal anyway.
        drop(guard(|| self.database.flush()));
    }
}
