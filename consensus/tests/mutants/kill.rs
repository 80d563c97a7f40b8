//! Runs schedules against one mutant until something goes wrong. Built in a changed copy of the crate only.

use std::{
    env, panic,
    process::exit,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use cybermiles_consensus::{
    mutant,
    sim::{Opaque, Schedule, SimOptions, Violation, run},
};

/// Where a whole number of thirds can be reached exactly, and where it cannot; with and without Byzantine validators.
fn kinds() -> Vec<SimOptions> {
    let kind = |validators, byzantine| SimOptions { byzantine, ..SimOptions::new(validators) };
    vec![kind(4, 1), kind(4, 0), kind(4, 1), kind(7, 2), kind(3, 0), kind(6, 1), kind(7, 0)]
}

/// Returns how many schedules it took, and what was seen.
fn kill(limit: u64) -> Option<(u64, String)> {
    let kinds = kinds();
    for seed in 0..limit {
        let schedule = Schedule::generate(&kinds[seed as usize % kinds.len()], seed);
        let outcome = panic::catch_unwind(|| run(&schedule, &mut Opaque));
        let seen = match outcome {
            Ok(Ok(report)) => report.violation.map(|violation| match violation {
                Violation::Fork { .. } => "fork".to_string(),
                Violation::Broken { rule, .. } => rule.to_string(),
                Violation::ForgedCertificate { .. } => "a forged certificate is accepted".to_string(),
                Violation::ForgedStatement { .. } => "a forged statement is accepted".to_string(),
                Violation::Halted { .. } => "halts".to_string(),
                Violation::NoProgress { .. } => "no progress".to_string(),
            }),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("panics".to_string()),
        };
        if let Some(seen) = seen {
            return Some((seed + 1, seen));
        }
    }
    None
}

fn main() {
    let mut numbers = env::args().skip(1).filter_map(|number| number.parse::<u64>().ok());
    let (Some(active), Some(limit)) = (numbers.next(), numbers.next()) else { exit(2) };
    mutant::switch(active as usize);
    panic::set_hook(Box::new(|_| {}));
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(kill(limit)));
    match receiver.recv_timeout(Duration::from_secs(60)) {
        Ok(Some((schedules, seen))) => println!("{schedules} {seen}"),
        Ok(None) => println!("0 survives"),
        Err(RecvTimeoutError::Timeout) => println!("{limit} never ends"),
        Err(RecvTimeoutError::Disconnected) => exit(3),
    }
    exit(0);
}
