//! Reading the journal from a known record to its end, and telling a torn tail from damage.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::{
    End, JournalFiles, NO_RECORD, Record, Segment,
    record::{HEADER_BYTES, RecordHash, RecordHeader, RecordKind, check_record},
    segment::{HeaderFound, SEGMENT_HEADER_BYTES, SegmentHeader, list_segments, segment_path},
};
use crate::{byte_reader::ByteReader, disk_error::DiskError, schema::Position};

/// The record that a scan starts after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownRecord {
    /// Height of the block that comes next.
    pub(crate) next_height: u64,
    pub(crate) hash: RecordHash,
    /// Where the record after it is or would be.
    pub(crate) next: Position,
}

/// An intact record that a scan met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) height: u64,
    pub(crate) hash: RecordHash,
    pub(crate) position: Position,
    pub(crate) kind: RecordKind,
}

/// A place where a record should be and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) position: Position,
    /// The first block that is missing.
    pub(crate) height: u64,
    /// Hash of the last record before.
    pub(crate) previous: RecordHash,
    /// The first intact record behind the hole.
    pub(crate) next: Option<NextRecord>,
    /// Every block below this height was durable, as later records show.
    pub(crate) durable_below: u64,
}

/// The record at which the journal continues behind a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NextRecord {
    pub(crate) position: Position,
    pub(crate) height: u64,
    pub(crate) previous: RecordHash,
}

/// What a scan found.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    /// The segments that count, ascending.
    pub(crate) segments: Vec<Segment>,
    pub(crate) entries: Vec<Entry>,
    /// Behind the last intact record before any hole.
    pub(crate) end: End,
    /// The last segment that the walk reached.
    pub(crate) end_segment: u64,
    pub(crate) hole: Option<Hole>,
    /// Records and headers rewritten from the mirror or from what surrounds them.
    pub(crate) healed_count: usize,
}

/// The journal cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The journal was written by a newer version of this crate.
    #[error("{} has schema version {found}, this program knows up to {known}; use a newer program", path.display())]
    NewerSchema {
        /// The segment file.
        path: PathBuf,
        /// Version in the file.
        found: u32,
        /// Newest version this crate reads.
        known: u32,
    },
    /// The journal belongs to another chain.
    #[error("{} belongs to chain {found:?}, not to {expected:?}; check the data folder", path.display())]
    WrongChain {
        /// The segment file.
        path: PathBuf,
        /// Chain in the file.
        found: primitive_types::H256,
        /// Chain asked for.
        expected: primitive_types::H256,
    },
}

struct Walk<'a> {
    files: &'a JournalFiles,
    segments: Vec<Segment>,
    entries: Vec<Entry>,
    healed_count: usize,
    /// Files that were written to and are not synced yet.
    touched: BTreeSet<PathBuf>,
    mode: ScanMode,
}

/// Whether a scan may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanMode {
    /// Restores damaged copies from intact ones.
    Heal,
    /// Changes nothing.
    LookOnly,
}

/// Scans from a known record, or from the first record that there is.
pub(crate) fn scan(
    files: &JournalFiles,
    from: Option<KnownRecord>,
    mode: ScanMode,
) -> Result<Scan, ScanError> {
    let mut walk = Walk {
        files,
        segments: Vec::new(),
        entries: Vec::new(),
        healed_count: 0,
        touched: BTreeSet::new(),
        mode,
    };
    walk.read_segments()?;
    let start = from.or_else(|| {
        let first = walk.segments.first()?;
        let next = Position { segment: first.sequence, offset: SEGMENT_HEADER_BYTES as u64 };
        Some(KnownRecord { next_height: first.first_height, hash: first.previous, next })
    });
    let Some(start) = start else {
        let end = End { next_height: 0, hash: NO_RECORD, offset: None };
        return Ok(Scan {
            segments: Vec::new(),
            entries: Vec::new(),
            end,
            end_segment: 0,
            hole: None,
            healed_count: 0,
        });
    };
    let (last, hole) = walk.follow(start)?;
    walk.sync_touched()?;
    let present = walk.segments.iter().any(|segment| segment.sequence == last.next.segment);
    let end = End {
        next_height: last.next_height,
        hash: last.hash,
        offset: present.then_some(last.next.offset),
    };
    Ok(Scan {
        segments: walk.segments,
        entries: walk.entries,
        end,
        end_segment: last.next.segment,
        hole,
        healed_count: walk.healed_count,
    })
}

