//! Keccak-f\[1600\]: one definition of the rounds, instantiated for one word and for vectors of words.

use super::RATE;

/// The constants of the iota step.
pub(super) const ROUND_CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// Runs the 24 rounds on `$state`, an array of 25 words, word `x + 5 * y` for column x and row y.
///
/// `$xor3(a, b, c)` is `a ^ b ^ c`; `$chi(a, b, c)` is `a ^ (!b & c)`; `$rotate::<N, M>(a)` rotates left by N, where
/// M is 64 - N; `$iota(a, constant)` is `a ^ constant`.
macro_rules! keccak_rounds {
    ($state:ident, $xor3:ident, $chi:ident, $rotate:ident, $iota:ident) => {
        for constant in $crate::keccak::permutation::ROUND_CONSTANTS {
            let column = |x: usize| {
                let upper = $xor3($state[x], $state[x + 5], $state[x + 10]);
                $xor3(upper, $state[x + 15], $state[x + 20])
            };
            let (c0, c1, c2, c3, c4) = (column(0), column(1), column(2), column(3), column(4));
            let (n0, n1, n2) = ($rotate::<1, 63>(c0), $rotate::<1, 63>(c1), $rotate::<1, 63>(c2));
            let (n3, n4) = ($rotate::<1, 63>(c3), $rotate::<1, 63>(c4));
            // Theta: each word takes up its left column and its rotated right column.
            let t0 = |y: usize| $xor3($state[y], c4, n1);
            let t1 = |y: usize| $xor3($state[y + 1], c0, n2);
            let t2 = |y: usize| $xor3($state[y + 2], c1, n3);
            let t3 = |y: usize| $xor3($state[y + 3], c2, n4);
            let t4 = |y: usize| $xor3($state[y + 4], c3, n0);
            // Rho and pi: rotate each word and move it to its new place; named by row and column.
            let (b00, b01, b02) = (t0(0), $rotate::<44, 20>(t1(5)), $rotate::<43, 21>(t2(10)));
            let (b03, b04) = ($rotate::<21, 43>(t3(15)), $rotate::<14, 50>(t4(20)));
            let (b10, b11, b12) =
                ($rotate::<28, 36>(t3(0)), $rotate::<20, 44>(t4(5)), $rotate::<3, 61>(t0(10)));
            let (b13, b14) = ($rotate::<45, 19>(t1(15)), $rotate::<61, 3>(t2(20)));
            let (b20, b21, b22) =
                ($rotate::<1, 63>(t1(0)), $rotate::<6, 58>(t2(5)), $rotate::<25, 39>(t3(10)));
            let (b23, b24) = ($rotate::<8, 56>(t4(15)), $rotate::<18, 46>(t0(20)));
            let (b30, b31, b32) =
                ($rotate::<27, 37>(t4(0)), $rotate::<36, 28>(t0(5)), $rotate::<10, 54>(t1(10)));
            let (b33, b34) = ($rotate::<15, 49>(t2(15)), $rotate::<56, 8>(t3(20)));
            let (b40, b41, b42) =
                ($rotate::<62, 2>(t2(0)), $rotate::<55, 9>(t3(5)), $rotate::<39, 25>(t4(10)));
            let (b43, b44) = ($rotate::<41, 23>(t0(15)), $rotate::<2, 62>(t1(20)));
            let mut chi_row = |y: usize, a, b, c, d, e| {
                $state[y] = $chi(a, b, c);
                $state[y + 1] = $chi(b, c, d);
                $state[y + 2] = $chi(c, d, e);
                $state[y + 3] = $chi(d, e, a);
                $state[y + 4] = $chi(e, a, b);
            };
            chi_row(0, b00, b01, b02, b03, b04);
            chi_row(5, b10, b11, b12, b13, b14);
            chi_row(10, b20, b21, b22, b23, b24);
            chi_row(15, b30, b31, b32, b33, b34);
            chi_row(20, b40, b41, b42, b43, b44);
            $state[0] = $iota($state[0], constant);
        }
    };
}
pub(super) use keccak_rounds;

#[inline(always)]
const fn xor3(a: u64, b: u64, c: u64) -> u64 {
    a ^ b ^ c
}

#[inline(always)]
const fn chi(a: u64, b: u64, c: u64) -> u64 {
    a ^ (!b & c)
}

#[inline(always)]
const fn rotate<const LEFT: u32, const RIGHT: u32>(a: u64) -> u64 {
    a << LEFT | a >> RIGHT
}

#[inline(always)]
const fn iota(a: u64, constant: u64) -> u64 {
    a ^ constant
}

/// Mixes one block of [`RATE`] bytes into the state and permutes it.
pub(super) fn absorb(state: &mut [u64; 25], block: &[u8]) {
    debug_assert_eq!(block.len(), RATE);
    let (words, _) = block.as_chunks::<8>();
    for (lane, word) in state.iter_mut().zip(words) {
        *lane ^= u64::from_le_bytes(*word);
    }
    keccak_rounds!(state, xor3, chi, rotate, iota);
}

/// The 256-bit digest in a state.
pub(super) fn squeeze(state: &[u64; 25]) -> [u8; 32] {
    let mut digest = [0; 32];
    for (bytes, lane) in digest.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        *bytes = lane.to_le_bytes();
    }
    digest
}
