//! Order opaque values among validators, some of them faulty.
