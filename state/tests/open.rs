//! Commit, reopen, read back: with every engine, in every mode, against a plain model.

#[path = "../src/bin/state-torture/workload.rs"]
mod workload;

use std::path::Path;

use cybermiles_state::{
    Apply, CommitError, Engine, Finding, History, OpenError, Options, ReadError, State,
};
use primitive_types::H256;
use workload::{Model, address, block, check_block, slot};

fn options(folder: &Path) -> Options {
    Options {
        cache_bytes: 16 << 20,
        history: History::Archive,
        checkpoint_blocks: 7,
        ..Options::new(folder)
    }
}

fn commit_range(state: &State, seed: u64, from: u64, below: u64) {
    let mut model = Model::at(seed, from);
    for height in from..below {
        let committed =
            state.commit(&block(seed, height)).expect("a block of the workload is valid");
        model.advance(seed, height + 1);
        assert_eq!(committed.state_root, model.root(), "root of block {height}");
    }
}

fn check_all(state: &State, seed: u64, below: u64) {
    for height in 0..below {
        let view = state.at(height).expect("the height is kept");
        Model::at(seed, height + 1).check(&view).expect("the state is that of the model");
        check_block(state, seed, height).expect("the block is the one committed");
    }
}

fn reopens_with_everything(engine: Engine, apply: Apply) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = Options { engine, apply, ..options(folder.path()) };
    for round in 0..4 {
        let (state, _) = State::open(options.clone()).expect("the store opens");
        check_all(&state, 1, round * 15);
        commit_range(&state, 1, round * 15, (round + 1) * 15);
        check_all(&state, 1, (round + 1) * 15);
        if round % 2 == 0 {
            state.close().expect("the store closes");
        }
    }
}

#[test]
fn reopens_on_sled_in_background() {
    reopens_with_everything(Engine::Sled, Apply::Background);
}

#[test]
fn reopens_on_sled_inline() {
    reopens_with_everything(Engine::Sled, Apply::Inline);
}

#[test]
fn reopens_without_a_view_on_disk() {
    reopens_with_everything(Engine::Memory, Apply::Inline);
}

#[cfg(feature = "redb")]
#[test]
fn reopens_on_redb() {
    reopens_with_everything(Engine::Redb, Apply::Background);
}

#[test]
fn clean_close_leaves_nothing_to_repair() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (state, report) = State::open(options(folder.path())).expect("opens");
    assert_eq!(report.findings, []);
    commit_range(&state, 2, 0, 20);
    state.close().expect("closes");
    let (_, report) = State::open(options(folder.path())).expect("opens again");
    assert_eq!(report.findings, []);
}

#[test]
fn lost_view_is_rebuilt_from_the_journal() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (state, _) = State::open(options(folder.path())).expect("opens");
    commit_range(&state, 3, 0, 20);
    state.close().expect("closes");
    std::fs::remove_dir_all(folder.path().join("view")).expect("the view is a folder");
    let (state, report) = State::open(options(folder.path())).expect("opens again");
    assert_eq!(report.findings, [Finding::ViewRebuilt { blocks: 20 }]);
    check_all(&state, 3, 20);
}

#[test]
fn second_opener_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (_state, _) = State::open(options(folder.path())).expect("opens");
    assert!(matches!(State::open(options(folder.path())), Err(OpenError::Locked { .. })));
}

#[test]
fn store_of_another_chain_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (state, _) = State::open(options(folder.path())).expect("opens");
    commit_range(&state, 4, 0, 3);
    drop(state);
    let other = Options { chain_id: H256::repeat_byte(1), ..options(folder.path()) };
    let error = State::open(other).expect_err("another chain");
    assert!(error.to_string().contains("belongs to chain"), "{error}");
}

#[test]
fn wrong_height_and_wrong_root_change_nothing() {
    let (state, _) = State::open(Options::in_memory()).expect("opens");
    commit_range(&state, 5, 0, 5);
    let root = state.tip().expect("five blocks").state_root;
    assert!(matches!(
        state.commit(&block(5, 7)),
        Err(CommitError::Height { expected: 5, found: 7 })
    ));
    let mut wrong = block(5, 5);
    wrong.expected_root = Some(H256::zero());
    assert!(matches!(state.commit(&wrong), Err(CommitError::Root { height: 5, .. })));
    assert_eq!(state.tip().expect("five blocks").state_root, root);
    commit_range(&state, 5, 5, 10);
    check_all(&state, 5, 10);
}

#[test]
fn root_after_changes_nothing() {
    let (state, _) = State::open(Options::in_memory()).expect("opens");
    commit_range(&state, 6, 0, 5);
    let next = block(6, 5);
    let promised = state.root_after(&next.changes).expect("storage is readable");
    assert_eq!(state.commit(&next).expect("valid").state_root, promised);
}

#[test]
fn history_modes_keep_what_they_promise() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let full = Options {
        history: History::Full(10),
        recent_blocks: 3,
        apply: Apply::Inline,
        ..options(folder.path())
    };
    let (state, _) = State::open(full.clone()).expect("opens");
    commit_range(&state, 7, 0, 40);
    state.checkpoint().expect("the view catches up");
    for height in 29..40 {
        Model::at(7, height + 1).check(&state.at(height).expect("kept")).expect("as the model");
    }
    assert!(matches!(state.at(28), Err(ReadError::Pruned { height: 28, oldest: 29 })));
    assert!(matches!(state.at(40), Err(ReadError::NotCommitted { height: 40, next: 40 })));
    state.close().expect("closes");
    let minimal = Options { history: History::Minimal, recent_blocks: 3, ..full };
    let (state, _) = State::open(minimal).expect("opens in another mode");
    commit_range(&state, 7, 40, 60);
    state.checkpoint().expect("the view catches up");
    assert!(matches!(state.at(55), Err(ReadError::Pruned { .. })));
    for height in 56..60 {
        Model::at(7, height + 1).check(&state.at(height).expect("kept")).expect("as the model");
    }
}

#[test]
fn view_at_a_height_does_not_move_while_commits_go_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = Options { history: History::Minimal, recent_blocks: 2, ..options(folder.path()) };
    let (state, _) = State::open(options).expect("opens");
    commit_range(&state, 8, 0, 10);
    let view = state.latest().expect("ten blocks");
    let model = Model::at(8, 10);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            for _ in 0..200 {
                model.check(&view).expect("the view stays as it was");
            }
        });
        commit_range(&state, 8, 10, 150);
        reader.join().expect("the reader saw nothing wrong");
    });
}

#[test]
fn appended_blocks_become_durable_together() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (state, _) = State::open(options(folder.path())).expect("opens");
    for height in 0..30 {
        state.append(&block(9, height)).expect("valid");
    }
    state.sync().expect("the disk works");
    check_all(&state, 9, 30);
    drop(state);
    let (state, _) = State::open(options(folder.path())).expect("opens again");
    check_all(&state, 9, 30);
}

#[test]
fn proofs_of_the_tip_verify() {
    let (state, _) = State::open(Options::in_memory()).expect("opens");
    commit_range(&state, 10, 0, 30);
    let root = state.tip().expect("thirty blocks").state_root;
    for number in 0..130_u64 {
        let address = address(number);
        let slots: Vec<H256> = (0..10).map(slot).collect();
        let proof = state.prove(address, &slots).expect("storage is readable");
        proof.verify(root).expect("the proof is right");
        assert_eq!(
            proof.account,
            state.latest().expect("a tip").account(address).expect("readable")
        );
    }
}
