//! The log and the vote lock on a real disk.
#![cfg(feature = "std")]

use std::{fs, path::PathBuf, process::id};

use cybermiles_consensus::{
    ChainId, FileError, GuardedSignError, Height, LockRefusal, LogEntry, LogFile, Round,
    Secp256k1Key, Signer as _, Statement, ValidatorIndex, ValueId, Vote, VoteKind, VoteLockFile,
};
use primitive_types::H256;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cybermiles-consensus-{name}-{}", id()));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}

fn entry(height: u64) -> LogEntry {
    LogEntry::Start { height: Height::new(height), validators: H256::zero() }
}

#[test]
fn the_log_survives_a_torn_write_and_goes_on() {
    let folder = folder("log");
    let path = folder.join("log");
    let (mut log, found) = LogFile::open(&path).expect("a new log");
    assert_eq!(found.entries, []);
    log.append(&entry(1));
    log.append(&entry(2));
    log.sync().expect("the disk works");
    assert!(matches!(LogFile::open(&path), Err(FileError::InUse)), "one process at a time");
    drop(log);
    let bytes = fs::read(&path).expect("the log is there");
    fs::write(&path, &bytes[..bytes.len() - 1]).expect("the disk works");
    let (mut log, found) = LogFile::open(&path).expect("a torn tail is no damage");
    assert_eq!(found.entries, [entry(1)]);
    log.append(&entry(3));
    log.sync().expect("the disk works");
    drop(log);
    let (mut log, found) = LogFile::open(&path).expect("the log is whole");
    assert_eq!(found.entries, [entry(1), entry(3)]);
    log.clear().expect("the disk works");
    drop(log);
    assert_eq!(LogFile::open(&path).expect("an empty log").1.entries, []);
    fs::remove_dir_all(folder).expect("the folder can be removed");
}

#[test]
fn a_hole_in_the_log_is_refused() {
    let folder = folder("hole");
    let path = folder.join("log");
    let (mut log, _) = LogFile::open(&path).expect("a new log");
    (1..4).for_each(|height| log.append(&entry(height)));
    log.sync().expect("the disk works");
    drop(log);
    let mut bytes = fs::read(&path).expect("the log is there");
    bytes[40] ^= 1;
    fs::write(&path, &bytes).expect("the disk works");
    assert!(matches!(LogFile::open(&path), Err(FileError::Log(_))));
    assert_eq!(
        fs::read(&path).expect("the log is there"),
        bytes,
        "and not changed, for whoever investigates"
    );
    fs::remove_dir_all(folder).expect("the folder can be removed");
}

#[test]
fn the_vote_lock_refuses_to_sign_twice_whatever_happens_to_the_log() {
    let folder = folder("lock");
    let path = folder.join("lock");
    let (chain, key) =
        (ChainId::new("c").expect("short"), Secp256k1Key::from_bytes(&[1; 32]).expect("a key"));
    let vote = |value| {
        let (kind, height, round) = (VoteKind::Prevote, Height::new(5), Round::ZERO);
        Statement::Vote(Vote { kind, height, round, value, validator: ValidatorIndex(0) })
    };
    assert!(
        matches!(VoteLockFile::open(&path, key.address()), Err(FileError::Io(_))),
        "no lock, no start"
    );
    let mut lock = VoteLockFile::create(&path, key.address()).expect("a new lock");
    let signed = lock.sign(vote(None), &chain, &key).expect("the first vote");
    assert!(
        matches!(VoteLockFile::open(&path, key.address()), Err(FileError::InUse)),
        "one process at a time"
    );
    drop(lock);
    assert!(
        matches!(VoteLockFile::create(&path, key.address()), Err(FileError::Io(_))),
        "never created over"
    );
    let mut lock = VoteLockFile::open(&path, key.address()).expect("the lock is there");
    assert_eq!(lock.sign(vote(None), &chain, &key).expect("the same vote again"), signed);
    let refused = lock.sign(vote(Some(ValueId([1; 32]))), &chain, &key);
    assert!(matches!(refused, Err(GuardedSignError::Refused(LockRefusal::Conflict { .. }))));
    drop(lock);
    let other = Secp256k1Key::from_bytes(&[2; 32]).expect("a key").address();
    assert!(matches!(VoteLockFile::open(&path, other), Err(FileError::Address { .. })));
    fs::write(&path, [0; 512]).expect("the disk works");
    assert!(matches!(VoteLockFile::open(&path, key.address()), Err(FileError::Lock)));
    fs::remove_dir_all(folder).expect("the folder can be removed");
}
