//! The permutation Keccak-f\[1600\] (FIPS 202, section 3), 24 rounds over 25 lanes.

/// The constants of the step iota, one for each round.
const ROUND_CONSTANTS: [u64; 24] = round_constants();

/// Computes the round constants with the linear feedback register of FIPS 202, algorithm 5.
const fn round_constants() -> [u64; 24] {
    let mut constants = [0; 24];
    let mut register: u8 = 1;
    let mut round = 0;
    while round < 24 {
        let mut power = 0;
        while power < 7 {
            if register & 1 == 1 {
                constants[round] |= 1 << ((1 << power) - 1);
            }
            register = (register << 1) ^ (if register >> 7 == 1 { 0x71 } else { 0 });
            power += 1;
        }
        round += 1;
    }
    constants
}

/// Permutes the state in place.
pub(super) fn permute(state: &mut [u64; 25]) {
    let mut lanes = *state;
    for pair in ROUND_CONSTANTS.as_chunks::<2>().0 {
        lanes = round(&round(&lanes, pair[0]), pair[1]);
    }
    *state = lanes;
}

/// Applies theta, rho, pi, chi and iota, one output row at a time, so that few lanes are alive at once.
#[inline(always)]
fn round(a: &[u64; 25], constant: u64) -> [u64; 25] {
    let [d0, d1, d2, d3, d4] = theta(a);

    let [e0, e1, e2, e3, e4] = chi([
        a[0] ^ d0,
        (a[6] ^ d1).rotate_left(44),
        (a[12] ^ d2).rotate_left(43),
        (a[18] ^ d3).rotate_left(21),
        (a[24] ^ d4).rotate_left(14),
    ]);
    let [e5, e6, e7, e8, e9] = chi([
        (a[3] ^ d3).rotate_left(28),
        (a[9] ^ d4).rotate_left(20),
        (a[10] ^ d0).rotate_left(3),
        (a[16] ^ d1).rotate_left(45),
        (a[22] ^ d2).rotate_left(61),
    ]);
    let [e10, e11, e12, e13, e14] = chi([
        (a[1] ^ d1).rotate_left(1),
        (a[7] ^ d2).rotate_left(6),
        (a[13] ^ d3).rotate_left(25),
        (a[19] ^ d4).rotate_left(8),
        (a[20] ^ d0).rotate_left(18),
    ]);
    let [e15, e16, e17, e18, e19] = chi([
        (a[4] ^ d4).rotate_left(27),
        (a[5] ^ d0).rotate_left(36),
        (a[11] ^ d1).rotate_left(10),
        (a[17] ^ d2).rotate_left(15),
        (a[23] ^ d3).rotate_left(56),
    ]);
    let [e20, e21, e22, e23, e24] = chi([
        (a[2] ^ d2).rotate_left(62),
        (a[8] ^ d3).rotate_left(55),
        (a[14] ^ d4).rotate_left(39),
        (a[15] ^ d0).rotate_left(41),
        (a[21] ^ d1).rotate_left(2),
    ]);
    [
        e0 ^ constant,
        e1,
        e2,
        e3,
        e4,
        e5,
        e6,
        e7,
        e8,
        e9,
        e10,
        e11,
        e12,
        e13,
        e14,
        e15,
        e16,
        e17,
        e18,
        e19,
        e20,
        e21,
        e22,
        e23,
        e24,
    ]
}

/// Returns what theta adds to each lane of a column.
#[inline(always)]
fn theta(a: &[u64; 25]) -> [u64; 5] {
    let c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
    let c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
    let c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
    let c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
    let c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
    [
        c4 ^ c1.rotate_left(1),
        c0 ^ c2.rotate_left(1),
        c1 ^ c3.rotate_left(1),
        c2 ^ c4.rotate_left(1),
        c3 ^ c0.rotate_left(1),
    ]
}

#[inline(always)]
fn chi([b0, b1, b2, b3, b4]: [u64; 5]) -> [u64; 5] {
    [b0 ^ (!b1 & b2), b1 ^ (!b2 & b3), b2 ^ (!b3 & b4), b3 ^ (!b4 & b0), b4 ^ (!b0 & b1)]
}
