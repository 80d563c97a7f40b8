//! Writing where a scan found something: cutting a torn tail, and marking what was lost.

use std::path::Path;

use super::{
    JournalFiles,
    record::{HEADER_BYTES, RecordHash, RecordHeader, RecordKind, TRAILER_BYTES, encode_record},
    scan::{Hole, Scan},
    segment::{SegmentHeader, segment_path},
};
use crate::{disk::read_file, disk_error::DiskError};

/// Cuts what follows the last intact record. Only for bytes that were never acknowledged.
pub(crate) fn cut_tail(files: &JournalFiles, scan: &mut Scan) -> Result<u64, DiskError> {
    let mut cut_bytes = 0;
    for folder in &files.folders {
        let path = segment_path(folder, scan.end_segment);
        if let Some(offset) = scan.end.offset {
            let length =
                files.disk.length(&path).map_err(DiskError::on("inspect", &path))?.unwrap_or(0);
            if length > offset && !is_prepared_space(files, &path, offset, length)? {
                cut_bytes = cut_bytes.max(length - offset);
                files.disk.truncate(&path, offset).map_err(DiskError::on("cut", &path))?;
                files.disk.sync_file(&path).map_err(DiskError::on("sync", &path))?;
            }
        }
    }
    for segment in scan.segments.iter().filter(|segment| segment.sequence > scan.end_segment) {
        for folder in &files.folders {
            let path = segment_path(folder, segment.sequence);
            files.disk.remove(&path).map_err(DiskError::on("remove", &path))?;
            files.disk.sync_folder(folder).map_err(DiskError::on("sync", folder))?;
        }
    }
    scan.segments.retain(|segment| segment.sequence <= scan.end_segment);
    Ok(cut_bytes)
}

/// Zeros behind the last record are space prepared for the next ones.
fn is_prepared_space(
    files: &JournalFiles,
    path: &Path,
    offset: u64,
    length: u64,
) -> Result<bool, DiskError> {
    let mut bytes = vec![0; usize::try_from(length - offset).unwrap_or(0)];
    files.disk.read_at(path, offset, &mut bytes).map_err(DiskError::on("read", path))?;
    Ok(bytes.iter().all(|byte| *byte == 0))
}

/// Copies a segment beside the journal before a repair changes it.
pub(crate) fn set_aside(files: &JournalFiles, sequence: u64) -> Result<(), DiskError> {
    for folder in &files.folders {
        let path = segment_path(folder, sequence);
        let Some(bytes) =
            read_file(files.disk.as_ref(), &path).map_err(DiskError::on("read", &path))?
        else {
            continue;
        };
        let mut copy = path.as_os_str().to_owned();
        copy.push(".damaged");
        let copy = std::path::PathBuf::from(copy);
        files.disk.remove(&copy).map_err(DiskError::on("remove", &copy))?;
        files.disk.write_at(&copy, 0, &bytes).map_err(DiskError::on("write", &copy))?;
        files.disk.sync_file(&copy).map_err(DiskError::on("sync", &copy))?;
    }
    Ok(())
}

/// Writes the header of a segment that is missing altogether.
fn restore_segment(files: &JournalFiles, hole: &Hole) -> Result<(), DiskError> {
    let header = SegmentHeader {
        sequence: hole.position.segment,
        chain_id: files.chain_id,
        first_height: hole.height,
        previous: hole.previous,
    };
    for folder in &files.folders {
        let path = segment_path(folder, hole.position.segment);
        if files.disk.length(&path).map_err(DiskError::on("inspect", &path))?.is_none() {
            files
                .disk
                .write_at(&path, 0, &header.encode())
                .map_err(DiskError::on("write", &path))?;
        }
    }
    Ok(())
}

/// Puts a marker in place of the lost blocks `hole.height..below`, where `last_hash` is the hash of the last one's record.
pub(crate) fn mark_lost(
    files: &JournalFiles,
    hole: &Hole,
    below: u64,
    last_hash: RecordHash,
) -> Result<(), DiskError> {
    set_aside(files, hole.position.segment)?;
    restore_segment(files, hole)?;
    let mut payload = below.to_le_bytes().to_vec();
    payload.extend_from_slice(&last_hash);
    let next_here = hole.next.filter(|next| next.position.segment == hole.position.segment);
    if let Some(next) = next_here {
        // The marker fills the hole exactly, so that the records behind it keep their place.
        let gap = next.position.offset - hole.position.offset;
        let payload_bytes =
            usize::try_from(gap).unwrap_or(0).saturating_sub(HEADER_BYTES + TRAILER_BYTES);
        payload.resize(payload.len().max(payload_bytes), 0);
    }
    let header = RecordHeader {
        kind: RecordKind::Lost,
        height: hole.height,
        payload_bytes: 0,
        unsynced_count: 1,
        previous: hole.previous,
    };
    let (bytes, _) = encode_record(header, &payload);
    for folder in &files.folders {
        let path = segment_path(folder, hole.position.segment);
        files
            .disk
            .write_at(&path, hole.position.offset, &bytes)
            .map_err(DiskError::on("write", &path))?;
        if next_here.is_none() {
            let end = hole.position.offset + bytes.len() as u64;
            files.disk.truncate(&path, end).map_err(DiskError::on("cut", &path))?;
        }
        files.disk.sync_file(&path).map_err(DiskError::on("sync", &path))?;
        files.disk.sync_folder(folder).map_err(DiskError::on("sync", folder))?;
    }
    Ok(())
}
