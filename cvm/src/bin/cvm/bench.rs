//! Times workloads.

use clap::Args;
use cybermiles_cvm::tool::{suite, workload::Workload};
use std::{
    fs, io,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Workload files (JSON), or folders of them [default: a built-in workload].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How long to run each workload, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 300)]
    time: u64,
    /// Only workloads whose name contains this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    name: String,
}

/// Runs `cvm bench`: each workload is checked once, then repeated; the fastest run counts.
pub(crate) fn bench(arguments: &BenchArguments) -> io::Result<ExitCode> {
    let workloads = workloads(arguments)?;
    let mut is_right = true;
    println!(
        "{:<34}  {:>12}  {:>12}  {:>10}  {:>6}",
        "workload", "gas", "best us", "Mgas/s", "runs"
    );
    for workload in &workloads {
        let mut machine = workload.machine();
        let executed = match workload.check(&mut machine) {
            Ok(executed) => executed,
            Err(error) => {
                println!("{:<34}  {error}", workload.name);
                is_right = false;
                continue;
            }
        };
        let (best, runs) = fastest(Duration::from_millis(arguments.time), || {
            workload.execute(&mut machine).is_ok_and(|again| again.gas_used == executed.gas_used)
        });
        let gas = executed.gas_used;
        let gas_per_ms = u128::from(gas) * 1_000_000 / best.as_nanos().max(1);
        let megagas = format!("{}.{:03}", gas_per_ms / 1000, gas_per_ms % 1000);
        let micros = format!("{}.{:03}", best.as_micros(), best.as_nanos() % 1000);
        println!("{:<34}  {gas:>12}  {micros:>12}  {megagas:>10}  {runs:>6}", workload.name);
    }
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn workloads(arguments: &BenchArguments) -> io::Result<Vec<Workload>> {
    if arguments.paths.is_empty() {
        return Ok(vec![Workload::built_in()]);
    }
    let mut workloads = Vec::new();
    for path in suite::json_files(&arguments.paths)? {
        let named = |error: &dyn std::fmt::Display| {
            io::Error::other(format!("{}: {error}", path.display()))
        };
        let text = fs::read_to_string(&path).map_err(|error| named(&error))?;
        let workload = Workload::parse(&text).map_err(|error| named(&error))?;
        if workload.name.contains(&arguments.name) {
            workloads.push(workload);
        }
    }
    Ok(workloads)
}

/// The shortest of the runs that fit into `time` (at least one), and how many there were. `run` says whether it went as
/// before.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn fastest(time: Duration, mut run: impl FnMut() -> bool) -> (Duration, u64) {
    let start = Instant::now();
    let (mut best, mut runs) = (Duration::MAX, 0);
    loop {
        let begin = Instant::now();
        assert!(run(), "the same transaction on the same state gave another result");
        best = best.min(begin.elapsed());
        runs += 1;
        if start.elapsed() >= time {
            return (best, runs);
        }
    }
}
