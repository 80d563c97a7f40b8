//! Whatever decodes, encodes to the same bytes; nothing panics.
#![no_main]

use cybermiles_consensus::{Decode, Encode, Evidence, LogEntry, Message, ProposerRotation, ValidatorSet, VoteLock};
use libfuzzer_sys::fuzz_target;

fn check<T: Decode + Encode>(bytes: &[u8]) {
    if let Ok(value) = T::from_bytes(bytes) {
        assert_eq!(value.to_bytes(), bytes, "one value has one encoding");
    }
}

fuzz_target!(|bytes: &[u8]| {
    check::<Message>(bytes);
    check::<LogEntry>(bytes);
    check::<Evidence>(bytes);
    check::<ValidatorSet>(bytes);
    check::<ProposerRotation>(bytes);
    if let Some(lock) = VoteLock::from_record(bytes) {
        assert!(bytes.starts_with(&lock.to_record()));
    }
});
