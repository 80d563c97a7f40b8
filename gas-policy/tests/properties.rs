//! The laws of the policy, over random sequences of transactions.
//!
//! Total, deterministic, monotone in balances and in usage, never both free and charged, conserving coins, bounded per
//! block: `fuzz/sequence.rs` asserts all of them after every step.

#[path = "../fuzz/sequence.rs"]
mod sequence;

use proptest::{collection::vec, prelude::*};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_sequences_break_no_law(bytes in vec(any::<u8>(), 0..8192)) {
        sequence::run(&bytes);
    }
}
