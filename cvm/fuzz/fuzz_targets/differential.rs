//! Programs do the same here and in revm.

#![no_main]

#[path = "../../tests/peer/mod.rs"]
mod peer;
#[path = "../../tests/programs/mod.rs"]
mod programs;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [choice, gas, program @ ..] = bytes else { return };
    let (revision, spec) = peer::REVISIONS[usize::from(*choice) % peer::REVISIONS.len()];
    peer::compare(revision, spec, program, 60_000 + u64::from(*gas) * 2000).expect("both machines agree");
});
