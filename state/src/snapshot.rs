//! Snapshots.
pub(crate) mod base;

/// Fails.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] crate::disk_error::DiskError),
}
