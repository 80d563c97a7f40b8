//! The journal: one record per block in segment files. A record that is synced is committed; nothing else is.
//!
//! # Invariants
//!
//! - Records follow each other without a gap in height, and each names the hash of the one before.
//! - Bytes before the durable end are never written again.
//! - After a failed sync the segment is left for ever: the page cache may show bytes that the medium lost.

pub(crate) mod acknowledged;
pub(crate) mod mend;
pub(crate) mod record;
pub(crate) mod scan;
pub(crate) mod segment;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use primitive_types::H256;

use self::{
    record::{
        HEADER_BYTES, PAYLOAD_BYTES_MAX, RecordHash, RecordHeader, RecordKind, check_record,
        encode_record,
    },
    segment::{SEGMENT_HEADER_BYTES, SegmentHeader, segment_path},
};
use crate::{disk::Disk, disk_error::DiskError, schema::Position};

/// The hash that stands before the first record.
pub(crate) const NO_RECORD: RecordHash = [0; 32];

/// File space is prepared in steps of this size, so that a commit need not change the length of its file.
const PREPARE_BYTES: u64 = 256 * 1024;

/// Where and how the journal is kept.
#[derive(Debug, Clone)]
pub(crate) struct JournalFiles {
    pub(crate) disk: Arc<dyn Disk>,
    /// The folder of the journal, and of its mirror if there is one.
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) chain_id: H256,
    pub(crate) segment_bytes_max: u64,
}

/// A segment file that holds records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) sequence: u64,
    pub(crate) first_height: u64,
    /// Hash of the record before its first.
    pub(crate) previous: RecordHash,
}

/// The place where the next record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// Height of the block that comes next.
    pub(crate) next_height: u64,
    /// Hash of the last record.
    pub(crate) hash: RecordHash,
    /// Offset in the last segment; `None` when the next record starts a new one.
    pub(crate) offset: Option<u64>,
}

/// A commit cannot be recorded; the journal is as it was at its last durable record.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The record would be larger than any reader accepts.
    #[error("record of {found} bytes is larger than {max}")]
    TooLarge {
        /// Size of the record's payload.
        found: usize,
        /// Largest size.
        max: usize,
    },
}

/// A record cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The bytes are not what was written, in no copy of the journal.
    #[error("record of block {height} is damaged in {} at byte {offset}; stop the node and run `repair`", path.display())]
    Damaged {
        /// The segment file.
        path: PathBuf,
        /// Where the record starts.
        offset: u64,
        /// The block.
        height: u64,
    },
    /// The record was lost to damage before, and a repair put a marker in its place.
    #[error("block {height} was lost to damage and is not in the journal; fetch it from a peer")]
    Lost {
        /// The block.
        height: u64,
    },
}

/// A record as read back.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) header: RecordHeader,
    pub(crate) payload: Bytes,
    pub(crate) hash: RecordHash,
}

impl JournalFiles {
    fn main_folder(&self) -> &Path {
        self.folders.first().map_or_else(|| Path::new(""), PathBuf::as_path)
    }

    pub(crate) fn main_path(&self, sequence: u64) -> PathBuf {
        segment_path(self.main_folder(), sequence)
    }

    /// Reads the record at a position from the first copy in which it is intact.
    pub(crate) fn read(&self, position: Position) -> Result<Option<Record>, DiskError> {
        for folder in &self.folders {
            if let Some((record, _)) = self.read_copy(folder, position)? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Reads one copy of a record; returns its bytes as well.
    pub(crate) fn read_copy(
        &self,
        folder: &Path,
        position: Position,
    ) -> Result<Option<(Record, Bytes)>, DiskError> {
        let path = segment_path(folder, position.segment);
        let Some(length) = self.disk.length(&path).map_err(DiskError::on("inspect", &path))? else {
            return Ok(None);
        };
        let mut start = [0; HEADER_BYTES];
        let count = self
            .disk
            .read_at(&path, position.offset, &mut start)
            .map_err(DiskError::on("read", &path))?;
        if count < HEADER_BYTES {
            return Ok(None);
        }
        let Some(header) = RecordHeader::decode(&start) else { return Ok(None) };
        if position.offset + header.record_bytes() as u64 > length {
            return Ok(None);
        }
        let mut bytes = vec![0; header.record_bytes()];
        let count = self
            .disk
            .read_at(&path, position.offset, &mut bytes)
            .map_err(DiskError::on("read", &path))?;
        if count < bytes.len() {
            return Ok(None);
        }
        let Some(hash) = check_record(&bytes) else { return Ok(None) };
        let bytes = Bytes::from(bytes);
        let payload = bytes.slice(HEADER_BYTES..HEADER_BYTES + header.payload_bytes);
        Ok(Some((Record { header, payload, hash }, bytes)))
    }
}

/// The journal, open for appending.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) files: JournalFiles,
    segments: Vec<Segment>,
    /// After the last record appended.
    written: End,
    /// After the last record known to be durable.
    durable: End,
    prepared_end: u64,
    acknowledged_slot: u64,
}

impl Journal {
    /// Continues a journal that was scanned and mended.
    pub(crate) const fn resume(files: JournalFiles, segments: Vec<Segment>, end: End) -> Self {
        Self { files, segments, written: end, durable: end, prepared_end: 0, acknowledged_slot: 0 }
    }

