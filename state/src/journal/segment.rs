//! Segment files: their names, their header, their list.

use std::path::{Path, PathBuf};

use primitive_types::H256;

use super::record::RecordHash;
use crate::{byte_reader::ByteReader, disk::Disk, disk_error::DiskError, schema::SCHEMA_VERSION};

pub(crate) const SEGMENT_HEADER_BYTES: usize = 128;
const MAGIC: [u8; 4] = *b"CMSG";
const SUFFIX: &str = ".journal";

/// The beginning of a segment file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) sequence: u64,
    pub(crate) chain_id: H256,
    pub(crate) first_height: u64,
    /// Hash of the record before the first one of this segment.
    pub(crate) previous: RecordHash,
}

/// What the first bytes of a segment say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderFound {
    Intact(SegmentHeader),
    /// Intact, but written by a newer version of this crate.
    Newer {
        version: u32,
    },
    Damaged,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut out = [0; SEGMENT_HEADER_BYTES];
        out[0..4].copy_from_slice(&MAGIC);
        out[4..8].copy_from_slice(&SCHEMA_VERSION.to_le_bytes());
        out[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        out[16..48].copy_from_slice(self.chain_id.as_bytes());
        out[48..56].copy_from_slice(&self.first_height.to_le_bytes());
        out[56..88].copy_from_slice(&self.previous);
        let checksum = crc32fast::hash(&out[..124]);
        out[124..128].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> HeaderFound {
        Self::parse(bytes).unwrap_or(HeaderFound::Damaged)
    }

    fn parse(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> Option<HeaderFound> {
        let (body, checksum) = bytes.split_last_chunk::<4>()?;
        let mut reader = ByteReader::new(body);
        if reader.array() != Ok(MAGIC) || u32::from_le_bytes(*checksum) != crc32fast::hash(body) {
            return None;
        }
        let version = reader.u32().ok()?;
        if version > SCHEMA_VERSION {
            return Some(HeaderFound::Newer { version });
        }
        Some(HeaderFound::Intact(Self {
            sequence: reader.u64().ok()?,
            chain_id: H256(reader.array().ok()?),
            first_height: reader.u64().ok()?,
            previous: reader.array().ok()?,
        }))
    }
}

pub(crate) fn segment_path(folder: &Path, sequence: u64) -> PathBuf {
    folder.join(format!("{sequence:012}{SUFFIX}"))
}

/// Lists the sequence numbers of the segment files in a folder, ascending.
pub(crate) fn list_segments(disk: &dyn Disk, folder: &Path) -> Result<Vec<u64>, DiskError> {
    let names = disk.list(folder).map_err(DiskError::on("list", folder))?;
    let mut sequences: Vec<u64> = names
        .iter()
        .filter_map(|name| name.strip_suffix(SUFFIX))
        .filter_map(|stem| stem.parse().ok())
        .collect();
    sequences.sort_unstable();
    Ok(sequences)
}
