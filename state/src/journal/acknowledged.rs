//! A note of the last height acknowledged, beside the journal.
//!
//! Written without a sync after each commit: it survives a killed process, and lets the next start tell a record that was
//! torn while being written from one that was acknowledged and damaged later. After a power loss it may be older.

use std::path::Path;

use super::{JournalFiles, record::RecordHash};
use crate::{byte_reader::ByteReader, disk::Disk, disk_error::DiskError};

const FILE_NAME: &str = "acknowledged";
const MAGIC: [u8; 4] = *b"CMAK";
const SLOT_BYTES: usize = 52;
/// The slots are in different sectors, so that a torn write spoils one of them at most.
const SLOT_DISTANCE: u64 = 4096;

/// Writes both notes anew, after a repair changed what is there.
pub(crate) fn reset(
    files: &JournalFiles,
    next_height: u64,
    hash: &RecordHash,
) -> Result<(), DiskError> {
    for folder in &files.folders {
        let path = folder.join(FILE_NAME);
        files.disk.remove(&path).map_err(DiskError::on("remove", &path))?;
    }
    note(files, 0, next_height, hash);
    note(files, 1, next_height, hash);
    Ok(())
}

/// Writes a note into one of the two slots. A failure is ignored: the note is a second witness, not the truth.
pub(crate) fn note(files: &JournalFiles, slot: u64, next_height: u64, hash: &RecordHash) {
    let mut bytes = [0; SLOT_BYTES];
    bytes[0..4].copy_from_slice(&MAGIC);
    bytes[4..12].copy_from_slice(&next_height.to_le_bytes());
    bytes[12..44].copy_from_slice(hash);
    let checksum = crc32fast::hash(&bytes[..48]);
    bytes[48..52].copy_from_slice(&checksum.to_le_bytes());
    for folder in &files.folders {
        drop(files.disk.write_at(&folder.join(FILE_NAME), slot * SLOT_DISTANCE, &bytes));
    }
}

/// Returns the height below which every block was acknowledged, by the best intact note; 0 when there is none.
pub(crate) fn acknowledged_below(files: &JournalFiles) -> u64 {
    files
        .folders
        .iter()
        .flat_map(|folder| [0, 1].map(|slot| read(files.disk.as_ref(), folder, slot)))
        .flatten()
        .max()
        .unwrap_or(0)
}

fn read(disk: &dyn Disk, folder: &Path, slot: u64) -> Option<u64> {
    let mut bytes = [0; SLOT_BYTES];
    let count = disk.read_at(&folder.join(FILE_NAME), slot * SLOT_DISTANCE, &mut bytes).ok()?;
    let (body, checksum) = bytes.get(..count)?.split_last_chunk::<4>()?;
    let mut reader = ByteReader::new(body);
    let intact = count == SLOT_BYTES
        && reader.array() == Ok(MAGIC)
        && u32::from_le_bytes(*checksum) == crc32fast::hash(body);
    intact.then(|| reader.u64().ok()).flatten()
}
