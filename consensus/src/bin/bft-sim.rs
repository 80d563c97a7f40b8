//! Runs seeded schedules of faulty validators and reports what goes wrong.
//!
//! The last line is `K schedules, V violations, M decided heights`; the exit code is 1 if there was a violation.
#![expect(clippy::print_stdout, reason = "the output of the program")]

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Parser;
use cybermiles_consensus::sim::{Latencies, Opaque, Report, Schedule, SimOptions, run, shrink};

/// Run seeded schedules of faulty validators on a simulated network.
#[derive(Parser, Debug)]
#[command(version)]
struct Arguments {
    /// How many validators.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    nodes: u16,
    /// How many of them are Byzantine. With one third or more, expect forks.
    #[arg(long, default_value_t = 1)]
    byzantine: usize,
    /// How many schedules to run.
    #[arg(long, default_value_t = 10_000)]
    schedules: u64,
    /// The seed of the first schedule; the others follow.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many heights each schedule is to decide.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=1000))]
    heights: u64,
    /// Let nodes crash and come back.
    #[arg(long)]
    crashes: bool,
    /// Cut links for a while.
    #[arg(long)]
    partitions: bool,
    /// Run the schedule of this seed only, and show it in full.
    #[arg(long)]
    replay: Option<u64>,
    /// Run a billion schedules.
    #[arg(long)]
    long: bool,
    /// A table of latencies: a header, then per region its name and milliseconds to each region.
    #[arg(long)]
    latencies: Option<PathBuf>,
}

/// What a series of schedules adds up to.
#[derive(Debug, Default)]
struct Totals {
    schedules: u64,
    violations: u64,
    decided_heights: u64,
}

/// How many failures are shown; the others are only counted.
const SHOWN_MAX: u64 = 10;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = options(&arguments).and_then(|options| simulate(&arguments, &options));
    match outcome {
        Ok(totals) => {
            let Totals { schedules, violations, decided_heights } = totals;
            println!(
                "{schedules} schedules, {violations} violations, {decided_heights} decided heights"
            );
            if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn options(arguments: &Arguments) -> Result<SimOptions, Box<dyn std::error::Error>> {
    let latencies = match &arguments.latencies {
        Some(path) => Latencies::from_csv(&fs::read_to_string(path)?)?,
        None => Latencies::synthetic(),
    };
    Ok(SimOptions {
        validators: usize::from(arguments.nodes),
        byzantine: arguments.byzantine,
        heights: arguments.heights,
        crashes: arguments.crashes,
        partitions: arguments.partitions,
        latencies,
    })
}

fn simulate(
    arguments: &Arguments,
    options: &SimOptions,
) -> Result<Totals, Box<dyn std::error::Error>> {
    let mut totals = Totals::default();
    if let Some(seed) = arguments.replay {
        let schedule = Schedule::generate(options, seed);
        println!("{schedule:#?}");
        let report = run(&schedule, &mut Opaque)?;
        println!("{report:#?}");
        totals.add(&report, &schedule);
        return Ok(totals);
    }
    let count = if arguments.long { 1_000_000_000 } else { arguments.schedules };
    for at in 0..count {
        let schedule = Schedule::generate(options, arguments.seed.wrapping_add(at));
        let report = run(&schedule, &mut Opaque)?;
        totals.add(&report, &schedule);
        if totals.schedules.is_multiple_of(1_000_000) {
            println!("{} schedules so far, {} violations", totals.schedules, totals.violations);
        }
    }
    Ok(totals)
}

impl Totals {
    fn add(&mut self, report: &Report, schedule: &Schedule) {
        self.schedules += 1;
        self.decided_heights += report.decided_heights;
        let Some(violation) = report.violation else { return };
        self.violations += 1;
        if self.violations > SHOWN_MAX {
            return;
        }
        println!("seed {}: {violation}", schedule.seed);
        if let Some(shrunk) = shrink(schedule, &mut Opaque) {
            println!("  shrunk after {} runs, still: {:?}", shrunk.tried, shrunk.report.violation);
            println!("  {:?}", shrunk.schedule);
        }
    }
}