impl Walk<'_> {
    fn read_segments(&mut self) -> Result<(), ScanError> {
        let mut sequences = Vec::new();
        for folder in &self.files.folders {
            sequences.extend(list_segments(self.files.disk.as_ref(), folder)?);
        }
        sequences.sort_unstable();
        sequences.dedup();
        for sequence in sequences {
            if let Some(segment) = self.read_segment_header(sequence)? {
                self.segments.push(segment);
            }
        }
        Ok(())
    }

    fn read_segment_header(&mut self, sequence: u64) -> Result<Option<Segment>, ScanError> {
        let mut intact = None;
        let mut damaged = Vec::new();
        for folder in &self.files.folders {
            let path = segment_path(folder, sequence);
            let mut bytes = [0; SEGMENT_HEADER_BYTES];
            let count = match self.files.disk.read_at(&path, 0, &mut bytes) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
                other => other.map_err(DiskError::on("read", &path))?,
            };
            match SegmentHeader::decode(&bytes) {
                HeaderFound::Newer { version } => {
                    return Err(ScanError::NewerSchema {
                        path,
                        found: version,
                        known: crate::schema::SCHEMA_VERSION,
                    });
                }
                HeaderFound::Intact(header)
                    if count == SEGMENT_HEADER_BYTES && header.sequence == sequence =>
                {
                    if header.chain_id != self.files.chain_id {
                        let (found, expected) = (header.chain_id, self.files.chain_id);
                        return Err(ScanError::WrongChain { path, found, expected });
                    }
                    intact = Some(header);
                }
                _ => damaged.push(path),
            }
        }
        let Some(header) = intact.or(self.header_from_first_record(sequence)?) else {
            return Ok(None);
        };
        for path in damaged {
            self.heal(&path, 0, &header.encode())?;
        }
        Ok(Some(Segment { sequence, first_height: header.first_height, previous: header.previous }))
    }

    /// The first record of a segment says everything that the segment's header says.
    fn header_from_first_record(&self, sequence: u64) -> Result<Option<SegmentHeader>, DiskError> {
        let first =
            self.files.read(Position { segment: sequence, offset: SEGMENT_HEADER_BYTES as u64 })?;
        Ok(first.map(|Record { header, .. }| SegmentHeader {
            sequence,
            chain_id: self.files.chain_id,
            first_height: header.height,
            previous: header.previous,
        }))
    }

    fn heal(&mut self, path: &Path, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.healed_count += 1;
        if self.mode == ScanMode::LookOnly {
            return Ok(());
        }
        self.files.disk.write_at(path, offset, bytes).map_err(DiskError::on("write", path))?;
        self.touched.insert(path.to_owned());
        Ok(())
    }

    fn sync_touched(&self) -> Result<(), DiskError> {
        for path in &self.touched {
            self.files.disk.sync_file(path).map_err(DiskError::on("sync", path))?;
        }
        for folder in self.files.folders.iter().filter(|_| !self.touched.is_empty()) {
            self.files.disk.sync_folder(folder).map_err(DiskError::on("sync", folder))?;
        }
        Ok(())
    }

    /// Reads the record that should follow, restoring damaged copies from an intact one.
    fn read_next(&mut self, last: &KnownRecord) -> Result<Option<Record>, DiskError> {
        let mut intact: Option<(Record, Bytes)> = None;
        let mut damaged = Vec::new();
        for folder in &self.files.folders {
            let found = self.files.read_copy(folder, last.next)?;
            let fits = |record: &Record| {
                record.header.height == last.next_height && record.header.previous == last.hash
            };
            match found.filter(|(record, _)| fits(record)) {
                Some(found) => intact = Some(found),
                None => damaged.push(segment_path(folder, last.next.segment)),
            }
        }
        let Some((record, bytes)) = intact else { return Ok(None) };
        for path in damaged {
            self.heal(&path, last.next.offset, &bytes)?;
        }
        Ok(Some(record))
    }

    fn follow(&mut self, start: KnownRecord) -> Result<(KnownRecord, Option<Hole>), ScanError> {
        let mut last = start;
        loop {
            if let Some(record) = self.read_next(&last)? {
                let entry = Entry {
                    height: record.header.height,
                    hash: record.hash,
                    position: last.next,
                    kind: record.header.kind,
                };
                self.entries.push(entry);
                last.next.offset += record.header.record_bytes() as u64;
                (last.next_height, last.hash) = match record.header.kind {
                    RecordKind::Block => (entry.height + 1, entry.hash),
                    RecordKind::Lost => {
                        lost_below(&record).unwrap_or((entry.height + 1, entry.hash))
                    }
                };
                continue;
            }
            if self.enter_next_segment(&mut last) {
                continue;
            }
            let hole = self.look_behind(&last)?;
            return Ok((last, hole));
        }
    }

    /// Moves to the next segment if it continues the chain; it may take over from an earlier record of this one.
    fn enter_next_segment(&mut self, last: &mut KnownRecord) -> bool {
        let Some(next) =
            self.segments.iter().find(|segment| segment.sequence > last.next.segment).copied()
        else {
            return false;
        };
        let position = Position { segment: next.sequence, offset: SEGMENT_HEADER_BYTES as u64 };
        if (next.first_height, next.previous) == (last.next_height, last.hash) {
            last.next = position;
            return true;
        }
        // Records after a failed sync are superseded by the segment that was started then.
        let before = self.entries.iter().rposition(|entry| {
            entry.height + 1 == next.first_height && entry.hash == next.previous
        });
        let Some(before) = before else { return false };
        self.entries.truncate(before + 1);
        *last = KnownRecord { next_height: next.first_height, hash: next.previous, next: position };
        true
    }

    /// Looks for intact records behind the place where the chain stops.
    fn look_behind(&self, last: &KnownRecord) -> Result<Option<Hole>, DiskError> {
        let mut next: Option<NextRecord> = None;
        let mut durable_below = last.next_height;
        let rest = self.segments.iter().filter(|segment| segment.sequence >= last.next.segment);
        for segment in rest {
            let is_current = segment.sequence == last.next.segment;
            let from = if is_current { last.next.offset } else { SEGMENT_HEADER_BYTES as u64 };
            if !is_current {
                durable_below = durable_below.max(segment.first_height);
            }
            for folder in &self.files.folders {
                for found in intact_records(
                    self.files,
                    folder,
                    Position { segment: segment.sequence, offset: from },
                )? {
                    if found.header.height < last.next_height {
                        continue;
                    }
                    let durable = (found.header.height + 1)
                        .saturating_sub(u64::from(found.header.unsynced_count));
                    durable_below = durable_below.max(durable);
                    next.get_or_insert(NextRecord {
                        position: found.position,
                        height: found.header.height,
                        previous: found.header.previous,
                    });
                }
            }
        }
        if next.is_none() && durable_below == last.next_height {
            return Ok(None);
        }
        Ok(Some(Hole {
            position: last.next,
            height: last.next_height,
            previous: last.hash,
            next,
            durable_below,
        }))
    }
}

