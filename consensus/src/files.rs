//! The two files of a validator: its log, and its vote lock.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
    vec::Vec,
};

use primitive_types::H160;

use crate::{
    log_entry::LogEntry,
    signing::{ChainId, SignError, Signer},
    statement::{SignedStatement, Statement},
    vote_lock::{LockRefusal, VOTE_LOCK_SLOT_LENGTH, VoteLock},
    write_ahead_log::{LogDamage, Replay, replay, write_frame},
};

/// Why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refuses.
    #[error("the file cannot be used")]
    Io(#[from] io::Error),
    /// Another process has it.
    #[error("another process uses the file")]
    InUse,
    /// The log has lost something.
    #[error("the log must not be signed with")]
    Log(#[source] LogDamage),
    /// Neither record of the vote lock is whole.
    #[error("the vote lock is damaged")]
    Lock,
    /// The vote lock guards another key.
    #[error("the vote lock belongs to {found}, not to {expected}")]
    Address {
        /// The key in use.
        expected: H160,
        /// The key in the file.
        found: H160,
    },
}

fn lock_exclusively(file: &File) -> Result<(), FileError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(FileError::InUse),
        Err(TryLockError::Error(error)) => Err(FileError::Io(error)),
    }
}

/// Makes the entry of a new file in its folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// An append-only log on disk.
#[derive(Debug)]
pub struct LogFile {
    file: File,
    next_sequence: u64,
    unwritten: Vec<u8>,
}

impl LogFile {
    /// Opens or creates a log, cuts off a torn tail, and returns what is in it.
    ///
    /// # Errors
    /// See [`FileError`]. After [`FileError::Log`] the node may follow the chain, but must not sign.
    pub fn open(path: &Path) -> Result<(Self, Replay), FileError> {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        lock_exclusively(&file)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let found = replay(&bytes).map_err(FileError::Log)?;
        file.set_len(found.good_length as u64)?;
        file.seek(SeekFrom::Start(found.good_length as u64))?;
        file.sync_all()?;
        sync_folder(path)?;
        Ok((Self { file, next_sequence: found.next_sequence, unwritten: Vec::new() }, found))
    }

    /// Appends an entry, in memory.
    pub fn append(&mut self, entry: &LogEntry) {
        write_frame(self.next_sequence, entry, &mut self.unwritten);
        self.next_sequence += 1;
    }

    /// Makes all entries durable: at once for any number of them.
    ///
    /// # Errors
    /// When the disk fails. The node must stop then: what is on disk is not known.
    pub fn sync(&mut self) -> io::Result<()> {
        if !self.unwritten.is_empty() {
            self.file.write_all(&self.unwritten)?;
            self.unwritten.clear();
            self.file.sync_data()?;
        }
        Ok(())
    }

    /// Forgets everything, once the height is decided and stored.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn clear(&mut self) -> io::Result<()> {
        self.unwritten.clear();
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.sync_all()
    }
}

/// Why a statement was not signed.
#[derive(Debug, thiserror::Error)]
pub enum GuardedSignError {
    /// It must not be signed.
    #[error("the vote lock refuses")]
    Refused(#[from] LockRefusal),
    /// The record could not be made durable.
    #[error("the vote lock cannot be written")]
    Io(#[from] io::Error),
    /// The key could not be used.
    #[error("the signer does not sign")]
    Signer(#[from] SignError),
}

/// A vote lock on disk, held against every other process.
#[derive(Debug)]
pub struct VoteLockFile {
    file: File,
    lock: VoteLock,
}

impl VoteLockFile {
    /// Creates the lock of a new key. A file that is there already is an error: it may be the only memory of what was
    /// signed.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn create(path: &Path, address: H160) -> Result<Self, FileError> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        lock_exclusively(&file)?;
        let mut created = Self { file, lock: VoteLock::new(address) };
        created.write()?;
        sync_folder(path)?;
        Ok(created)
    }

    /// Opens the lock of a key in use. A missing file is an error: without it, an existing chain does not start.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn open(path: &Path, address: H160) -> Result<Self, FileError> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        lock_exclusively(&file)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let lock = VoteLock::from_file(&bytes).ok_or(FileError::Lock)?;
        if lock.address() != address {
            return Err(FileError::Address { expected: address, found: lock.address() });
        }
        Ok(Self { file, lock })
    }

    /// Returns what was signed last.
    #[must_use]
    pub const fn lock(&self) -> &VoteLock {
        &self.lock
    }

    /// Signs a statement, if it may be signed, after that is on disk.
    ///
    /// # Errors
    /// See [`GuardedSignError`].
    pub fn sign(
        &mut self,
        statement: Statement,
        chain: &ChainId,
        signer: &dyn Signer,
    ) -> Result<SignedStatement, GuardedSignError> {
        if self.lock.permit(&statement, &statement.digest(chain))? {
            self.write()?;
        }
        Ok(statement.sign(chain, signer)?)
    }

    /// Overwrites the older record.
    fn write(&mut self) -> io::Result<()> {
        let slot = self.lock.counter() % 2;
        self.file.seek(SeekFrom::Start(slot * VOTE_LOCK_SLOT_LENGTH as u64))?;
        let mut record = self.lock.to_record();
        record.resize(VOTE_LOCK_SLOT_LENGTH, 0);
        self.file.write_all(&record)?;
        self.file.sync_all()
    }
}
