//! A hundred thousand schedules of faulty validators, and proof that the checker sees what it looks for.

mod fixture_archive;

use cybermiles_consensus::{
    HaltReason, Height, Round, ValidatorBits, ValueId, Verdict,
    sim::{
        Application, Behaviour, Fault, Latencies, Opaque, Report, Schedule, SimOptions, Violation,
        run, shrink,
    },
};

fn play(schedule: &Schedule) -> Report {
    run(schedule, &mut Opaque).expect("generated powers make a set")
}

/// Runs so many schedules; prints the seed and a simpler schedule when one fails.
fn assert_safe_and_live(options: &SimOptions, schedules: u64) {
    for seed in 0..schedules {
        let schedule = Schedule::generate(options, seed);
        let report = play(&schedule);
        let simpler = report.violation.and_then(|_| shrink(&schedule, &mut Opaque));
        assert_eq!(report.violation, None, "seed {seed}, simpler: {simpler:#?}");
        assert_eq!(report.decided_heights, options.heights, "seed {seed}");
    }
}

#[test]
fn holds_in_94_000_schedules_of_4_validators() {
    assert_safe_and_live(&SimOptions::new(4), 94_000);
}

#[test]
fn holds_in_5_000_schedules_of_7_validators() {
    assert_safe_and_live(&SimOptions::new(7), 5_000);
}

#[test]
fn holds_in_900_schedules_of_24_validators() {
    assert_safe_and_live(&SimOptions::new(24), 900);
}

#[test]
fn holds_in_100_schedules_of_100_validators() {
    assert_safe_and_live(&SimOptions { heights: 1, ..SimOptions::new(100) }, 100);
}

#[test]
fn holds_against_each_behaviour_alone() {
    for behaviour in Behaviour::ALL {
        for seed in 0..300 {
            let mut schedule = Schedule::generate(&SimOptions::new(4), seed);
            schedule.byzantine = vec![((seed % 4) as u16, behaviour)];
            schedule.powers = vec![1; 4];
            let report = play(&schedule);
            assert_eq!(report.violation, None, "{behaviour:?}, seed {seed}");
        }
    }
}

#[test]
fn holds_on_measured_latencies() {
    let Some(vectors) = fixture_archive::consensus_vectors() else { return };
    let table = std::fs::read_to_string(vectors.join("cometbft/aws-latencies.csv"));
    let latencies = Latencies::from_csv(&table.expect("the vectors are whole")).expect("a table");
    assert_eq!(latencies.regions(), 13);
    assert_safe_and_live(&SimOptions { latencies, ..SimOptions::new(24) }, 100);
}

/// One third Byzantine or more: forks happen, the checker finds them, and the guilty are named.
#[test]
fn with_a_third_byzantine_the_checker_finds_forks() {
    for (validators, byzantine) in [(4, 2), (7, 3), (3, 1), (6, 2)] {
        let options = SimOptions { byzantine, ..SimOptions::new(validators) };
        let mut forks = 0;
        for seed in 0..30_000 {
            if forks == 2 {
                break;
            }
            match play(&Schedule::generate(&options, seed)).violation {
                Some(Violation::Fork { is_accountable, .. }) => {
                    assert!(is_accountable, "{byzantine} of {validators}, seed {seed}");
                    forks += 1;
                }
                None | Some(Violation::Halted { .. }) => {}
                other => unreachable!("{byzantine} of {validators}, seed {seed}: {other:?}"),
            }
        }
        assert!(forks == 2, "{byzantine} of {validators}: {forks} forks");
    }
}

