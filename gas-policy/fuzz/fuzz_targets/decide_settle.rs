//! Looks for a sequence of decisions and settlements that breaks a law.
#![no_main]

#[path = "../sequence.rs"]
mod sequence;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    sequence::run(bytes);
});
