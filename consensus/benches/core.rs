//! `cargo bench -p cybermiles-consensus`: what a height, a vote, a certificate and a simulated schedule cost.
#![expect(clippy::print_stdout, reason = "the results")]
#![expect(clippy::disallowed_methods, reason = "measuring takes a clock")]
#![expect(clippy::float_arithmetic, reason = "results are printed with decimals")]

use std::{hint::black_box, sync::Arc, time::Instant};

use cybermiles_consensus::{
    ChainId, Driver, DriverConfig, Encode as _, Height, Input, Proposal, ProposerRotation, Round,
    Secp256k1, Secp256k1Key, Signable as _, Signature, Signed, SignedStatement, Signer as _,
    Timeouts, Validator, ValidatorBits, ValidatorIndex, ValidatorSet, ValueId, Verdict, Verified,
    Vote, VoteGroup, VoteKind, VotingPower,
    sim::{Opaque, Schedule, SimOptions, run},
};

fn keys(count: usize) -> Vec<Secp256k1Key> {
    let key = |at: usize| {
        let mut secret = [1; 32];
        secret[30..].copy_from_slice(&(at as u16 + 1).to_be_bytes());
        Secp256k1Key::from_bytes(&secret).expect("a key")
    };
    (0..count).map(key).collect()
}

fn set(keys: &[Secp256k1Key]) -> ValidatorSet {
    let power = VotingPower::new(10);
    let members = keys.iter().map(|key| Validator { address: key.address(), power }).collect();
    ValidatorSet::new(members).expect("a set")
}

fn unsigned<T>(message: T) -> Signed<T> {
    Signed { message, signature: Signature([0; 65]) }
}

/// Seconds for each of so many repetitions: the best of five runs.
fn best(repetitions: u64, mut work: impl FnMut(u64)) -> f64 {
    let run = |start: u64, work: &mut dyn FnMut(u64)| {
        let started = Instant::now();
        (start..start + repetitions).for_each(work);
        started.elapsed().as_secs_f64() / repetitions as f64
    };
    (0..5).map(|at| run(at * repetitions, &mut work)).fold(f64::INFINITY, f64::min)
}

/// One validator, not the proposer: a proposal, its verdict, all votes, the decision.
fn height(driver: &mut Driver, rotation: &Arc<ProposerRotation>, height: Height) {
    let (round, value) = (Round::ZERO, ValueId([height.as_u64() as u8; 32]));
    let mut outputs = Vec::with_capacity(16);
    let mut feed = |input| driver.handle(input, &mut outputs).expect("in order");
    feed(Input::Start { height, rotation: Arc::clone(rotation) });
    let proposer = rotation.proposer_index();
    let proposal = Proposal { height, round, value, valid_round: None, proposer };
    feed(Input::Proposal(Verified::assume(unsigned(proposal))));
    feed(Input::Validated { height, value, verdict: Verdict::Valid });
    let own = own(rotation);
    for kind in [VoteKind::Prevote, VoteKind::Precommit] {
        let vote =
            |validator| unsigned(Vote { kind, height, round, value: Some(value), validator });
        feed(Input::Signed(SignedStatement::Vote(vote(own))));
        for at in 0..rotation.set().count() as u16 {
            if at != own.0 {
                feed(Input::Vote(Verified::assume(vote(ValidatorIndex(at)))));
            }
        }
    }
    assert!(driver.decision().is_some());
    black_box(&outputs);
}

fn own(rotation: &ProposerRotation) -> ValidatorIndex {
    ValidatorIndex(u16::from(rotation.proposer_index().0 == 0))
}

fn drivers() {
    for (count, repetitions) in [(4, 20_000), (24, 5_000), (100, 1_000)] {
        let rotation = Arc::new(ProposerRotation::new(set(&keys(count))));
        let address = rotation.set().members()[own(&rotation).as_usize()].address;
        let config = DriverConfig { address: Some(address), timeouts: Timeouts::default() };
        let mut driver = Driver::new(config, Arc::clone(&rotation));
        let seconds = best(repetitions, |at| height(&mut driver, &rotation, Height::new(at + 1)));
        println!(
            "driver::height/validators={count}: {:.2} us, {:.1} M votes/s",
            seconds * 1e6,
            2e-6 * count as f64 / seconds
        );
    }
}

fn schedules() {
    for (count, repetitions) in [(4, 5_000), (7, 1_000), (24, 60), (100, 4)] {
        let options = SimOptions { heights: 1, ..SimOptions::new(count) };
        let seconds = best(repetitions, |seed| {
            let schedule = Schedule::generate(&options, seed);
            let report = run(&schedule, &mut Opaque).expect("a set");
            assert_eq!(report.violation, None);
        });
        println!("sim::schedule/validators={count}: {:.0} per second", 1.0 / seconds);
    }
}

fn certificates() {
    let chain = ChainId::new("bench").expect("a name");
    for (count, signers) in [(4, 3), (24, 17), (100, 67)] {
        let mut keys = keys(count);
        keys.sort_unstable_by_key(Secp256k1Key::address);
        let set = set(&keys);
        let (kind, height, round) = (VoteKind::Precommit, Height::new(1), Round::ZERO);
        let value = Some(ValueId([7; 32]));
        let sign = |at: usize| {
            let validator = ValidatorIndex(at as u16);
            let vote = Vote { kind, height, round, value, validator };
            keys[at].sign(&vote.digest(&chain)).expect("a signature")
        };
        let signatures = (0..signers).map(sign).collect();
        let signers_bits = ValidatorBits::first(signers);
        let group = VoteGroup { kind, height, round, value, signers: signers_bits, signatures };
        let seconds = best(20, |_| {
            black_box(group.clone().verify(&chain, &set, &Secp256k1).expect("a commit"));
        });
        println!(
            "certificate::verify/signers={signers} of {count}: {:.0} us, {} bytes",
            seconds * 1e6,
            group.to_bytes().len()
        );
    }
}

fn main() {
    drivers();
    schedules();
    certificates();
}
