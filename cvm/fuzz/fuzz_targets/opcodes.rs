//! Random programs over the chain-specific opcodes and system contracts.
#![no_main]

#[path = "../opcodes.rs"]
mod opcodes;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| opcodes::run(data));
