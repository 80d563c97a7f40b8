//! The checkpoint: up to which block the view was made durable, and where the journal continues.
//!
//! Two files take turns, so that a crash while one is replaced leaves the other.

use std::path::{Path, PathBuf};

use primitive_types::H256;

use crate::{
    byte_reader::{ByteReader, Malformed},
    disk::{Disk, read_file, replace_file},
    disk_error::DiskError,
    fingerprint::Fingerprint,
    journal::{record::RecordHash, scan::KnownRecord},
    schema::{Position, SCHEMA_VERSION},
};

const MAGIC: [u8; 4] = *b"CMCP";

/// Whether the store was closed in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    Clean,
    Running,
}

/// What was durable in the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Counts all checkpoints; the highest counts.
    pub(crate) number: u64,
    pub(crate) chain_id: H256,
    /// The view held every block below this height.
    pub(crate) next_height: u64,
    pub(crate) record_hash: RecordHash,
    /// Where the next record is or would be.
    pub(crate) next: Position,
    pub(crate) state_root: H256,
    pub(crate) state_fingerprint: Fingerprint,
    pub(crate) closing: Closing,
}

impl Checkpoint {
    pub(crate) const fn known_record(&self) -> KnownRecord {
        KnownRecord { next_height: self.next_height, hash: self.record_hash, next: self.next }
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&SCHEMA_VERSION.to_le_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(self.chain_id.as_bytes());
        out.extend_from_slice(&self.next_height.to_le_bytes());
        out.extend_from_slice(&self.record_hash);
        out.extend_from_slice(&self.next.encode());
        out.extend_from_slice(self.state_root.as_bytes());
        out.extend_from_slice(&self.state_fingerprint.to_bytes());
        out.push(u8::from(self.closing == Closing::Clean));
        let hash = blake3::hash(&out);
        out.extend_from_slice(hash.as_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let damaged = Malformed { at: 0 };
        let (body, hash) = bytes.split_last_chunk::<32>().ok_or(damaged)?;
        if blake3::hash(body).as_bytes() != hash {
            return Err(damaged);
        }
        let mut reader = ByteReader::new(body);
        if reader.array() != Ok(MAGIC) || reader.u32()? != SCHEMA_VERSION {
            return Err(damaged);
        }
        Ok(Self {
            number: reader.u64()?,
            chain_id: H256(reader.array()?),
            next_height: reader.u64()?,
            record_hash: reader.array()?,
            next: Position { segment: reader.u64()?, offset: reader.u64()? },
            state_root: H256(reader.array()?),
            state_fingerprint: Fingerprint::from_bytes(reader.array()?),
            closing: if reader.u8()? == 1 { Closing::Clean } else { Closing::Running },
        })
    }
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(if number.is_multiple_of(2) { "checkpoint-0" } else { "checkpoint-1" })
}

/// Writes a checkpoint in place of the one before the last.
pub(crate) fn write(
    disk: &dyn Disk,
    folder: &Path,
    checkpoint: &Checkpoint,
) -> Result<(), DiskError> {
    let path = path(folder, checkpoint.number);
    replace_file(disk, &path, &checkpoint.encode()).map_err(DiskError::on("replace", &path))
}

/// What the checkpoint files hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) newest: Option<Checkpoint>,
    /// Files that exist and are damaged.
    pub(crate) damaged_count: usize,
}

/// Reads the newest intact checkpoint of this chain.
pub(crate) fn read(disk: &dyn Disk, folder: &Path, chain_id: H256) -> Result<Found, DiskError> {
    let mut found = Found { newest: None, damaged_count: 0 };
    for number in 0..2 {
        let path = path(folder, number);
        let Some(bytes) = read_file(disk, &path).map_err(DiskError::on("read", &path))? else {
            continue;
        };
        match Checkpoint::decode(&bytes) {
            Ok(checkpoint) if checkpoint.chain_id == chain_id => {
                if found.newest.is_none_or(|newest| newest.number < checkpoint.number) {
                    found.newest = Some(checkpoint);
                }
            }
            _ => found.damaged_count += 1,
        }
    }
    Ok(found)
}

/// Removes all checkpoints, as when the view is rebuilt.
pub(crate) fn remove(disk: &dyn Disk, folder: &Path) -> Result<(), DiskError> {
    for number in 0..2 {
        let path = path(folder, number);
        disk.remove(&path).map_err(DiskError::on("remove", &path))?;
    }
    disk.sync_folder(folder).map_err(DiskError::on("sync", folder))
}
