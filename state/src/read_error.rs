//! Why something stored cannot be read.

use crate::{
    byte_reader::Malformed, disk_error::DiskError, journal::RecordError, key_value::KeyValueError,
    rlp::RlpError, schema::DamagedEntry,
};

/// A read failed. No wrong value is ever returned instead.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A value in the view is not what was written.
    #[error(transparent)]
    Damaged(#[from] DamagedEntry),
    /// A value in the view passes its checksum and still has the wrong form.
    #[error("entry {key:02x?} of the view has the wrong form")]
    Form {
        /// The key.
        key: Vec<u8>,
        /// Where it is wrong.
        #[source]
        source: FormError,
    },
    /// The engine of the view failed.
    #[error("the view cannot be read; reopen to rebuild it from the journal")]
    Engine(#[from] KeyValueError),
    /// A record of the journal cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The height was pruned.
    #[error("state of block {height} was pruned; the oldest kept is {oldest}")]
    Pruned {
        /// The height asked for.
        height: u64,
        /// The oldest height that can be read.
        oldest: u64,
    },
    /// The height is not committed yet.
    #[error("block {height} is not committed; the next one is {next}")]
    NotCommitted {
        /// The height asked for.
        height: u64,
        /// The height of the next commit.
        next: u64,
    },
}

impl From<DiskError> for ReadError {
    fn from(error: DiskError) -> Self {
        Self::Record(RecordError::Disk(error))
    }
}

/// How a stored value is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] Malformed),
    /// The RLP is not canonical.
    #[error(transparent)]
    Rlp(#[from] RlpError),
}
