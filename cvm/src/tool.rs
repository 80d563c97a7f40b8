//! The library side of the `cvm` command-line tool: official test formats and the runners for them.
//!
//! Public so that tests, benchmarks and other programs can run a suite without the command line. Everything here reads
//! files that others wrote: a file that makes no sense is reported, it never panics.

pub mod disassembly;
pub mod fixture;
pub mod state_test;
pub mod suite;
pub mod test_chain;
pub mod transaction_test;
pub mod trie;
pub mod vm_test;
pub mod workload;
