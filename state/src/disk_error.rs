//! What can go wrong with a file, told so that an operator knows what to do.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// A file operation failed.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// No space is left.
    #[error("no space left for {}; free some and try again, nothing committed is affected", path.display())]
    Full {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// The folder cannot be written.
    #[error("{} cannot be written (read-only or not permitted); check the mount and the owner", path.display())]
    ReadOnly {
        /// The file that could not be written.
        path: PathBuf,
    },
    /// The device or the operating system failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Failed {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DiskError {
    /// Sorts an error of the system by what the operator can do about it.
    pub(crate) fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full { path },
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Self::ReadOnly { path },
            _ => Self::Failed { action, path, source },
        }
    }

    pub(crate) fn on(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::new(action, path, source)
    }
}
