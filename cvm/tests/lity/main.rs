//! What CyberMiles added to Ethereum's machine: the opcodes of the original chain, and the system contracts that give the
//! same abilities to stock Solidity.
#![expect(clippy::panic, reason = "a helper that meets another outcome ends the test")]

mod chain;
mod contracts;
mod miles;
mod travis;