/// Returns the height behind the lost blocks of a marker, and the hash of the last lost record.
pub(crate) fn lost_below(record: &Record) -> Option<(u64, RecordHash)> {
    let mut reader = ByteReader::new(&record.payload);
    let below = reader.u64().ok()?;
    Some((below, reader.array().ok()?))
}

struct FoundRecord {
    position: Position,
    header: RecordHeader,
}

/// Searches a segment for intact records from a position on, without trusting any length before them.
fn intact_records(
    files: &JournalFiles,
    folder: &Path,
    from: Position,
) -> Result<Vec<FoundRecord>, DiskError> {
    let path = segment_path(folder, from.segment);
    let length = files.disk.length(&path).map_err(DiskError::on("inspect", &path))?.unwrap_or(0);
    let rest = usize::try_from(length.saturating_sub(from.offset)).unwrap_or(0);
    let mut bytes = vec![0; rest];
    if rest > 0 {
        files.disk.read_at(&path, from.offset, &mut bytes).map_err(DiskError::on("read", &path))?;
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(candidate) = bytes.get(at..).filter(|rest| rest.len() >= HEADER_BYTES) {
        let header = candidate
            .first_chunk()
            .filter(|start| start.starts_with(b"CMJR"))
            .and_then(RecordHeader::decode);
        let intact = header.and_then(|header| {
            let record = candidate.get(..header.record_bytes())?;
            check_record(record).map(|_| header)
        });
        match intact {
            Some(header) => {
                let position = Position { segment: from.segment, offset: from.offset + at as u64 };
                found.push(FoundRecord { position, header });
                at += header.record_bytes();
            }
            None => at += 1,
        }
    }
    Ok(found)
}
