//! Measures one decision, and compares it with one keccak of 64 bytes.
//!
//! `cargo bench -p cybermiles-gas-policy`
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::float_arithmetic, reason = "a benchmark divides durations")]

use std::{hint::black_box, time::Instant};

use cybermiles_gas_policy::{
    Access, Calldata, Callee, Code, ConsentSeen, Decision, Execution, Offer, Outcome, Request,
    Rules, Slot, SlotTarget, Sponsorship, Stage, StrictRules, Target, TravisRules, Unconsented,
    Usage, UsageDelta, decide, explain, settle,
};
use primitive_types::{H160, U256};
use sha3::{Digest, Keccak256};

// Short rounds: the fastest one is the one that nothing else disturbed.
const ROUNDS: u32 = 1000;
const CALLS_PER_ROUND: u32 = 4000;

/// Returns the fastest of several rounds, in nanoseconds per call.
fn measure(mut call: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        for _ in 0..CALLS_PER_ROUND {
            call();
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS_PER_ROUND)
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

/// Counters as full as decisions ever see them under the default limits.
fn busy_usage() -> Usage {
    let mut usage = Usage::new(1);
    // As many senders with wasted gas as a window can hold, but for the block at hand.
    for id in 0..11_488_u64 {
        let sender = H160::from_low_u64_be(id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        usage.apply(&UsageDelta {
            unconsented: Some(Unconsented { sender, gas: 1 }),
            ..UsageDelta::default()
        });
    }
    usage.begin_block(&Rules::default(), 2);
    for id in 0..99 {
        let slot =
            Slot { sender: H160::repeat_byte(id), target: SlotTarget::Call(H160::repeat_byte(9)) };
        usage.apply(&UsageDelta { slot: Some(slot), ..UsageDelta::default() });
    }
    usage
}

fn request(price: u64, gas_limit: u64) -> Request {
    let plenty = U256::from(u128::MAX);
    let sponsorship =
        Some(Sponsorship { deposit: plenty, gas_max: u64::MAX, access: Access::Listed });
    let callee =
        Callee { address: H160::repeat_byte(9), balance: plenty, code: Code::Present, sponsorship };
    Request {
        stage: Stage::Delivery,
        sender: H160::repeat_byte(200),
        sender_balance: plenty,
        target: Target::Call(callee),
        offer: Offer::legacy(U256::from(price)),
        base_fee: U256::zero(),
        gas_limit,
        intrinsic_gas: 21_000,
        value: U256::one(),
        calldata: Calldata::Present,
    }
}

fn main() {
    let bytes = [7_u8; 64];
    let keccak = measure(|| {
        black_box(Keccak256::digest(black_box(&bytes)));
    });
    println!("keccak::digest/bytes=64                                     {keccak:7.1} ns");
    let usage = busy_usage();
    let kinds =
        [("normal", 2_000_000_000, 500_000), ("free", 0, 500_000), ("contract", 0, 500_001)];
    for rules in
        [Rules::TravisHotfix(TravisRules::default()), Rules::Strict(StrictRules::default())]
    {
        for (kind, price, gas_limit) in kinds {
            let request = request(price, gas_limit);
            let rule = decide(&rules, &usage, &request).rule();
            let time = measure(|| {
                black_box(decide(black_box(&rules), black_box(&usage), black_box(&request)));
            });
            let name = format!("policy::decide/rules={}/kind={kind}/rule={rule}", rules.name());
            println!("{name:<59} {time:7.1} ns = {:.2} keccak", time / keccak);
        }
    }
    let (rules, request) = (Rules::default(), request(0, 500_001));
    let time = measure(|| {
        black_box(explain(black_box(&rules), black_box(&usage), black_box(&request)));
    });
    println!(
        "{:<59} {time:7.1} ns = {:.2} keccak",
        "explanation::explain/rules=strict/kind=contract",
        time / keccak
    );
    let Decision::Accepted(grant) = decide(&rules, &usage, &request) else { return };
    let (outcome, consent) = (Outcome::Succeeded, ConsentSeen::OwnFrame);
    let execution = Execution { gas_used: 100_000, gas_refunded: 0, outcome, consent };
    let time = measure(|| {
        black_box(settle(black_box(&request), black_box(&grant), black_box(&execution)));
    });
    println!(
        "{:<59} {time:7.1} ns = {:.2} keccak",
        "settlement::settle/rules=strict/kind=contract",
        time / keccak
    );
}
