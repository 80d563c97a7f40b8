//! A log of any bytes is read back, or refused; what is read back is a log again.
#![no_main]

use cybermiles_consensus::replay;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(found) = replay(bytes) {
        let again = replay(&bytes[..found.good_length]).expect("the good part is a log");
        assert_eq!(found, again);
    }
});
