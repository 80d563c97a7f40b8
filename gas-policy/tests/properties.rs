//! The laws of the policy, over random sequences of transactions.
//!
//! Total, deterministic, monotone in balances and in usage, never both free and charged, conserving coins, bounded per
//! block: `fuzz/sequence.rs` asserts all of them after every step.

#[path = "../fuzz/sequence.rs"]
mod sequence;

use std::collections::BTreeSet;

use cybermiles_gas_policy::Rule;
use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_sequences_break_no_law(bytes in vec(any::<u8>(), 0..30_000)) {
        sequence::run(&bytes);
    }
}

/// Laws that hold because nothing happens would be worth nothing.
#[test]
fn random_sequences_reach_every_rule() {
    let mut runner = TestRunner::deterministic();
    let mut fired = BTreeSet::new();
    for _ in 0..400 {
        let bytes = vec(any::<u8>(), 30_000).new_tree(&mut runner).unwrap().current();
        fired.extend(sequence::run(&bytes));
    }
    let missing: Vec<Rule> = Rule::ALL.into_iter().filter(|rule| !fired.contains(rule)).collect();
    assert_eq!(missing, []);
}
