//! The compression function of `BLAKE2b` with any number of rounds (EIP-152, RFC 7693 section 3).

use bytes::Bytes;

use super::{PrecompileError, PrecompileOutput, charge};

/// Rounds, state, message, two counters, final flag.
const INPUT_LENGTH: usize = 4 + 64 + 128 + 16 + 1;

const INITIAL_VECTOR: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// The order in which each of ten rounds takes the words of the message.
const SCHEDULE: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// Compresses; one gas a round.
pub(super) fn run(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError> {
    let Ok(input) = <&[u8; INPUT_LENGTH]>::try_from(input) else {
        return Err(PrecompileError::InputLength { found: input.len() });
    };
    let [r0, r1, r2, r3, words @ .., flag] = input;
    let rounds = u32::from_be_bytes([*r0, *r1, *r2, *r3]);
    let gas_used = charge(u64::from(rounds), gas_limit)?;
    if *flag > 1 {
        return Err(PrecompileError::FinalFlag { found: *flag });
    }
    let mut numbers = [0; 26];
    for (number, bytes) in numbers.iter_mut().zip(words.as_chunks::<8>().0) {
        *number = u64::from_le_bytes(*bytes);
    }
    let mut state = [0; 8];
    let mut message = [0; 16];
    state.copy_from_slice(&numbers[..8]);
    message.copy_from_slice(&numbers[8..24]);
    compress(rounds, &mut state, &message, [numbers[24], numbers[25]], *flag == 1);

    let mut output = [0; 64];
    for (bytes, number) in output.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        *bytes = number.to_le_bytes();
    }
    Ok(PrecompileOutput::new(gas_used, Bytes::copy_from_slice(&output)))
}

fn compress(
    rounds: u32,
    state: &mut [u64; 8],
    message: &[u64; 16],
    counters: [u64; 2],
    is_final: bool,
) {
    let mut v = [0; 16];
    v[..8].copy_from_slice(state);
    v[8..].copy_from_slice(&INITIAL_VECTOR);
    v[12] ^= counters[0];
    v[13] ^= counters[1];
    if is_final {
        v[14] = !v[14];
    }
    for _ in 0..rounds / 10 {
        for order in &SCHEDULE {
            round(&mut v, message, order);
        }
    }
    for order in &SCHEDULE[..(rounds % 10) as usize] {
        round(&mut v, message, order);
    }
    for (index, word) in state.iter_mut().enumerate() {
        *word ^= v[index] ^ v[index + 8];
    }
}

#[inline(always)]
fn round(v: &mut [u64; 16], m: &[u64; 16], order: &[usize; 16]) {
    mix(v, [0, 4, 8, 12], m[order[0]], m[order[1]]);
    mix(v, [1, 5, 9, 13], m[order[2]], m[order[3]]);
    mix(v, [2, 6, 10, 14], m[order[4]], m[order[5]]);
    mix(v, [3, 7, 11, 15], m[order[6]], m[order[7]]);
    mix(v, [0, 5, 10, 15], m[order[8]], m[order[9]]);
    mix(v, [1, 6, 11, 12], m[order[10]], m[order[11]]);
    mix(v, [2, 7, 8, 13], m[order[12]], m[order[13]]);
    mix(v, [3, 4, 9, 14], m[order[14]], m[order[15]]);
}

#[inline(always)]
fn mix(v: &mut [u64; 16], [a, b, c, d]: [usize; 4], x: u64, y: u64) {
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(x);
    v[d] = (v[d] ^ v[a]).rotate_right(32);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(24);
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(y);
    v[d] = (v[d] ^ v[a]).rotate_right(16);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(63);
}
