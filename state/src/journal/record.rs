//! The record of one block: everything that a commit changes, in one checksummed piece.

use bytes::Bytes;
use primitive_types::H256;

use crate::{
    byte_reader::{ByteReader, Malformed, put_long, put_optional, put_short},
    fingerprint::Fingerprint,
};

/// A BLAKE3 hash; identifies a record and, through the previous one in it, all records before.
pub(crate) type RecordHash = [u8; 32];

pub(crate) const HEADER_BYTES: usize = 64;
pub(crate) const TRAILER_BYTES: usize = 32;
/// A record holds at most 1 GiB; a length beyond is damage.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 1 << 30;

const MAGIC: [u8; 4] = *b"CMJR";
const VERSION: u8 = 1;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// The commit of one block.
    Block,
    /// Stands for blocks that were lost to damage and could not be restored.
    Lost,
}

/// The fixed beginning of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub(crate) kind: RecordKind,
    pub(crate) height: u64,
    pub(crate) payload_bytes: usize,
    /// How many records up to this one were not known to be durable when it was written; at least 1.
    pub(crate) unsynced_count: u32,
    pub(crate) previous: RecordHash,
}

impl RecordHeader {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        let payload_bytes =
            u32::try_from(self.payload_bytes).expect("payloads are limited to 1 GiB");
        out[0..4].copy_from_slice(&MAGIC);
        out[4] = VERSION;
        out[5] = match self.kind {
            RecordKind::Block => 0,
            RecordKind::Lost => 1,
        };
        out[8..16].copy_from_slice(&self.height.to_le_bytes());
        out[16..20].copy_from_slice(&payload_bytes.to_le_bytes());
        out[20..24].copy_from_slice(&self.unsynced_count.to_le_bytes());
        out[24..56].copy_from_slice(&self.previous);
        let checksum = crc32fast::hash(&out[..56]);
        out[56..60].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Reads a header; `None` when the bytes are no intact header.
    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let mut reader = ByteReader::new(bytes);
        let magic: [u8; 4] = reader.array().ok()?;
        let version = reader.u8().ok()?;
        let kind = match reader.u8().ok()? {
            0 => RecordKind::Block,
            1 => RecordKind::Lost,
            _ => return None,
        };
        let reserved = reader.u16().ok()?;
        let height = reader.u64().ok()?;
        let payload_bytes = usize::try_from(reader.u32().ok()?).ok()?;
        let unsynced_count = reader.u32().ok()?;
        let previous = reader.array().ok()?;
        let checksum = reader.u32().ok()?;
        let end = reader.u32().ok()?;
        let intact = magic == MAGIC
            && version == VERSION
            && (reserved, end) == (0, 0)
            && checksum == crc32fast::hash(bytes.get(..56)?)
            && payload_bytes <= PAYLOAD_BYTES_MAX;
        intact.then_some(Self { kind, height, payload_bytes, unsynced_count, previous })
    }

    pub(crate) const fn record_bytes(&self) -> usize {
        HEADER_BYTES + self.payload_bytes + TRAILER_BYTES
    }
}

/// Encodes a record, whose length the header takes from the payload, and returns its hash.
pub(crate) fn encode_record(header: RecordHeader, payload: &[u8]) -> (Vec<u8>, RecordHash) {
    let header = RecordHeader { payload_bytes: payload.len(), ..header };
    let mut out = Vec::with_capacity(header.record_bytes());
    out.extend_from_slice(&header.encode());
    out.extend_from_slice(payload);
    let hash = *blake3::hash(&out).as_bytes();
    out.extend_from_slice(&hash);
    (out, hash)
}

/// Checks the hash at the end of a record and returns it.
pub(crate) fn check_record(bytes: &[u8]) -> Option<RecordHash> {
    let (body, found) = bytes.split_last_chunk::<TRAILER_BYTES>()?;
    (blake3::hash(body).as_bytes() == found).then_some(*found)
}

/// One entry of the state before and after a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Key in the view, with its column.
    pub(crate) key: Bytes,
    pub(crate) old: Option<Bytes>,
    pub(crate) new: Option<Bytes>,
}

/// The payload of a block's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlockRecord {
    pub(crate) block_hash: H256,
    pub(crate) state_root: H256,
    /// Fingerprint of all state entries after this block.
    pub(crate) fingerprint: Fingerprint,
    pub(crate) body: Bytes,
    pub(crate) certificate: Bytes,
    pub(crate) receipts: Bytes,
    pub(crate) logs: Bytes,
    /// Sorted by key, each key once.
    pub(crate) changes: Vec<Change>,
}

