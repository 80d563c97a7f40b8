//! Snapshots: the same bytes everywhere, each chunk proven, restored stores that go on; pruning on top of them.
#![expect(dead_code, reason = "the workload is shared with the torture tool, which uses all of it")]

#[path = "../src/bin/state-torture/workload.rs"]
mod workload;

use std::{fs, num::NonZeroUsize, path::Path, sync::Arc};

use cybermiles_state::{
    AccountChange, AccountWrite, Block, ChunkKind, EMPTY_CODE_HASH, History, Manifest, Options,
    Problem, ReadError, RestoreError, SnapshotError, Spool, State, VerifyLevel, disk::FileDisk,
    verify_snapshot,
};
use primitive_types::{H256, U256};
use workload::{Model, address, block, slot};

const THREADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

fn options(folder: &Path) -> Options {
    Options {
        cache_bytes: 16 << 20,
        segment_bytes_max: 64 << 10,
        checkpoint_blocks: 7,
        ..Options::new(folder)
    }
}

fn store(folder: &Path, seed: u64, blocks: u64) -> State {
    let (state, _) = State::open(options(folder)).expect("opens");
    for height in 0..blocks {
        state.commit(&block(seed, height)).expect("valid");
    }
    state
}

fn chunk_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable"))
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                fs::read(entry.path()).expect("readable"),
            )
        })
        .filter(|(name, _)| name.ends_with(".chunk"))
        .collect();
    files.sort();
    files
}

#[test]
fn restored_store_goes_on_as_the_original() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let state = store(&at("original"), 1, 25);
    let manifest =
        state.create_snapshot(20, &at("snapshot"), &mut |_| ()).expect("height 20 is kept");
    let root = Model::at(1, 21).root();
    assert_eq!((manifest.height, manifest.state_root), (20, root));
    verify_snapshot(&FileDisk::new(), &at("snapshot"), Some(root), THREADS, &|_| ())
        .expect("the snapshot is right");
    let (restored, _) =
        State::restore(options(&at("restored")), &at("snapshot"), root, &|_| ()).expect("restores");
    Model::at(1, 21).check(&restored.latest().expect("height 20")).expect("the state of height 20");
    for height in 21..40 {
        restored.commit(&block(1, height)).expect("the chain goes on");
    }
    drop(restored);
    let (restored, _) = State::open(options(&at("restored"))).expect("opens again");
    Model::at(1, 40).check(&restored.latest().expect("height 39")).expect("the state of height 39");
    assert_eq!(restored.verify(VerifyLevel::Root, &mut |_| ()).expect("can be checked"), []);
    drop(restored);
    fs::remove_dir_all(at("restored").join("view")).expect("the view is a folder");
    let (restored, _) =
        State::open(options(&at("restored"))).expect("rebuilds from base and journal");
    Model::at(1, 40).check(&restored.latest().expect("height 39")).expect("the state of height 39");
    assert!(matches!(restored.at(19), Err(ReadError::Pruned { .. })));
}

#[test]
fn two_nodes_make_the_same_bytes_at_different_times() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let first = store(&at("a"), 2, 13)
        .create_snapshot(12, &at("snapshot-a"), &mut |_| ())
        .expect("height 12");
    let second = store(&at("b"), 2, 30)
        .create_snapshot(12, &at("snapshot-b"), &mut |_| ())
        .expect("height 12 in the past");
    assert_eq!(first.id(), second.id());
    assert_eq!(chunk_files(&at("snapshot-a")), chunk_files(&at("snapshot-b")));
}

#[test]
fn large_storage_is_cut_into_chunks_that_prove_themselves() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let (state, _) = State::open(options(&at("store"))).expect("opens");
    let mut genesis = Block::default();
    for number in 0..5 {
        let mut write = AccountWrite::new(number, U256::from(1), EMPTY_CODE_HASH);
        if number == 2 {
            write.storage = (0..100_000).map(|key| (slot(key), U256::from(key + 1))).collect();
        }
        genesis.changes.accounts.insert(address(number), AccountChange::Written(write));
    }
    let root = state.commit(&genesis).expect("valid").state_root;
    let manifest = state.create_snapshot(0, &at("snapshot"), &mut |_| ()).expect("height 0");
    let storage_chunks =
        manifest.chunks.iter().filter(|chunk| chunk.kind == ChunkKind::Storage).count();
    assert!(storage_chunks >= 2, "{storage_chunks} chunks of storage");
    verify_snapshot(&FileDisk::new(), &at("snapshot"), Some(root), THREADS, &|_| ())
        .expect("the snapshot is right");
    let (restored, _) =
        State::restore(options(&at("restored")), &at("snapshot"), root, &|_| ()).expect("restores");
    let view = restored.latest().expect("height 0");
    assert_eq!(view.storage(address(2), slot(99_999)).expect("readable"), U256::from(100_000));
    assert_eq!(restored.verify(VerifyLevel::Root, &mut |_| ()).expect("can be checked"), []);
}

