//! Hashes bytes with Keccak-256, the hash of every Ethereum structure.

use primitive_types::H256;
use sha3::{Digest, Keccak256};

/// Returns the Keccak-256 hash of `bytes`.
pub(crate) fn keccak256(bytes: &[u8]) -> H256 {
    H256(Keccak256::digest(bytes).into())
}
