//! Damage to every file of a store: flipped bits, garbage, zeros, cut ends, missing files.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc::sync_channel,
    time::Duration,
};

use cybermiles_state::{
    History, OpenError, Options, ReadError, RecordError, RepairError, RepairMode, State,
    disk::simulated::Seed,
};

use crate::{
    Outcome, Tally,
    workload::{Model, block, check_block},
};

const BLOCKS: u64 = 30;
const CASES_PER_STORE: u64 = 50;
const CASE_LIMIT: Duration = Duration::from_secs(120);

fn options(folder: &Path, mirrored: bool) -> Options {
    Options {
        history: History::Archive,
        cache_bytes: 8 << 20,
        checkpoint_blocks: 7,
        segment_bytes_max: 64 << 10,
        mirror: mirrored.then(|| folder.join("mirror")),
        ..Options::new(folder)
    }
}

fn build(folder: &Path, seed: u64, mirrored: bool, clean: bool) -> Result<(), String> {
    let (state, _) = State::open(options(folder, mirrored)).map_err(|error| error.to_string())?;
    for height in 0..BLOCKS {
        state.commit(&block(seed, height)).map_err(|error| error.to_string())?;
    }
    if clean { state.close().map_err(|error| error.to_string()) } else { Ok(()) }
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(list(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Damages one file and says how.
fn damage(path: &Path, random: &mut Seed) -> io::Result<String> {
    let mut bytes = fs::read(path)?;
    let length = bytes.len() as u64;
    let at = usize::try_from(random.below(length)).unwrap_or(0);
    let mut fill = |length: usize, mut value: Box<dyn FnMut() -> u8>| {
        let end = bytes.len().min(at + length);
        bytes.get_mut(at..end).unwrap_or_default().iter_mut().for_each(|byte| *byte = value());
    };
    let what = match random.below(7) {
        0 | 1 => {
            let bit = random.below(8);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
            "flipped a bit"
        }
        2 => {
            let mut garbage = Seed::new(random.draw());
            fill(64, Box::new(move || garbage.draw().to_le_bytes()[0]));
            "wrote garbage"
        }
        3 => {
            fill(512, Box::new(|| 0));
            "zeroed 512 bytes"
        }
        4 => {
            fill(4096, Box::new(|| 0));
            "zeroed 4096 bytes"
        }
        5 => {
            bytes.truncate(at);
            "cut the end"
        }
        _ => {
            fs::remove_file(path)?;
            return Ok("removed the file".to_owned());
        }
    };
    fs::write(path, &bytes)?;
    Ok(format!("{what} at {at}"))
}

/// What became of the blocks and the past.
struct Readable {
    all: bool,
}

/// Everything that can be read must be right; what cannot must say so.
fn check(state: &State, seed: u64) -> Result<Readable, String> {
    let tip = state.tip().ok_or("the store is empty")?;
    let model = Model::at(seed, tip.height + 1);
    if model.root() != tip.state_root {
        return Err(format!("root after block {} is wrong", tip.height));
    }
    model.check(&state.latest().map_err(|error| error.to_string())?)?;
    let mut all = true;
    for height in 0..=tip.height {
        match state.block(height) {
            Err(
                ReadError::Record(RecordError::Damaged { .. } | RecordError::Lost { .. })
                | ReadError::Pruned { .. },
            ) => all = false,
            Err(error) => return Err(format!("block {height}: {error}")),
            Ok(_) => check_block(state, seed, height)?,
        }
        if height % 9 == 0 {
            match state.at(height) {
                Ok(view) => Model::at(seed, height + 1).check(&view)?,
                Err(ReadError::Pruned { .. }) => all = false,
                Err(error) => return Err(format!("state at {height}: {error}")),
            }
        }
    }
    Ok(Readable { all })
}

/// Repairs as far as needed; says whether acknowledged blocks had to be given up.
fn repair(options: &Options) -> Result<bool, String> {
    State::repair(options.clone(), RepairMode::DryRun)
        .map_err(|error| format!("dry run: {error}"))?;
    match State::repair(options.clone(), RepairMode::KeepState) {
        Ok(_) => Ok(false),
        Err(RepairError::RewindNeeded { .. }) => {
            State::repair(options.clone(), RepairMode::AcceptRewind)
                .map_err(|error| format!("rewind: {error}"))?;
            Ok(true)
        }
        Err(error) => Err(format!("repair: {error}")),
    }
}

fn case(folder: &Path, seed: u64, mirrored: bool) -> Result<Outcome, String> {
    let options = options(folder, mirrored);
    let full_height = BLOCKS - 1;
    let mut needs_repair = false;
    match State::open(options.clone()) {
        Ok((state, report)) => {
            let height = state.tip().map(|tip| tip.height);
            if height != Some(full_height) {
                return Err(format!("opened at {height:?} without a word"));
            }
            let readable = check(&state, seed)?;
            if readable.all && report.is_harmless() {
                return Ok(Outcome::Ok);
            }
            needs_repair |= !readable.all;
        }
        Err(OpenError::JournalDamaged { .. }) => needs_repair = true,
        Err(error) => return Err(format!("refused: {error}")),
    }
    if needs_repair {
        let rewound = repair(&options)?;
        if mirrored && rewound {
            return Err("rewound in spite of a mirror".to_owned());
        }
        let (state, _) =
            State::open(options).map_err(|error| format!("after the repair: {error}"))?;
        let readable = check(&state, seed)?;
        let height = state.tip().map_or(0, |tip| tip.height);
        if !rewound && height != full_height {
            return Err(format!("the repair lost blocks from {height} on"));
        }
        if mirrored && !readable.all {
            return Err("lost blocks in spite of a mirror".to_owned());
        }
        state
            .commit(&block(seed, height + 1))
            .map_err(|error| format!("does not go on: {error}"))?;
    }
    Ok(Outcome::Repaired)
}

/// Runs a case within a time limit, and turns a panic into a failure.
fn guarded(folder: &Path, seed: u64, mirrored: bool) -> Outcome {
    let (sender, receiver) = sync_channel(1);
    let folder = folder.to_owned();
    std::thread::spawn(move || drop(sender.send(case(&folder, seed, mirrored))));
    match receiver.recv_timeout(CASE_LIMIT) {
        Ok(result) => result.unwrap_or_else(Outcome::Failed),
        Err(error) => Outcome::Failed(format!("panic or hang: {error}")),
    }
}

pub(crate) fn run(count: u64, seed: u64) -> Tally {
    let mut tally = Tally::default();
    let mut random = Seed::new(seed);
    let mut number = 0;
    while number < count {
        let chain_seed = random.draw() >> 32;
        let (mirrored, clean) = (random.below(3) == 0, random.below(2) == 0);
        let prepared = tempfile::tempdir().map_err(|error| error.to_string()).and_then(|folder| {
            build(folder.path(), chain_seed, mirrored, clean)?;
            let files = list(folder.path()).map_err(|error| error.to_string())?;
            Ok((folder, files))
        });
        let (template, files) = match prepared {
            Ok(prepared) => prepared,
            Err(reason) => {
                tally.count(&format!("damage, store {chain_seed}"), &Outcome::Failed(reason));
                return tally;
            }
        };
        for _ in 0..CASES_PER_STORE.min(count - number) {
            let (name, outcome) = one(template.path(), &files, chain_seed, mirrored, &mut random)
                .unwrap_or_else(|error| {
                    ("preparing".to_owned(), Outcome::Failed(error.to_string()))
                });
            tally.count(&format!("damage {number} seed {seed} chain {chain_seed} mirror {mirrored} clean {clean}: {name}"), &outcome);
            number += 1;
        }
    }
    tally
}

fn one(
    template: &Path,
    files: &[PathBuf],
    chain_seed: u64,
    mirrored: bool,
    random: &mut Seed,
) -> io::Result<(String, Outcome)> {
    let folder = tempfile::tempdir()?;
    copy(template, folder.path())?;
    let index = usize::try_from(random.below(files.len() as u64)).unwrap_or(0);
    let file = files
        .get(index)
        .and_then(|file| file.strip_prefix(template).ok())
        .unwrap_or_else(|| Path::new("lock"));
    let what = damage(&folder.path().join(file), random)?;
    Ok((format!("{} {what}", file.display()), guarded(folder.path(), chain_seed, mirrored)))
}