#[test]
fn every_wrong_chunk_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let state = store(&at("store"), 3, 12);
    let manifest = state.create_snapshot(11, &at("snapshot"), &mut |_| ()).expect("height 11");
    let root = manifest.state_root;
    let disk = FileDisk::new();
    for (name, bytes) in chunk_files(&at("snapshot")) {
        let path = at("snapshot").join(name);
        for position in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut wrong = bytes.clone();
            wrong[position] ^= 4;
            fs::write(&path, &wrong).expect("writable");
            let error = verify_snapshot(&disk, &at("snapshot"), Some(root), THREADS, &|_| ())
                .expect_err("damaged");
            assert!(matches!(error, SnapshotError::Chunk { .. }), "{error}");
        }
        fs::remove_file(&path).expect("removable");
        let error =
            verify_snapshot(&FileDisk::new(), &at("snapshot"), Some(root), THREADS, &|_| ())
                .expect_err("missing");
        assert!(matches!(error, SnapshotError::Chunk { .. }), "{error}");
        fs::write(&path, &bytes).expect("writable");
    }
    let error = verify_snapshot(&disk, &at("snapshot"), Some(H256::zero()), THREADS, &|_| ())
        .expect_err("another root");
    assert!(matches!(error, SnapshotError::Root { .. }), "{error}");
}

#[test]
fn forged_chunk_with_a_matching_name_proves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let honest = store(&at("honest"), 4, 12)
        .create_snapshot(11, &at("snapshot"), &mut |_| ())
        .expect("height 11");
    let forged = store(&at("other"), 5, 12)
        .create_snapshot(11, &at("forged"), &mut |_| ())
        .expect("height 11");
    // A liar names the chunks of his own state under the trusted root.
    let mut lie: Manifest = forged;
    lie.state_root = honest.state_root;
    let spool = Spool::open(Arc::new(FileDisk::new()), &at("spool"), lie, honest.state_root)
        .expect("a new folder");
    let mut refused = 0;
    for (_, bytes) in chunk_files(&at("forged")) {
        refused += usize::from(spool.add(&bytes).is_err());
    }
    assert!(refused >= 1, "the accounts must be refused");
}

#[test]
fn spool_gathers_chunks_in_any_order_and_resumes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let manifest = store(&at("store"), 6, 12)
        .create_snapshot(11, &at("snapshot"), &mut |_| ())
        .expect("height 11");
    let root = manifest.state_root;
    let chunks = chunk_files(&at("snapshot"));
    let mut missing = chunks.len();
    for (_, bytes) in chunks.iter().rev() {
        let spool = Spool::open(Arc::new(FileDisk::new()), &at("spool"), manifest.clone(), root)
            .expect("resumes");
        assert_eq!(spool.missing().expect("readable").len(), missing);
        assert!(spool.add(b"nonsense").is_err());
        spool.add(bytes).expect("a chunk of the snapshot");
        missing -= 1;
    }
    let (restored, _) =
        State::restore(options(&at("restored")), &at("spool"), root, &|_| ()).expect("restores");
    Model::at(6, 12).check(&restored.latest().expect("height 11")).expect("the state of height 11");
    let again = State::restore(options(&at("restored")), &at("spool"), root, &|_| ());
    assert!(matches!(again, Err(RestoreError::Snapshot(SnapshotError::NotEmpty { .. }))));
}

#[test]
fn pruned_store_still_rebuilds_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = Options { history: History::Full(10), ..options(folder.path()) };
    let (state, _) = State::open(options.clone()).expect("opens");
    for height in 0..60 {
        state.commit(&block(7, height)).expect("valid");
    }
    let dropped = state.prune(&mut |_| ()).expect("prunes");
    assert!(dropped > 0, "old segments are dropped");
    assert!(matches!(state.block(0), Err(ReadError::Pruned { height: 0, .. })));
    assert_eq!(state.verify(VerifyLevel::Root, &mut |_| ()).expect("can be checked"), []);
    drop(state);
    fs::remove_dir_all(folder.path().join("view")).expect("the view is a folder");
    let (state, _) = State::open(options).expect("rebuilds from the base");
    Model::at(7, 60).check(&state.latest().expect("height 59")).expect("the state of height 59");
    Model::at(7, 52).check(&state.at(51).expect("kept")).expect("the state of height 51");
}

#[test]
fn verify_finds_damage_in_an_old_record() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let state = store(folder.path(), 8, 40);
    assert_eq!(state.verify(VerifyLevel::Root, &mut |_| ()).expect("can be checked"), []);
    let segment = folder.path().join("journal").join("000000000001.journal");
    let mut bytes = fs::read(&segment).expect("readable");
    bytes[1000] ^= 1;
    fs::write(&segment, bytes).expect("writable");
    let problems = state.verify(VerifyLevel::Full, &mut |_| ()).expect("can be checked");
    assert_eq!(problems, [Problem::JournalRecords { first: 0 }]);
}