#[test]
fn a_fork_shrinks_to_the_twins_that_cause_it() {
    let options = SimOptions { byzantine: 2, ..SimOptions::new(4) };
    let is_fork =
        |schedule: &Schedule| matches!(play(schedule).violation, Some(Violation::Fork { .. }));
    let schedule = (0..)
        .map(|seed| Schedule::generate(&options, seed))
        .find(|schedule| {
            is_fork(schedule)
                && !schedule.faults.is_empty()
                && schedule.byzantine.iter().all(|(_, how)| *how == Behaviour::Twin)
        })
        .expect("a fork");
    let shrunk = shrink(&schedule, &mut Opaque).expect("it fails");
    assert!(shrunk.schedule.faults.len() < schedule.faults.len());
    assert_eq!(shrunk.schedule.byzantine, schedule.byzantine);
    assert_eq!(shrunk.report, play(&shrunk.schedule));
    assert!(is_fork(&shrunk.schedule));
    let again = shrink(&shrunk.schedule, &mut Opaque).expect("it fails");
    assert_eq!(again.schedule, shrunk.schedule, "there is nothing left to take away");
    assert_eq!(shrink(&Schedule::calm(4, 1), &mut Opaque), None, "nothing fails here");
}

#[test]
fn a_seed_replays_exactly() {
    for seed in 0..200 {
        let schedule = Schedule::generate(&SimOptions::new(7), seed);
        let first = play(&schedule);
        assert_eq!(play(&Schedule::generate(&SimOptions::new(7), seed)), first);
        assert_ne!(play(&Schedule { seed: seed + 1, ..schedule }).trace, first.trace);
    }
}

/// The incident: 24 validators, 16 are not enough, the 17th makes them go on where they stopped.
#[test]
fn of_24_validators_16_stop_and_the_17th_starts_them_again() {
    let mut schedule = Schedule::calm(24, 2);
    schedule.faults = (0..8).map(|node| Fault::Down { node }).collect();
    let report = play(&schedule);
    assert_eq!((report.violation, report.decided_heights), (None, 0));

    let down_us = 17 * 3_600 * 1_000_000;
    schedule.faults[7] = Fault::Crash { at_us: 0, node: 7, outputs: 0, down_us, torn_bytes: 0 };
    let report = play(&schedule);
    assert_eq!((report.violation, report.decided_heights), (None, 2));
    assert!(report.ended_us > down_us, "not before the 17th is back");
    assert!(report.ended_us < down_us + 30_000_000, "but soon after");
}

/// Finds every value invalid at one node.
#[derive(Default)]
struct Dissenter(Vec<ValueId>);

impl Application for Dissenter {
    fn reset(&mut self, _nodes: usize) {
        self.0.clear();
    }

    fn build(&mut self, node: usize, height: Height, round: Round) -> ValueId {
        Opaque.build(node, height, round)
    }

    fn validate(&mut self, node: usize, _height: Height, _value: ValueId) -> Verdict {
        if node == 2 { Verdict::Invalid } else { Verdict::Valid }
    }

    fn decided(&mut self, _node: usize, _height: Height, value: ValueId) {
        self.0.push(value);
    }

    fn crashed(&mut self, _node: usize) {}
}

#[test]
fn an_application_that_does_not_agree_with_itself_is_found_out() {
    let mut application = Dissenter::default();
    let report = run(&Schedule::calm(4, 1), &mut application).expect("a set");
    let Some(Violation::Halted { validator, reason }) = report.violation else {
        unreachable!("{report:?}");
    };
    assert_eq!(validator.0, 2);
    let HaltReason::CommittedInvalid { value, .. } = reason else { unreachable!("{reason}") };
    assert!(application.0.contains(&value));
}

#[test]
fn cut_sides_decide_after_healing_and_not_before() {
    let mut schedule = Schedule { heal_us: 30_000_000, ..Schedule::calm(4, 1) };
    let side = ValidatorBits::first(2);
    let other = ValidatorBits::first(4).difference(&side);
    for (senders, receivers) in [(side, other), (other, side)] {
        schedule.faults.push(Fault::Cut { from_us: 0, until_us: u64::MAX, senders, receivers });
    }
    let report = play(&schedule);
    assert_eq!((report.violation, report.decided_heights), (None, 1));
    assert!(report.ended_us > 30_000_000, "nothing is decided before");
    assert!(report.ended_us < 40_000_000, "but soon after");
}
