//! Replays the seeds of the fuzz target, so that what it found once stays found.

#[path = "../fuzz/sequence.rs"]
mod sequence;

use std::fs;

#[test]
fn seeds_of_the_fuzz_target_break_no_law() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/decide_settle");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        sequence::run(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 8, "only {count} seeds in {folder}");
}
