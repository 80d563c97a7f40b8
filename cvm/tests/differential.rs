//! Random programs do the same here and in revm: status, gas, output, logs and every change of state.

mod peer;
mod programs;

use peer::{REVISIONS, compare};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn random_programs_do_the_same_in_revm(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        revision in 0..REVISIONS.len(),
        gas in 60_000..400_000u64,
    ) {
        let (revision, spec) = REVISIONS[revision];
        compare(revision, spec, &bytes, gas)?;
    }
}

/// The seeds that the fuzz target starts from.
#[test]
fn the_fuzz_seeds_do_the_same_in_revm() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/differential");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the seeds are committed").flatten() {
        let bytes = std::fs::read(entry.path()).expect("a seed can be read");
        for (revision, spec) in REVISIONS {
            let done = compare(revision, spec, &bytes, 300_000);
            assert!(done.is_ok(), "{:?} under {revision}: {done:?}", entry.path());
        }
        count += 1;
    }
    assert!(count >= 4, "{count} seeds");
}
