//! The last line of defence against signing twice: what was signed last, kept apart from everything else.
//!
//! The log may be restored from a backup, the driver may have a bug: this record only ever moves forward. It answers
//! one question, before every signature: may this be signed?
//!
//! Record: magic u32, version u8, counter u64, address 20 bytes, then for proposal, prevote and precommit each height
//! u64, round u32 and digest 32 bytes, then CRC-32C u32 of all before. A file holds two records, 256 bytes apart; the
//! next one overwrites the older, so that a torn write leaves the newer.

use alloc::vec::Vec;

use primitive_types::H160;

use crate::{
    checksum::crc32c,
    codec::{Decode, Encode, FORMAT_VERSION, Reader},
    height::{Height, Round},
    signing::Digest,
    statement::{Statement, StatementKind},
};

const MAGIC: u32 = 0x434d_564c; // "CMVL"
const RECORD_LENGTH: usize = 4 + 1 + 8 + 20 + 3 * 44 + 4;

/// How far apart the two records of a file are, in bytes.
pub const VOTE_LOCK_SLOT_LENGTH: usize = 256;

/// The last statement of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Mark {
    height: Height,
    round: Round,
    digest: Digest,
}

/// What a validator signed last.
///
/// # Invariants
/// Marks only grow, in height and then in round; at one place a mark never changes its digest. A prevote is never
/// later than it may be: not in a round in which, or after which, a precommit was signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VoteLock {
    address: H160,
    counter: u64,
    proposal: Mark,
    prevote: Mark,
    precommit: Mark,
}

/// Why something must not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockRefusal {
    /// Something else of the same kind was signed at the same place.
    #[error("a different {kind:?} was signed at height {height}, round {round}")]
    Conflict {
        /// The kind.
        kind: StatementKind,
        /// The height.
        height: Height,
        /// The round.
        round: Round,
    },
    /// Something later was signed.
    #[error(
        "height {height}, round {round} is before height {locked_height}, round {locked_round}"
    )]
    Regression {
        /// The height.
        height: Height,
        /// The round.
        round: Round,
        /// The height of what was signed last.
        locked_height: Height,
        /// The round of what was signed last.
        locked_round: Round,
    },
}

impl VoteLock {
    /// Starts with nothing signed. For a new key only: an existing chain does not start without its lock.
    #[must_use]
    pub fn new(address: H160) -> Self {
        let none = Mark::default();
        Self { address, counter: 0, proposal: none, prevote: none, precommit: none }
    }

    /// Returns whose signatures are guarded.
    #[must_use]
    pub const fn address(&self) -> H160 {
        self.address
    }

    /// Returns how many times the record has moved forward.
    #[must_use]
    pub const fn counter(&self) -> u64 {
        self.counter
    }

    /// Moves forward to a statement; true when the record changed, and has to be on disk before the signature is made.
    ///
    /// # Errors
    /// When the statement must not be signed; nothing is changed then.
    pub fn permit(&mut self, statement: &Statement, digest: &Digest) -> Result<bool, LockRefusal> {
        let (height, round, kind) = (statement.height(), statement.round(), statement.kind());
        let mark = match kind {
            StatementKind::Proposal => self.proposal,
            StatementKind::Prevote => self.prevote,
            StatementKind::Precommit => self.precommit,
        };
        let is_first = mark == Mark::default();
        if !is_first && (height, round) == (mark.height, mark.round) {
            let is_same = mark.digest == *digest;
            return if is_same {
                Ok(false)
            } else {
                Err(LockRefusal::Conflict { kind, height, round })
            };
        }
        // Proposals and precommits stand for themselves; a prevote must also not follow a precommit of its round.
        let barrier = match kind {
            StatementKind::Proposal | StatementKind::Precommit => mark,
            StatementKind::Prevote => {
                let precommitted = (self.precommit.height, self.precommit.round);
                if precommitted > (mark.height, mark.round) { self.precommit } else { mark }
            }
        };
        let is_locked =
            barrier != Mark::default() && (height, round) <= (barrier.height, barrier.round);
        if is_locked {
            let (locked_height, locked_round) = (barrier.height, barrier.round);
            return Err(LockRefusal::Regression { height, round, locked_height, locked_round });
        }
        let mark = Mark { height, round, digest: *digest };
        match kind {
            StatementKind::Proposal => self.proposal = mark,
            StatementKind::Prevote => self.prevote = mark,
            StatementKind::Precommit => self.precommit = mark,
        }
        self.counter += 1;
        Ok(true)
    }

