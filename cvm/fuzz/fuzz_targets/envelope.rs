//! Any bytes as a transaction: what decodes encodes to the same bytes, and is judged without a panic.
#![no_main]

use cybermiles_cvm::{Envelope, EnvelopeRules, NetworkEnvelope, Revision};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let canonical = Envelope::decode(bytes);
    let Ok(network) = NetworkEnvelope::decode(bytes) else {
        assert!(canonical.is_err());
        return;
    };
    assert_eq!(network.encode(), bytes);
    if let Ok(envelope) = canonical {
        assert_eq!(envelope.encode(), bytes);
        assert_eq!(network.envelope, envelope);
    }
    for revision in Revision::ALL {
        let rules = EnvelopeRules::ethereum(revision, 1);
        if let Ok(transaction) = network.envelope.validate(&rules) {
            assert!(transaction.validate(&rules).is_ok());
        }
    }
});
