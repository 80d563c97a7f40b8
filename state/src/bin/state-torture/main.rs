//! Kill, unplug and damage a store at random, and see whether everything acknowledged comes back.
//!
//! `state-torture kill|power|damage [--count N] [--seed S]`; the last line is `N ok, N repaired, N failed`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool talks to its user")]
#![expect(clippy::disallowed_methods, reason = "a tool reads its arguments and the clock")]

mod damage;
mod kill;
mod power;
mod workload;

use std::process::ExitCode;

/// How one case went.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// Everything was there at once.
    Ok,
    /// Something was found and put right, with everything there that the rules promise.
    Repaired,
    /// A promise was broken; says which.
    Failed(String),
}

#[derive(Debug, Default)]
struct Tally {
    ok: u64,
    repaired: u64,
    failed: u64,
}

impl Tally {
    fn count(&mut self, case: &str, outcome: &Outcome) {
        match outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Repaired => self.repaired += 1,
            Outcome::Failed(reason) => {
                self.failed += 1;
                println!("FAILED {case}: {reason}");
            }
        }
    }
}

struct Arguments {
    count: u64,
    seed: u64,
}

const USAGE: &str = "usage: state-torture kill|power|damage [--count N] [--seed S]";

fn parse(arguments: &[String]) -> Option<Arguments> {
    let mut parsed = Arguments { count: 100, seed: 1 };
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--count" => parsed.count = value.parse().ok()?,
            [name, value] if name == "--seed" => parsed.seed = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(parsed)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, rest)) = arguments.split_first() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    if command == "commit-forever" {
        return kill::commit_forever(rest);
    }
    let Some(parsed) = parse(rest) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    // sled panics on damaged files; the store catches that, and nobody needs to see it.
    std::panic::set_hook(Box::new(|_| ()));
    let tally = match command.as_str() {
        "kill" => kill::run(parsed.count, parsed.seed),
        "power" => power::run(parsed.count, parsed.seed),
        "damage" => damage::run(parsed.count, parsed.seed),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    println!("{} ok, {} repaired, {} failed", tally.ok, tally.repaired, tally.failed);
    if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