    /// Returns the record as it stands on disk.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(RECORD_LENGTH);
        MAGIC.encode(&mut out);
        out.push(FORMAT_VERSION);
        self.counter.encode(&mut out);
        out.extend_from_slice(self.address.as_bytes());
        for mark in [&self.proposal, &self.prevote, &self.precommit] {
            mark.height.encode(&mut out);
            mark.round.encode(&mut out);
            out.extend_from_slice(&mark.digest);
        }
        crc32c(&out).encode(&mut out);
        out
    }

    /// Reads a record; none when it is damaged.
    #[must_use]
    pub fn from_record(bytes: &[u8]) -> Option<Self> {
        let record = bytes.get(..RECORD_LENGTH)?;
        let (checked, checksum) = record.split_at(RECORD_LENGTH - 4);
        if u32::from_bytes(checksum).ok()? != crc32c(checked) {
            return None;
        }
        let mut reader = Reader::new(checked);
        if u32::decode(&mut reader).ok()? != MAGIC {
            return None;
        }
        reader.version().ok()?;
        let counter = u64::decode(&mut reader).ok()?;
        let address = H160(reader.array().ok()?);
        let mut mark = || -> Option<Mark> {
            Some(Mark {
                height: Height::decode(&mut reader).ok()?,
                round: Round::decode(&mut reader).ok()?,
                digest: reader.array().ok()?,
            })
        };
        Some(Self { address, counter, proposal: mark()?, prevote: mark()?, precommit: mark()? })
    }

    /// Reads a file of two records: the newer of those that are whole.
    #[must_use]
    pub fn from_file(bytes: &[u8]) -> Option<Self> {
        let records = [bytes.get(..VOTE_LOCK_SLOT_LENGTH), bytes.get(VOTE_LOCK_SLOT_LENGTH..)];
        records.into_iter().flatten().filter_map(Self::from_record).max_by_key(|lock| lock.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ValidatorIndex, Vote, VoteKind};

    fn vote(kind: VoteKind, height: u64, round: u32) -> Statement {
        let (height, round) = (Height::new(height), Round::new(round).unwrap());
        Statement::Vote(Vote { kind, height, round, value: None, validator: ValidatorIndex(0) })
    }

    #[test]
    fn permits_only_what_is_later_or_the_same() {
        use VoteKind::{Precommit, Prevote};
        let mut lock = VoteLock::new(H160::repeat_byte(1));
        let steps: &[(VoteKind, u64, u32, u8, Option<bool>)] = &[
            (Prevote, 0, 0, 9, Some(true)),
            (Prevote, 5, 0, 1, Some(true)),
            (Prevote, 5, 0, 1, Some(false)),
            (Prevote, 5, 0, 2, None),
            (Precommit, 5, 0, 3, Some(true)),
            (Precommit, 5, 0, 4, None),
            (Prevote, 5, 1, 1, Some(true)),
            (Prevote, 5, 0, 1, None),
            (Precommit, 5, 2, 3, Some(true)),
            (Prevote, 5, 2, 3, None),
            (Prevote, 4, 9, 3, None),
            (Precommit, 5, 1, 3, None),
            (Prevote, 6, 0, 3, Some(true)),
        ];
        for (at, (kind, height, round, digest, expected)) in steps.iter().enumerate() {
            let before = lock.clone();
            let found = lock.permit(&vote(*kind, *height, *round), &[*digest; 32]);
            assert_eq!(found.ok(), *expected, "step {at}");
            assert_eq!(
                lock == before,
                found != Ok(true),
                "step {at}: only a permission changes the record"
            );
            assert_eq!(VoteLock::from_record(&lock.to_record()), Some(lock.clone()));
        }
    }

    #[test]
    fn every_damaged_byte_is_noticed() {
        let mut lock = VoteLock::new(H160::repeat_byte(1));
        lock.permit(&vote(VoteKind::Prevote, 7, 1), &[3; 32]).unwrap();
        let record = lock.to_record();
        assert_eq!(record.len(), RECORD_LENGTH);
        for position in 0..record.len() {
            let mut damaged = record.clone();
            damaged[position] ^= 1;
            assert_eq!(VoteLock::from_record(&damaged), None, "byte {position}");
            assert_eq!(VoteLock::from_record(&record[..position]), None, "cut at {position}");
        }
    }
}
