//! Every key and every value of the view is made here and nowhere else.
//!
//! A key is a column byte and what identifies the entry. A value is a format byte, the payload, and a CRC-32 over key and
//! payload, so that a value that sits at a wrong key is found as well as one that changed.

use std::ops::RangeInclusive;

use primitive_types::H256;

use crate::{
    byte_reader::{ByteReader, Malformed},
    fingerprint::Fingerprint,
};

/// Version of everything this crate writes; raised when older code could misread it.
pub const SCHEMA_VERSION: u32 = 1;

/// Code is kept in pieces of this size, since sled handles large values badly.
pub(crate) const CODE_PIECE_BYTES: usize = 8 * 1024;

pub(crate) const ACCOUNT: u8 = b'a';
pub(crate) const CODE: u8 = b'c';
pub(crate) const HISTORY: u8 = b'd';
pub(crate) const HEIGHT: u8 = b'h';
pub(crate) const META: u8 = b'm';
pub(crate) const METADATA: u8 = b'n';
pub(crate) const STORAGE: u8 = b's';
pub(crate) const LOOKUP: u8 = b'x';

/// Columns that hold the state at the tip, in key order.
pub(crate) const STATE_COLUMNS: [u8; 5] = [ACCOUNT, CODE, METADATA, STORAGE, LOOKUP];

/// Lookups and metadata have names of at most this many bytes.
pub const NAME_BYTES_MAX: u16 = 256;

const VALUE_FORMAT: u8 = 1;

/// The key of the only entry of the meta column.
pub(crate) const META_KEY: [u8; 1] = [META];

pub(crate) fn account_key(hashed_address: &H256) -> Vec<u8> {
    [&[ACCOUNT], hashed_address.as_bytes()].concat()
}

pub(crate) fn storage_key(hashed_address: &H256, hashed_slot: &H256) -> Vec<u8> {
    [&[STORAGE], hashed_address.as_bytes(), hashed_slot.as_bytes()].concat()
}

/// The bounds of all slots of an account.
pub(crate) fn storage_bounds(hashed_address: &H256) -> (Vec<u8>, Vec<u8>) {
    let start = [&[STORAGE], hashed_address.as_bytes()].concat();
    let end = after_prefix(&start);
    (start, end)
}

pub(crate) fn code_key(code_hash: &H256, piece: u16) -> Vec<u8> {
    [&[CODE], code_hash.as_bytes(), &piece.to_be_bytes()].concat()
}

/// The key of the value that `key` had before `height` changed it.
///
/// The length comes before the key, so that one key being the beginning of another mixes nothing.
pub(crate) fn history_key(key: &[u8], height: u64) -> Vec<u8> {
    [&[HISTORY], &key_length(key).to_be_bytes()[..], key, &height.to_be_bytes()].concat()
}

fn key_length(key: &[u8]) -> u16 {
    u16::try_from(key.len()).expect("keys are limited to 65535 bytes when they are committed")
}

/// Takes a history key apart: the key that changed, and the height that changed it.
pub(crate) fn split_history_key(key: &[u8]) -> Option<(&[u8], u64)> {
    let (rest, height) = key.split_last_chunk::<8>()?;
    Some((rest.get(3..)?, u64::from_be_bytes(*height)))
}

/// The lengths that keys of the column of `key` can have.
pub(crate) fn key_lengths(key: &[u8]) -> RangeInclusive<u16> {
    match key.first() {
        Some(&ACCOUNT) => 33..=33,
        Some(&CODE) => 35..=35,
        Some(&STORAGE) => 65..=65,
        _ => 1..=NAME_BYTES_MAX + 1,
    }
}

/// The bounds of the history of keys of a length, between two keys.
pub(crate) fn history_bounds(length: u16, start: &[u8], end: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let bound = |key: &[u8]| [&[HISTORY], &length.to_be_bytes()[..], key].concat();
    (bound(start), bound(end))
}