impl BlockRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let opaque =
            self.body.len() + self.certificate.len() + self.receipts.len() + self.logs.len();
        let mut out = Vec::with_capacity(128 + opaque + self.changes.len() * 256);
        out.extend_from_slice(self.block_hash.as_bytes());
        out.extend_from_slice(self.state_root.as_bytes());
        out.extend_from_slice(&self.fingerprint.to_bytes());
        for part in [&self.body, &self.certificate, &self.receipts, &self.logs] {
            put_long(&mut out, part);
        }
        let count =
            u32::try_from(self.changes.len()).expect("a record holds at most 1 GiB of changes");
        out.extend_from_slice(&count.to_le_bytes());
        for change in &self.changes {
            put_short(&mut out, &change.key);
            put_optional(&mut out, change.old.as_deref());
            put_optional(&mut out, change.new.as_deref());
        }
        out
    }

    /// Reads a payload; all parts share its memory.
    pub(crate) fn decode(payload: &Bytes) -> Result<Self, Malformed> {
        let mut reader = ByteReader::new(payload);
        let share = |part: &[u8]| payload.slice_ref(part);
        let block_hash = H256(reader.array()?);
        let state_root = H256(reader.array()?);
        let fingerprint = Fingerprint::from_bytes(reader.array()?);
        let body = share(reader.long()?);
        let certificate = share(reader.long()?);
        let receipts = share(reader.long()?);
        let logs = share(reader.long()?);
        let count = reader.u32()?;
        let mut changes: Vec<Change> = Vec::new();
        for _ in 0..count {
            let at = reader.malformed();
            let key = share(reader.short()?);
            let change = Change {
                key,
                old: reader.optional()?.map(share),
                new: reader.optional()?.map(share),
            };
            if changes.last().is_some_and(|last| last.key >= change.key) {
                return Err(at);
            }
            changes.push(change);
        }
        reader.finish()?;
        Ok(Self { block_hash, state_root, fingerprint, body, certificate, receipts, logs, changes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> BlockRecord {
        let change =
            |key: &'static [u8], old, new| Change { key: Bytes::from_static(key), old, new };
        BlockRecord {
            block_hash: H256::repeat_byte(1),
            state_root: H256::repeat_byte(2),
            fingerprint: Fingerprint::default(),
            body: Bytes::from_static(b"body"),
            certificate: Bytes::new(),
            receipts: Bytes::from_static(b"receipts"),
            logs: Bytes::from_static(b"l"),
            changes: vec![
                change(b"a1", None, Some(Bytes::from_static(b"one"))),
                change(b"a2", Some(Bytes::from_static(b"two")), None),
                change(b"b", Some(Bytes::new()), Some(Bytes::from_static(b"x"))),
            ],
        }
    }

    #[test]
    fn reads_what_was_written_and_refuses_every_prefix() {
        let payload = Bytes::from(sample().encode());
        assert_eq!(BlockRecord::decode(&payload), Ok(sample()));
        for length in 0..payload.len() {
            assert!(BlockRecord::decode(&payload.slice(..length)).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn refuses_changes_out_of_order() {
        let mut record = sample();
        record.changes.swap(0, 1);
        assert!(BlockRecord::decode(&Bytes::from(record.encode())).is_err());
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let header = RecordHeader {
            kind: RecordKind::Block,
            height: 7,
            payload_bytes: 0,
            unsynced_count: 1,
            previous: [9; 32],
        };
        let (record, hash) = encode_record(header, &sample().encode());
        assert_eq!(check_record(&record), Some(hash));
        for position in 0..record.len() * 8 {
            let mut damaged = record.clone();
            damaged[position / 8] ^= 1 << (position % 8);
            let header = RecordHeader::decode(damaged.first_chunk().unwrap());
            if position < HEADER_BYTES * 8 {
                assert_eq!(header, None, "bit {position}");
            } else {
                assert_eq!(check_record(&damaged), None, "bit {position}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_payload_makes_it_panic(tail in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), keep in 0_usize..200) {
            let mut payload = sample().encode();
            payload.truncate(keep);
            payload.extend_from_slice(&tail);
            let payload = Bytes::from(payload);
            if let Ok(record) = BlockRecord::decode(&payload) {
                proptest::prop_assert_eq!(record.encode(), payload);
            }
        }
    }
}
