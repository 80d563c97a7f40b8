//! Simulated power loss: journal and checkpoints on a disk that forgets, sled's files mixed from old and new pages.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use cybermiles_state::{
    Apply, History, Options, State,
    disk::simulated::{Seed, SimulatedDisk},
};

use crate::{
    Outcome, Tally,
    workload::{Model, block, check_block},
};

const BLOCKS: u64 = 24;
const CUTS_PER_RUN: u64 = 40;
const CHECKPOINT_BLOCKS: u64 = 5;

/// The files of the view at one moment.
type Image = BTreeMap<PathBuf, Vec<u8>>;

/// A chain that was committed, and everything that a power loss could have left of it.
struct Recording {
    disk: SimulatedDisk,
    blocks: Vec<Committed>,
    before: Image,
}

/// A block of a recording.
struct Committed {
    /// Operations done when its record was durable; the view gets the block only after.
    durable: usize,
    /// Operations done when it was acknowledged.
    acknowledged: usize,
    /// The view's files then.
    image: Image,
}

fn options(folder: &Path) -> Options {
    Options {
        history: History::Full(10),
        cache_bytes: 8 << 20,
        checkpoint_blocks: CHECKPOINT_BLOCKS,
        segment_bytes_max: 64 << 10,
        apply: Apply::Inline,
        ..Options::new(folder)
    }
}

fn read_image(folder: &Path) -> io::Result<Image> {
    let mut image = Image::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).map(Path::to_owned).unwrap_or_default();
                image.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(image)
}

fn record(folder: &Path, chain_seed: u64) -> Result<Recording, String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let disk = SimulatedDisk::new();
    let options = Options { disk: Arc::new(disk.clone()), ..options(folder) };
    let (state, _) = State::open(options).map_err(|error| text(&error))?;
    let view = folder.join("view");
    let before = read_image(&view).map_err(|error| text(&error))?;
    let mut blocks = Vec::new();
    for height in 0..BLOCKS {
        state.commit(&block(chain_seed, height)).map_err(|error| text(&error))?;
        let image = read_image(&view).map_err(|error| text(&error))?;
        let durable = disk.last_sync_in(&folder.join("journal")).unwrap_or(0);
        blocks.push(Committed { durable, acknowledged: disk.operation_count(), image });
    }
    Ok(Recording { disk, blocks, before })
}

/// Mixes files from the last durable image and all later ones, sector by sector.
fn mix(images: &[&Image], sector_size: usize, random: &mut Seed) -> Image {
    let Some(durable) = images.first() else { return Image::new() };
    let mut mixed = Image::new();
    let names: std::collections::BTreeSet<&PathBuf> =
        images.iter().flat_map(|image| image.keys()).collect();
    for name in names {
        let versions: Vec<&Vec<u8>> = images.iter().filter_map(|image| image.get(name)).collect();
        if !durable.contains_key(name) && random.below(2) == 0 {
            continue;
        }
        let shortest = versions.iter().map(|version| version.len()).min().unwrap_or(0);
        let longest = versions.iter().map(|version| version.len()).max().unwrap_or(0);
        let length = if random.below(2) == 0 { longest } else { shortest };
        let mut bytes = vec![0; length];
        for start in (0..length).step_by(sector_size) {
            let index = usize::try_from(random.below(versions.len() as u64)).unwrap_or(0);
            let end = length.min(start + sector_size);
            let source =
                versions.get(index).and_then(|version| version.get(start..end.min(version.len())));
            if let (Some(source), Some(target)) = (source, bytes.get_mut(start..end)) {
                target[..source.len()].copy_from_slice(source);
            }
        }
        mixed.insert(name.clone(), bytes);
    }
    mixed
}

fn write_files(
    folder: &Path,
    files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>,
) -> io::Result<()> {
    for (name, bytes) in files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

fn cut(
    recording: &Recording,
    original: &Path,
    chain_seed: u64,
    random: &mut Seed,
) -> Result<Outcome, String> {
    let operations = recording.disk.operation_count();
    // Half of the cuts come right after an acknowledgement, when nothing may be lost.
    let position = if random.below(2) == 0 {
        let index = usize::try_from(random.below(BLOCKS)).unwrap_or(0);
        recording.blocks.get(index).map_or(operations, |block| block.acknowledged)
    } else {
        usize::try_from(random.below(operations as u64 + 1)).unwrap_or(0)
    };
    let sector_size = if random.below(2) == 0 { 512 } else { 4096 };
    let acknowledged = recording.blocks.partition_point(|block| block.acknowledged <= position);
    let durable_blocks = recording.blocks.partition_point(|block| block.durable <= position);
    let disk = recording.disk.after_power_loss(position, sector_size, random);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let strip = |(path, bytes): (PathBuf, Vec<u8>)| {
        (path.strip_prefix(original).map(Path::to_owned).unwrap_or(path), bytes)
    };
    write_files(folder.path(), disk.files().into_iter().map(strip))
        .map_err(|error| error.to_string())?;
    let interval = usize::try_from(CHECKPOINT_BLOCKS).unwrap_or(1);
    let durable = acknowledged - acknowledged % interval;
    let image_at = |blocks: usize| {
        blocks
            .checked_sub(1)
            .and_then(|index| recording.blocks.get(index))
            .map_or(&recording.before, |block| &block.image)
    };
    let images: Vec<&Image> = (durable..=durable_blocks.max(acknowledged)).map(image_at).collect();
    write_files(&folder.path().join("view"), mix(&images, sector_size, random))
        .map_err(|error| error.to_string())?;
    verify(folder.path(), chain_seed, acknowledged as u64)
}

fn verify(folder: &Path, seed: u64, acknowledged_below: u64) -> Result<Outcome, String> {
    let (state, report) =
        State::open(options(folder)).map_err(|error| format!("does not open: {error}"))?;
    let next = state.tip().map_or(0, |tip| tip.height + 1);
    if next < acknowledged_below || next > acknowledged_below + 1 {
        return Err(format!("acknowledged below {acknowledged_below}, found below {next}"));
    }
    if let Some(tip) = state.tip() {
        let model = Model::at(seed, next);
        if model.root() != tip.state_root {
            return Err(format!("root after block {} is wrong", tip.height));
        }
        model.check(&state.latest().map_err(|error| error.to_string())?)?;
        for height in 0..next {
            check_block(&state, seed, height)?;
        }
    }
    state.commit(&block(seed, next)).map_err(|error| format!("does not go on: {error}"))?;
    Ok(if report.is_harmless() { Outcome::Ok } else { Outcome::Repaired })
}

pub(crate) fn run(count: u64, seed: u64) -> Tally {
    let mut tally = Tally::default();
    let mut random = Seed::new(seed);
    let mut case = 0;
    while case < count {
        let chain_seed = random.draw() >> 32;
        let recorded = tempfile::tempdir().map_err(|error| error.to_string()).and_then(|folder| {
            record(folder.path(), chain_seed).map(|recording| (folder, recording))
        });
        let (folder, recording) = match recorded {
            Ok(recorded) => recorded,
            Err(reason) => {
                tally.count(&format!("power, recording {chain_seed}"), &Outcome::Failed(reason));
                return tally;
            }
        };
        for _ in 0..CUTS_PER_RUN.min(count - case) {
            let outcome = cut(&recording, folder.path(), chain_seed, &mut random)
                .unwrap_or_else(Outcome::Failed);
            tally.count(&format!("power {case} seed {seed} chain {chain_seed}"), &outcome);
            case += 1;
        }
    }
    tally
}
