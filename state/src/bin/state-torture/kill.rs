//! Real processes that commit until they are killed.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use cybermiles_state::{History, OpenReport, Options, State, disk::simulated::Seed};

use crate::{
    Outcome, Tally,
    workload::{Model, block, check_block},
};

/// A chain is started anew at this height, so that checking it stays quick.
const CHAIN_BLOCKS_MAX: u64 = 300;

fn options(folder: &Path) -> Options {
    Options {
        history: History::Full(50),
        cache_bytes: 16 << 20,
        checkpoint_blocks: 6,
        segment_bytes_max: 256 << 10,
        ..Options::new(folder)
    }
}

/// The process that is killed: commits blocks and prints the height of each when it is acknowledged.
pub(crate) fn commit_forever(arguments: &[String]) -> ExitCode {
    let [folder, seed] = arguments else { return ExitCode::from(2) };
    let (Ok(seed), Ok((state, _))) = (seed.parse(), State::open(options(Path::new(folder)))) else {
        return ExitCode::from(3);
    };
    let mut out = std::io::stdout();
    let mut height = state.tip().map_or(0, |tip| tip.height + 1);
    while state.commit(&block(seed, height)).is_ok()
        && writeln!(out, "{height}").is_ok()
        && out.flush().is_ok()
    {
        height += 1;
    }
    ExitCode::from(4)
}

/// Starts the process, kills it at a random moment, and returns the last height that it acknowledged.
fn commit_and_kill(
    folder: &Path,
    chain_seed: u64,
    random: &mut Seed,
) -> std::io::Result<Option<u64>> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("commit-forever")
        .arg(folder)
        .arg(chain_seed.to_string())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take();
    let mut lines =
        BufReader::new(output.ok_or_else(|| std::io::Error::other("no output"))?).lines();
    let mut last = None;
    // Some are killed while they open; most after some commits, and a moment more.
    let commits = if random.below(7) == 0 { 0 } else { 1 + random.below(10) };
    for _ in 0..commits {
        match lines.next() {
            Some(line) => last = line?.parse().ok().or(last),
            None => break,
        }
    }
    std::thread::sleep(Duration::from_micros(random.below(if commits == 0 {
        30_000
    } else {
        6_000
    })));
    child.kill()?;
    child.wait()?;
    for line in lines {
        last = line?.parse().ok().or(last);
    }
    Ok(last)
}

fn check(
    folder: &Path,
    seed: u64,
    next_acknowledged: u64,
    model: &mut Model,
) -> Result<OpenReport, String> {
    let (state, report) =
        State::open(options(folder)).map_err(|error| format!("does not open: {error}"))?;
    let next = state.tip().map_or(0, |tip| tip.height + 1);
    if next < next_acknowledged || next > next_acknowledged + 1 {
        return Err(format!("acknowledged below {next_acknowledged}, found below {next}"));
    }
    model.advance(seed, next);
    let Some(tip) = state.tip() else { return Ok(report) };
    if tip.state_root != model.root() {
        return Err(format!("root after block {} is wrong", tip.height));
    }
    let view = state.latest().map_err(|error| error.to_string())?;
    model.check(&view)?;
    for height in next.saturating_sub(4)..next {
        check_block(&state, seed, height)?;
    }
    if let Some(past) = tip.height.checked_sub(20) {
        let view = state.at(past).map_err(|error| error.to_string())?;
        Model::at(seed, past + 1).check(&view)?;
    }
    Ok(report)
}

pub(crate) fn run(count: u64, seed: u64) -> Tally {
    let mut tally = Tally::default();
    let mut random = Seed::new(seed);
    let mut chain: Option<(tempfile::TempDir, u64, u64, Model)> = None;
    let mut acknowledged_total = 0;
    for case in 0..count {
        let (folder, chain_seed, mut next, mut model) = match chain.take() {
            Some(chain) if chain.2 < CHAIN_BLOCKS_MAX => chain,
            _ => match tempfile::tempdir() {
                Ok(folder) => (folder, random.draw() >> 32, 0, Model::default()),
                Err(error) => {
                    tally.count(&format!("kill {case}"), &Outcome::Failed(error.to_string()));
                    break;
                }
            },
        };
        let before = next;
        let result = commit_and_kill(folder.path(), chain_seed, &mut random)
            .map_err(|error| error.to_string());
        let result = result.and_then(|last| {
            next = last.map_or(next, |last| last + 1);
            acknowledged_total += next - before;
            check(folder.path(), chain_seed, next, &mut model)
        });
        next = model.next_height.max(next);
        let outcome = match result {
            // A store that was not closed is looked at in full; that alone is no repair.
            Ok(report) if report.is_harmless() => Outcome::Ok,
            Ok(_) => Outcome::Repaired,
            Err(reason) => Outcome::Failed(reason),
        };
        let failed = matches!(outcome, Outcome::Failed(_));
        tally.count(&format!("kill {case} seed {seed} chain {chain_seed}"), &outcome);
        if !failed {
            chain = Some((folder, chain_seed, next, model));
        }
    }
    println!("kill: {count} kills, {acknowledged_total} blocks acknowledged");
    tally
}
