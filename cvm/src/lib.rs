//! Execute EVM bytecode and transactions, exactly and fast, with extra instructions by table.

#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod keccak;
pub mod precompiles;
mod revision;
mod word;

pub use keccak::{EMPTY_KECCAK, KeccakMemo, keccak256};
pub use revision::{Revision, UnknownRevision};
pub use word::{ParseWordError, Word};
