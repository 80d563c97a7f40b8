//! Failing writes, failing syncs, full and read-only disks: the store stays usable at its last commit.

#[path = "../src/bin/state-torture/workload.rs"]
mod workload;

use std::{error::Error, path::Path, sync::Arc};

use cybermiles_state::{
    Apply, CommitError, DiskError, Engine, History, OpenError, Options, State,
    disk::{
        Disk,
        simulated::{Fault, Seed, SimulatedDisk},
    },
};
use workload::{Model, block, check_block};

fn options(disk: &SimulatedDisk) -> Options {
    Options {
        disk: Arc::new(disk.clone()),
        engine: Engine::Memory,
        apply: Apply::Inline,
        history: History::Archive,
        segment_bytes_max: 64 << 10,
        checkpoint_blocks: 5,
        ..Options::new("/store")
    }
}

fn next_height(state: &State) -> u64 {
    state.tip().map_or(0, |tip| tip.height + 1)
}

fn check(state: &State, seed: u64, below: u64) {
    assert_eq!(next_height(state), below);
    let model = Model::at(seed, below);
    assert_eq!(state.tip().expect("some blocks").state_root, model.root());
    model.check(&state.latest().expect("some blocks")).expect("the state of the model");
    for height in 0..below {
        check_block(state, seed, height).expect("the block committed");
    }
}

fn disk_error(error: &CommitError) -> Option<String> {
    let mut cause: Option<&dyn Error> = Some(error);
    let mut text = String::new();
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    matches!(error, CommitError::Journal { .. }).then_some(text)
}

#[test]
fn store_is_usable_at_its_last_commit_after_every_fault() {
    let mut random = Seed::new(1);
    for round in 0..60 {
        let disk = SimulatedDisk::new();
        let (state, _) = State::open(options(&disk)).expect("opens");
        let mut failures = 0;
        while next_height(&state) < 20 {
            let height = next_height(&state);
            if random.below(3) == 0 {
                let fault = match random.below(3) {
                    0 => Fault::WriteFails(random.below(3)),
                    1 => Fault::WriteShort(random.below(3)),
                    _ => Fault::SyncFails(random.below(2)),
                };
                disk.inject(fault);
            }
            let result = if random.below(3) == 0 {
                (height..height + 3)
                    .try_for_each(|height| state.append(&block(round, height)).map(|_| ()))
                    .and_then(|()| state.sync())
            } else {
                state.commit(&block(round, height)).map(|_| ())
            };
            disk.heal();
            if let Err(error) = result {
                failures += 1;
                if matches!(error, CommitError::View(_)) {
                    break;
                }
                disk_error(&error).expect("the disk is to blame");
                state.sync().expect("what is left can be made durable");
            }
        }
        let below = next_height(&state);
        check(&state, round, below);
        drop(state);
        let (state, _) = State::open(options(&disk)).expect("opens again");
        check(&state, round, below);
        assert!(round > 3 || failures > 0 || below >= 20);
    }
}

#[test]
fn full_disk_is_named_and_harmless() {
    let disk = SimulatedDisk::new();
    let (state, _) = State::open(options(&disk)).expect("opens");
    for height in 0..5 {
        state.commit(&block(2, height)).expect("there is space");
    }
    let used: u64 = disk.files().iter().map(|(_, bytes)| bytes.len() as u64).sum();
    disk.inject(Fault::FullAt(used));
    let mut height = 5;
    let error = loop {
        match state.commit(&block(2, height)) {
            Ok(_) => height += 1,
            Err(error) => break error,
        }
    };
    assert!(disk_error(&error).expect("a disk error").starts_with("no space left"), "{error}");
    check(&state, 2, height);
    disk.heal();
    state.commit(&block(2, height)).expect("there is space again");
    check(&state, 2, height + 1);
}

#[test]
fn read_only_disk_is_named() {
    let disk = SimulatedDisk::new();
    let (state, _) = State::open(options(&disk)).expect("opens");
    state.commit(&block(3, 0)).expect("writable");
    disk.inject(Fault::ReadOnly);
    let error = state.commit(&block(3, 1)).expect_err("read-only");
    assert!(disk_error(&error).expect("a disk error").contains("cannot be written"), "{error}");
    check(&state, 3, 1);
    drop(state);
    assert!(matches!(
        State::open(options(&disk)),
        Err(OpenError::Disk(DiskError::ReadOnly { .. }))
    ));
}

#[test]
fn group_of_appends_is_lost_whole_or_in_order() {
    let disk = SimulatedDisk::new();
    let mut marks = Vec::new();
    {
        let (state, _) = State::open(options(&disk)).expect("opens");
        for group in 0..6_u64 {
            for height in group * 4..group * 4 + 4 {
                state.append(&block(4, height)).expect("valid");
            }
            state.sync().expect("the disk works");
            marks.push((disk.operation_count(), group * 4 + 4));
        }
    }
    let mut random = Seed::new(9);
    for cut in (0..=disk.operation_count()).step_by(2) {
        let acknowledged = marks
            .iter()
            .rev()
            .find(|(operations, _)| *operations <= cut)
            .map_or(0, |(_, below)| *below);
        let left = disk.after_power_loss(cut, if cut % 4 == 0 { 512 } else { 4096 }, &mut random);
        let (state, _) = State::open(options(&left)).expect("opens after a power loss");
        let below = next_height(&state);
        assert!(
            below >= acknowledged && below <= acknowledged + 4,
            "cut {cut}: {below}, acknowledged {acknowledged}"
        );
        if below > 0 {
            check(&state, 4, below);
        }
    }
}

#[test]
fn newer_schema_is_refused_and_left_alone() {
    let disk = SimulatedDisk::new();
    {
        let (state, _) = State::open(options(&disk)).expect("opens");
        state.commit(&block(5, 0)).expect("valid");
    }
    let path = Path::new("/store/journal/000000000001.journal");
    let mut header = [0; 128];
    disk.read_at(path, 0, &mut header).expect("the first segment");
    header[4] = 9;
    let checksum = crc32(&header[..124]);
    header[124..].copy_from_slice(&checksum.to_le_bytes());
    disk.write_at(path, 0, &header).expect("writable");
    let before = disk.files();
    let error = State::open(options(&disk)).expect_err("a newer schema");
    assert!(error.to_string().contains("schema version 9"), "{error}");
    assert_eq!(disk.files(), before);
}

/// CRC-32 as in IEEE 802.3, the slow way.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    })
}
