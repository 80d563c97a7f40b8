//! Keccak-256, and a memo of the short inputs that contracts hash again and again.

mod memo;
mod permutation;
#[cfg(test)]
mod tests;

use primitive_types::H256;

pub use memo::KeccakMemo;
use permutation::permute;

/// The bytes absorbed by one permutation.
const RATE: usize = 136;

/// The lanes absorbed by one permutation.
const RATE_LANES: usize = RATE / 8;

/// The hash of no bytes, which is also the code hash of an account without code.
pub const EMPTY_KECCAK: H256 = H256([
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70,
]);

/// Hashes bytes with Keccak-256, the function that precedes SHA3-256 and differs in its padding.
///
/// # Examples
///
/// ```
/// use cybermiles_cvm::{EMPTY_KECCAK, keccak256};
///
/// assert_eq!(keccak256(b""), EMPTY_KECCAK);
/// ```
#[must_use]
pub fn keccak256(input: &[u8]) -> H256 {
    let mut state = [0; 25];
    let (blocks, rest) = input.as_chunks::<RATE>();
    for block in blocks {
        absorb(&mut state, block);
        permute(&mut state);
    }
    absorb_last(&mut state, rest);
    permute(&mut state);
    squeeze(&state)
}

#[inline]
fn absorb(state: &mut [u64; 25], block: &[u8; RATE]) {
    let (lanes, _) = block.as_chunks::<8>();
    for (lane, bytes) in state.iter_mut().zip(lanes) {
        *lane ^= u64::from_le_bytes(*bytes);
    }
}

/// Absorbs fewer bytes than a block and the padding: a one bit after them and a one bit at the block's end.
#[inline]
fn absorb_last(state: &mut [u64; 25], rest: &[u8]) {
    let (lanes, tail) = rest.as_chunks::<8>();
    for (lane, bytes) in state.iter_mut().zip(lanes) {
        *lane ^= u64::from_le_bytes(*bytes);
    }
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    last[tail.len()] = 0x01;
    state[lanes.len()] ^= u64::from_le_bytes(last);
    state[RATE_LANES - 1] ^= 1 << 63;
}

#[inline]
fn squeeze(state: &[u64; 25]) -> H256 {
    let mut hash = [0; 32];
    let (chunks, _) = hash.as_chunks_mut::<8>();
    for (bytes, lane) in chunks.iter_mut().zip(state) {
        *bytes = lane.to_le_bytes();
    }
    H256(hash)
}