pub(crate) fn height_key(height: u64) -> Vec<u8> {
    [&[HEIGHT], &height.to_be_bytes()[..]].concat()
}

pub(crate) fn lookup_key(name: &[u8]) -> Vec<u8> {
    [&[LOOKUP], name].concat()
}

pub(crate) fn metadata_key(name: &str) -> Vec<u8> {
    [&[METADATA], name.as_bytes()].concat()
}

/// The bounds of a column.
pub(crate) fn column_bounds(column: u8) -> (Vec<u8>, Vec<u8>) {
    (vec![column], vec![column + 1])
}

/// The first key behind all keys that start with a prefix.
pub(crate) fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// An entry of the view that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "entry {key:02x?} of the view is damaged; reopen with `repair` to rebuild the view from the journal"
)]
pub struct DamagedEntry {
    /// The key of the entry.
    pub key: Vec<u8>,
}

/// Wraps a payload for storage at a key.
pub(crate) fn seal(key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(payload.len() + 5);
    value.push(VALUE_FORMAT);
    value.extend_from_slice(payload);
    value.extend_from_slice(&checksum(key, payload).to_le_bytes());
    value
}

/// Checks a stored value and returns its payload.
pub(crate) fn unseal<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a [u8], DamagedEntry> {
    let damaged = || DamagedEntry { key: key.to_vec() };
    let (body, found) = value.split_last_chunk::<4>().ok_or_else(damaged)?;
    let (&format, payload) = body.split_first().ok_or_else(damaged)?;
    if format != VALUE_FORMAT || u32::from_le_bytes(*found) != checksum(key, payload) {
        return Err(damaged());
    }
    Ok(payload)
}

fn checksum(key: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[VALUE_FORMAT]);
    hasher.update(key);
    hasher.update(payload);
    hasher.finalize()
}

/// What the view says about itself, written with every batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ViewMeta {
    pub(crate) chain_id: H256,
    pub(crate) height: u64,
    pub(crate) record_hash: [u8; 32],
    pub(crate) state_root: H256,
    pub(crate) block_hash: H256,
    pub(crate) state_fingerprint: Fingerprint,
    pub(crate) history_fingerprint: Fingerprint,
    /// Oldest height whose state can be read through the history column.
    pub(crate) history_start: u64,
}

impl ViewMeta {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(200);
        out.extend_from_slice(&SCHEMA_VERSION.to_le_bytes());
        out.extend_from_slice(self.chain_id.as_bytes());
        out.extend_from_slice(&self.height.to_le_bytes());
        out.extend_from_slice(&self.record_hash);
        out.extend_from_slice(self.state_root.as_bytes());
        out.extend_from_slice(self.block_hash.as_bytes());
        out.extend_from_slice(&self.state_fingerprint.to_bytes());
        out.extend_from_slice(&self.history_fingerprint.to_bytes());
        out.extend_from_slice(&self.history_start.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = ByteReader::new(bytes);
        let version = reader.u32()?;
        if version != SCHEMA_VERSION {
            return Err(Malformed { at: 0 });
        }
        let meta = Self {
            chain_id: H256(reader.array()?),
            height: reader.u64()?,
            record_hash: reader.array()?,
            state_root: H256(reader.array()?),
            block_hash: H256(reader.array()?),
            state_fingerprint: Fingerprint::from_bytes(reader.array()?),
            history_fingerprint: Fingerprint::from_bytes(reader.array()?),
            history_start: reader.u64()?,
        };
        reader.finish()?;
        Ok(meta)
    }
}

/// Where a record is in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) segment: u64,
    pub(crate) offset: u64,
}

impl Position {
    pub(crate) fn encode(self) -> Vec<u8> {
        [self.segment.to_le_bytes(), self.offset.to_le_bytes()].concat()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = ByteReader::new(bytes);
        let position = Self { segment: reader.u64()?, offset: reader.u64()? };
        reader.finish()?;
        Ok(position)
    }
}