    pub(crate) const fn next_height(&self) -> u64 {
        self.written.next_height
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns the first block that the journal holds or will hold.
    pub(crate) fn first_height(&self) -> u64 {
        self.segments.first().map_or(self.written.next_height, |segment| segment.first_height)
    }

    /// Appends the record of the next block without waiting for the disk.
    ///
    /// On an error the journal is as before.
    pub(crate) fn append(&mut self, payload: &[u8]) -> Result<(Position, RecordHash), AppendError> {
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(AppendError::TooLarge { found: payload.len(), max: PAYLOAD_BYTES_MAX });
        }
        let offset = match self.written.offset {
            Some(offset) if offset < self.files.segment_bytes_max => offset,
            _ => {
                // A segment ends with durable records only, so that one sync covers all that is not.
                self.sync()?;
                self.start_segment()?
            }
        };
        let height = self.written.next_height;
        let unsynced_count =
            u32::try_from(height - self.durable.next_height + 1).unwrap_or(u32::MAX);
        let header = RecordHeader {
            kind: RecordKind::Block,
            height,
            payload_bytes: 0,
            unsynced_count,
            previous: self.written.hash,
        };
        let (mut bytes, hash) = encode_record(header, payload);
        let end = offset + bytes.len() as u64;
        let sequence = self.segments.last().map_or(0, |segment| segment.sequence);
        let prepared = end.max(self.prepared_end).next_multiple_of(PREPARE_BYTES);
        if end > self.prepared_end {
            bytes.resize(usize::try_from(prepared - offset).unwrap_or(bytes.len()), 0);
        }
        for folder in &self.files.folders {
            let path = segment_path(folder, sequence);
            self.files
                .disk
                .write_at(&path, offset, &bytes)
                .map_err(DiskError::on("write", &path))?;
        }
        self.prepared_end = prepared;
        self.written = End { next_height: height + 1, hash, offset: Some(end) };
        Ok((Position { segment: sequence, offset }, hash))
    }

    /// Makes everything appended durable: the commit point.
    ///
    /// On an error the journal is back at its last durable record, and all that was appended after it is gone.
    pub(crate) fn sync(&mut self) -> Result<(), DiskError> {
        if self.written == self.durable {
            return Ok(());
        }
        let sequence = self.segments.last().map_or(0, |segment| segment.sequence);
        for folder in &self.files.folders {
            let path = segment_path(folder, sequence);
            if let Err(error) = self.files.disk.sync_file(&path) {
                self.abandon_undurable();
                return Err(DiskError::new("sync", &path, error));
            }
        }
        self.durable = self.written;
        self.acknowledged_slot ^= 1;
        acknowledged::note(
            &self.files,
            self.acknowledged_slot,
            self.durable.next_height,
            &self.durable.hash,
        );
        Ok(())
    }

    /// Forgets what was appended since the last sync.
    pub(crate) fn abandon_undurable(&mut self) {
        if self.written == self.durable {
            return;
        }
        if let (Some(offset), Some(segment)) = (self.durable.offset, self.segments.last()) {
            for folder in &self.files.folders {
                // A failure here is harmless: the next segment takes over from the durable record in any case.
                drop(self.files.disk.truncate(&segment_path(folder, segment.sequence), offset));
            }
        }
        self.durable.offset = None;
        self.written = self.durable;
        self.prepared_end = 0;
    }

    fn start_segment(&mut self) -> Result<u64, DiskError> {
        let sequence = self.segments.last().map_or(1, |segment| segment.sequence + 1);
        let segment = Segment {
            sequence,
            first_height: self.written.next_height,
            previous: self.written.hash,
        };
        let header = SegmentHeader {
            sequence,
            chain_id: self.files.chain_id,
            first_height: segment.first_height,
            previous: segment.previous,
        };
        for folder in &self.files.folders {
            let path = segment_path(folder, sequence);
            self.files.disk.remove(&path).map_err(DiskError::on("remove", &path))?;
            self.files
                .disk
                .write_at(&path, 0, &header.encode())
                .map_err(DiskError::on("write", &path))?;
            self.files.disk.sync_file(&path).map_err(DiskError::on("sync", &path))?;
            self.files.disk.sync_folder(folder).map_err(DiskError::on("sync", folder))?;
        }
        self.segments.push(segment);
        self.prepared_end = SEGMENT_HEADER_BYTES as u64;
        let offset = SEGMENT_HEADER_BYTES as u64;
        self.written.offset = Some(offset);
        self.durable.offset = Some(offset);
        Ok(offset)
    }

    /// Removes the segments that hold only blocks below `height`. Returns how many.
    pub(crate) fn drop_below(&mut self, height: u64) -> Result<usize, DiskError> {
        let count = self
            .segments
            .windows(2)
            .take_while(|pair| matches!(pair, [_, next] if next.first_height <= height))
            .count();
        for segment in self.segments.iter().take(count) {
            for folder in &self.files.folders {
                let path = segment_path(folder, segment.sequence);
                self.files.disk.remove(&path).map_err(DiskError::on("remove", &path))?;
            }
        }
        self.segments.drain(..count);
        Ok(count)
    }
}
