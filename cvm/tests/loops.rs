//! The two loops agree on everything: outcome with its cause, gas, logs and every change of state.

mod programs;

use cybermiles_cvm::{Executed, FeeTerms, Revision, Rules, Translate, Vm};
use proptest::prelude::*;

fn run(revision: Revision, translate: Translate, bytes: &[u8], gas_limit: u64) -> Executed {
    let mut block = programs::block();
    if revision < Revision::London {
        block.base_fee = 0.into();
    }
    let mut vm = Vm::new(Rules::ethereum(revision)).with_translation(translate);
    let state = programs::state(bytes);
    let executed =
        vm.execute(&block, &programs::transaction(gas_limit), &FeeTerms::default(), &state);
    executed.expect("the transaction is valid")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Little gas as well as much, so that programs also run out of it everywhere.
    #[test]
    fn exact_and_fast_loops_agree(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        revision in 0..Revision::ALL.len(),
        gas in 30_000..200_000u64,
    ) {
        let revision = Revision::ALL[revision];
        let exact = run(revision, Translate::Never, &bytes, gas);
        let fast = run(revision, Translate::Always, &bytes, gas);
        prop_assert_eq!(exact, fast);
    }
}

/// If most programs stopped at once, agreement would mean little.
#[test]
fn the_random_programs_do_something() {
    let mut outcomes = [0; 3];
    let mut changed = 0;
    for seed in 0..200u64 {
        let mut random = seed;
        let mut next = || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (random >> 56) as u8
        };
        let bytes: Vec<u8> = (0..300).map(|_| next()).collect();
        let executed = run(Revision::Osaka, Translate::WhenHot, &bytes, 200_000);
        outcomes[match executed.outcome {
            cybermiles_cvm::Outcome::Halt(_) => 0,
            cybermiles_cvm::Outcome::Revert { .. } => 1,
            _ => 2,
        }] += 1;
        changed += usize::from(executed.diff.accounts.len() > 2 || !executed.logs.is_empty());
    }
    assert!(outcomes[2] > 10, "{outcomes:?}");
    assert!(changed > 5, "{changed}");
}

/// The seeds that the fuzz target starts from.
#[test]
fn the_loops_agree_on_the_fuzz_seeds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/interpreter");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the seeds are committed").flatten() {
        let bytes = std::fs::read(entry.path()).expect("a seed can be read");
        for revision in Revision::ALL {
            let exact = run(revision, Translate::Never, &bytes, 300_000);
            assert_eq!(
                exact,
                run(revision, Translate::Always, &bytes, 300_000),
                "{:?}",
                entry.path()
            );
        }
        count += 1;
    }
    assert!(count >= 4, "{count} seeds");
}
