//! Division of two limbs by one and of three by two, by multiplication with a reciprocal.
//!
//! Moller and Granlund, "Improved division by invariant integers", algorithms 2 to 6. Every divisor here is normalised:
//! its highest bit is set.

/// floor((2^19 - 3 * 2^8) / d) for the 9-bit leading parts d from 256 to 511.
static FIRST_GUESS: [u16; 256] = first_guess();

const fn first_guess() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        table[index] = (((1 << 19) - 3 * (1 << 8)) / (256 + index)) as u16;
        index += 1;
    }
    table
}

/// Returns floor((2^128 - 1) / d) - 2^64 for a normalised `d`.
#[inline]
pub(super) fn reciprocal_of_one(d: u64) -> u64 {
    debug_assert!(d >> 63 == 1);
    // The processor's own division of two limbs takes half the time where there is one.
    if cfg!(target_arch = "x86_64") {
        (join(!d, u64::MAX) / u128::from(d)) as u64
    } else {
        refined_reciprocal(d)
    }
}

/// Returns the same by Newton's iteration (algorithm 2).
fn refined_reciprocal(d: u64) -> u64 {
    let leading_40 = (d >> 24) + 1;
    let half_up = (d >> 1) + (d & 1);

    let v0 = u64::from(FIRST_GUESS[usize::from((d >> 55) as u8)]);
    let v1 = (v0 << 11) - ((v0 * v0 * leading_40) >> 40) - 1;
    let v2 = (v1 << 13) + ((v1 * ((1 << 60) - v1 * leading_40)) >> 47);
    let odd_part = (v2 >> 1) & (d & 1).wrapping_neg();
    let error = odd_part.wrapping_sub(v2.wrapping_mul(half_up));
    let v3 = (v2 << 31).wrapping_add(high_product(v2, error) >> 1);
    let (low, high) = v3.carrying_mul(d, 0);
    let (_, carry) = low.overflowing_add(d);
    v3.wrapping_sub(high.wrapping_add(d).wrapping_add(u64::from(carry)))
}

/// Returns floor((2^192 - 1) / d) - 2^64 for a normalised `d` (algorithm 6).
#[inline]
pub(super) fn reciprocal_of_two(d: u128) -> u64 {
    let (d1, d0) = ((d >> 64) as u64, d as u64);
    let mut v = reciprocal_of_one(d1);
    let (mut p, overflowed) = d1.wrapping_mul(v).overflowing_add(d0);
    if overflowed {
        v -= 1;
        if p >= d1 {
            v -= 1;
            p = p.wrapping_sub(d1);
        }
        p = p.wrapping_sub(d1);
    }
    let (t0, t1) = v.carrying_mul(d0, 0);
    let (p, overflowed) = p.overflowing_add(t1);
    if overflowed {
        v -= 1;
        if join(p, t0) >= d {
            v -= 1;
        }
    }
    v
}

/// Divides `high * 2^64 + low` by `d`, where `high < d` and `v` is the reciprocal of `d` (algorithm 4).
#[inline(always)]
pub(super) fn divide_two_by_one(high: u64, low: u64, d: u64, v: u64) -> (u64, u64) {
    debug_assert!(high < d);
    let estimate = u128::from(v) * u128::from(high) + join(high, low);
    let mut q = ((estimate >> 64) as u64).wrapping_add(1);
    let mut r = low.wrapping_sub(q.wrapping_mul(d));
    if r > estimate as u64 {
        q = q.wrapping_sub(1);
        r = r.wrapping_add(d);
    }
    if r >= d {
        q = q.wrapping_add(1);
        r -= d;
    }
    (q, r)
}

/// Divides `high * 2^64 + low` by `d`, where `high < d` and `v` is the reciprocal of `d` (algorithm 5).
#[inline(always)]
pub(super) fn divide_three_by_two(high: u128, low: u64, d: u128, v: u64) -> (u64, u128) {
    debug_assert!(high < d);
    let (d1, d0) = ((d >> 64) as u64, d as u64);
    let estimate = u128::from(v) * (high >> 64) + high;
    let mut q = (estimate >> 64) as u64;
    let r1 = (high as u64).wrapping_sub(q.wrapping_mul(d1));
    let t = u128::from(d0) * u128::from(q);
    let mut r = join(r1, low).wrapping_sub(t).wrapping_sub(d);
    q = q.wrapping_add(1);
    if (r >> 64) as u64 >= estimate as u64 {
        q = q.wrapping_sub(1);
        r = r.wrapping_add(d);
    }
    if r >= d {
        q = q.wrapping_add(1);
        r -= d;
    }
    (q, r)
}

/// Joins two limbs.
#[inline(always)]
pub(super) fn join(high: u64, low: u64) -> u128 {
    (u128::from(high) << 64) | u128::from(low)
}

#[inline(always)]
fn high_product(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::{join, reciprocal_of_one, refined_reciprocal};

    #[test]
    fn reciprocals_are_those_of_the_definition() {
        let mut d = 1 << 63;
        for step in 0..100_000_u64 {
            let expected = (join(!d, u64::MAX) / u128::from(d)) as u64;
            assert_eq!(refined_reciprocal(d), expected, "{d}");
            assert_eq!(reciprocal_of_one(d), expected, "{d}");
            d = d.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step) | (1 << 63);
        }
        for d in [1 << 63, (1 << 63) + 1, u64::MAX, u64::MAX - 1] {
            assert_eq!(refined_reciprocal(d), reciprocal_of_one(d), "{d}");
        }
    }
}
