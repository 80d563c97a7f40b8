//! The format of the log: frames with a checksum and a sequence number, and how to read them back after a crash.
//!
//! Frame: magic u32, length u32, height u64, sequence u64, CRC-32C u32 of the frame without magic and checksum, then
//! the entry. Integers are big-endian. The sequence grows by one from frame to frame.
//!
//! What a crash leaves is a torn *tail*: the last write is partly there, and nothing follows it. That is cut off; it
//! had not been synced, so nothing said depended on it. Damage with a whole frame behind it is a *hole*: something that
//! was synced is gone, perhaps a vote that was sent. Whoever signs with such a log may sign twice, so it is refused.

use alloc::vec::Vec;

use crate::{
    checksum::crc32c,
    codec::{Decode as _, DecodeError, Encode as _, Reader},
    height::Height,
    log_entry::LogEntry,
};

const MAGIC: u32 = 0x434d_574c; // "CMWL"
const HEADER_LENGTH: usize = 28;

/// The longest entry in bytes that is read back: a certificate of the largest set, and room around it.
pub const LOG_ENTRY_LENGTH_MAX: usize = 1 << 15;

/// Appends one frame.
pub fn write_frame(sequence: u64, entry: &LogEntry, out: &mut Vec<u8>) {
    let content = entry.to_bytes();
    let start = out.len();
    MAGIC.encode(out);
    (content.len() as u32).encode(out);
    entry.height().encode(out);
    sequence.encode(out);
    let checked: [&[u8]; 2] = [&out[start + 4..], &content];
    let checksum = crc32c(&checked.concat());
    checksum.encode(out);
    out.extend_from_slice(&content);
}

/// What is left of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// The entries, oldest first.
    pub entries: Vec<LogEntry>,
    /// The sequence number of the next frame.
    pub next_sequence: u64,
    /// How many bytes are good; the rest is a torn tail, to be cut off.
    pub good_length: usize,
}

impl Replay {
    /// Returns the entries of one height, which is what a driver resumes from.
    #[must_use]
    pub fn entries_of(&self, height: Height) -> Vec<LogEntry> {
        self.entries.iter().filter(|entry| entry.height() == height).cloned().collect()
    }
}

/// Why a log must not be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogDamage {
    /// There are whole frames behind damaged bytes: something that was synced is gone.
    #[error("the log is damaged at byte {offset}, but goes on at byte {resumes_at}")]
    Hole {
        /// Where the damage starts.
        offset: usize,
        /// Where the next whole frame is.
        resumes_at: usize,
    },
    /// A whole frame is out of sequence.
    #[error("frame {found} at byte {offset}, expected frame {expected}")]
    Sequence {
        /// Where.
        offset: usize,
        /// The expected number.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// A whole frame holds something that is no entry.
    #[error("the frame at byte {offset} is no log entry")]
    Entry {
        /// Where.
        offset: usize,
        /// Why.
        #[source]
        cause: DecodeError,
    },
}

/// Reads a log back.
///
/// # Errors
/// See [`LogDamage`]. A torn tail is not an error.
pub fn replay(bytes: &[u8]) -> Result<Replay, LogDamage> {
    let mut replay = Replay::default();
    while let Some(rest) = bytes.get(replay.good_length..).filter(|rest| !rest.is_empty()) {
        let offset = replay.good_length;
        let Some(frame) = Frame::read(rest) else {
            return match (1..rest.len()).find(|skip| Frame::read(&rest[*skip..]).is_some()) {
                Some(skip) => Err(LogDamage::Hole { offset, resumes_at: offset + skip }),
                None => Ok(replay),
            };
        };
        if offset > 0 && frame.sequence != replay.next_sequence {
            return Err(LogDamage::Sequence {
                offset,
                expected: replay.next_sequence,
                found: frame.sequence,
            });
        }
        let entry = LogEntry::from_bytes(frame.content)
            .map_err(|cause| LogDamage::Entry { offset, cause })?;
        replay.entries.push(entry);
        replay.next_sequence = frame.sequence.saturating_add(1);
        replay.good_length += HEADER_LENGTH + frame.content.len();
    }
    Ok(replay)
}

struct Frame<'a> {
    sequence: u64,
    content: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads a whole frame at the start of the bytes; none when it is damaged or not complete.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        if u32::decode(&mut reader).ok()? != MAGIC {
            return None;
        }
        let length = u32::decode(&mut reader).ok()? as usize;
        let _height = u64::decode(&mut reader).ok()?;
        let sequence = u64::decode(&mut reader).ok()?;
        let checksum = u32::decode(&mut reader).ok()?;
        if length > LOG_ENTRY_LENGTH_MAX {
            return None;
        }
        let content = reader.take(length).ok()?;
        let checked: [&[u8]; 2] = [&bytes[4..24], content];
        (crc32c(&checked.concat()) == checksum).then_some(Self { sequence, content })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use primitive_types::H256;

    use super::*;

    fn log() -> (Vec<u8>, Vec<usize>, Vec<LogEntry>) {
        let entry = |height| LogEntry::Start {
            height: Height::new(height),
            validators: H256::repeat_byte(7),
        };
        let entries = vec![entry(1), entry(2), entry(3)];
        let (mut bytes, mut ends) = (Vec::new(), vec![0]);
        for (at, entry) in entries.iter().enumerate() {
            write_frame(40 + at as u64, entry, &mut bytes);
            ends.push(bytes.len());
        }
        (bytes, ends, entries)
    }

    #[test]
    fn every_cut_is_a_torn_tail() {
        let (bytes, ends, entries) = log();
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            let found = replay(&bytes[..cut]).unwrap();
            assert_eq!(
                (found.entries.as_slice(), found.good_length),
                (&entries[..whole], ends[whole]),
                "cut at {cut}"
            );
        }
        let found = replay(&bytes).unwrap();
        assert_eq!(found.next_sequence, 43);
        assert_eq!(found.entries_of(Height::new(2)), entries[1..2]);
        assert_eq!(
            replay(&[bytes, vec![0; 100]].concat()).unwrap(),
            found,
            "preallocated zeros are a tail"
        );
    }

    #[test]
    fn every_flipped_byte_before_the_last_frame_is_a_hole() {
        let (bytes, ends, entries) = log();
        for position in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[position] ^= 0x10;
            let frame = ends.iter().filter(|end| **end <= position).count() - 1;
            if frame < 2 {
                let resumes_at = ends[frame + 1];
                assert_eq!(
                    replay(&damaged),
                    Err(LogDamage::Hole { offset: ends[frame], resumes_at }),
                    "{position}"
                );
            } else {
                assert_eq!(replay(&damaged).unwrap().entries, entries[..2], "byte {position}");
            }
        }
    }

    #[test]
    fn a_missing_frame_is_noticed() {
        let (bytes, ends, _) = log();
        let without_second = [&bytes[..ends[1]], &bytes[ends[2]..]].concat();
        let expected = LogDamage::Sequence { offset: ends[1], expected: 41, found: 42 };
        assert_eq!(replay(&without_second), Err(expected));
    }
}
