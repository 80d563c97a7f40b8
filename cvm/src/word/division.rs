//! Division, remainders and modular arithmetic.
//!
//! One step is the heart of it: [`Divisor::feed`] takes a remainder and the next limb of the numerator and returns a limb
//! of the quotient and the next remainder (Knuth D with a 3-by-2 estimate). Everything else is how many limbs to feed.

use super::{
    Word,
    reciprocal::{
        divide_three_by_two, divide_two_by_one, join, reciprocal_of_one, reciprocal_of_two,
    },
};

impl Word {
    /// Divides; zero when `divisor` is zero (DIV).
    #[inline]
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "a zero divisor answers zero, which the operator must not"
    )]
    pub fn div(self, divisor: Self) -> Self {
        self.div_rem(divisor).0
    }

    /// Returns the remainder; zero when `divisor` is zero (MOD).
    #[inline]
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "a zero divisor answers zero, which the operator must not"
    )]
    pub fn rem(self, divisor: Self) -> Self {
        self.div_rem(divisor).1
    }

    /// Returns quotient and remainder; both zero when `divisor` is zero.
    #[inline]
    #[must_use]
    pub fn div_rem(self, divisor: Self) -> (Self, Self) {
        let [d0, d1, d2, d3] = divisor.0;
        if self.is_less(divisor) {
            return (Self::ZERO, self);
        }
        if d3 != 0 {
            let (quotient, remainder) = divide::<4, 4>(&self.0, divisor.0);
            (Self(quotient), Self(remainder))
        } else if d2 != 0 {
            let (quotient, [r0, r1, r2]) = divide::<4, 3>(&self.0, [d0, d1, d2]);
            (Self(quotient), Self([r0, r1, r2, 0]))
        } else if d1 != 0 {
            let (quotient, [r0, r1]) = divide::<4, 2>(&self.0, [d0, d1]);
            (Self(quotient), Self([r0, r1, 0, 0]))
        } else if d0 != 0 {
            let (quotient, remainder) = divide_by_limb(&self.0, d0);
            (Self(quotient), Self::from(remainder))
        } else {
            (Self::ZERO, Self::ZERO)
        }
    }

    /// Divides as signed numbers, rounding to zero; zero when `divisor` is zero (SDIV).
    #[inline]
    #[must_use]
    pub fn sdiv(self, divisor: Self) -> Self {
        let quotient = self.magnitude().div(divisor.magnitude());
        if self.is_negative() == divisor.is_negative() { quotient } else { quotient.wrapping_neg() }
    }

    /// Returns the remainder with the sign of the dividend; zero when `divisor` is zero (SMOD).
    #[inline]
    #[must_use]
    pub fn smod(self, divisor: Self) -> Self {
        let remainder = self.magnitude().rem(divisor.magnitude());
        if self.is_negative() { remainder.wrapping_neg() } else { remainder }
    }

    /// Adds without overflow and returns the remainder; zero when `modulus` is zero (ADDMOD).
    #[inline]
    #[must_use]
    pub fn addmod(self, other: Self, modulus: Self) -> Self {
        let (sum, carry) = self.overflowing_add(other);
        if self.is_less(modulus) && other.is_less(modulus) {
            let (reduced, borrow) = sum.overflowing_sub(modulus);
            return if carry || !borrow { reduced } else { sum };
        }
        if !carry {
            return sum.rem(modulus);
        }
        let [s0, s1, s2, s3] = sum.0;
        remainder(&[s0, s1, s2, s3, 1], modulus)
    }

    /// Multiplies without overflow and returns the remainder; zero when `modulus` is zero (MULMOD).
    #[inline]
    #[must_use]
    pub fn mulmod(self, other: Self, modulus: Self) -> Self {
        let product = self.full_product(other);
        let [p0, p1, p2, p3, p4, p5, p6, p7] = product;
        if (p4 | p5 | p6 | p7) == 0 {
            return Self([p0, p1, p2, p3]).rem(modulus);
        }
        remainder(&product, modulus)
    }
}

/// Returns the remainder of `numerator` by `modulus`; zero when that is zero.
fn remainder<const L: usize>(numerator: &[u64; L], modulus: Word) -> Word {
    let [d0, d1, d2, d3] = modulus.0;
    if d3 != 0 {
        Word(divide::<L, 4>(numerator, modulus.0).1)
    } else if d2 != 0 {
        let [r0, r1, r2] = divide::<L, 3>(numerator, [d0, d1, d2]).1;
        Word([r0, r1, r2, 0])
    } else if d1 != 0 {
        let [r0, r1] = divide::<L, 2>(numerator, [d0, d1]).1;
        Word([r0, r1, 0, 0])
    } else if d0 != 0 {
        Word::from(divide_by_limb(numerator, d0).1)
    } else {
        Word::ZERO
    }
}

/// Returns quotient and remainder of a number of twice a word's size; both zero when `divisor` is zero.
pub(super) fn divide_wide(numerator: &[u64; 8], divisor: Word) -> ([u64; 8], Word) {
    let [d0, d1, d2, d3] = divisor.0;
    if d3 != 0 {
        let (quotient, remainder) = divide::<8, 4>(numerator, divisor.0);
        (quotient, Word(remainder))
    } else if d2 != 0 {
        let (quotient, [r0, r1, r2]) = divide::<8, 3>(numerator, [d0, d1, d2]);
        (quotient, Word([r0, r1, r2, 0]))
    } else if d1 != 0 {
        let (quotient, [r0, r1]) = divide::<8, 2>(numerator, [d0, d1]);
        (quotient, Word([r0, r1, 0, 0]))
    } else if d0 != 0 {
        let (quotient, remainder) = divide_by_limb(numerator, d0);
        (quotient, Word::from(remainder))
    } else {
        ([0; 8], Word::ZERO)
    }
}

/// Divides by a single limb, which is not zero.
#[inline(always)]
fn divide_by_limb<const L: usize>(numerator: &[u64; L], divisor: u64) -> ([u64; L], u64) {
    let mut quotient = [0; L];
    if numerator[1..].iter().all(|&limb| limb == 0) {
        quotient[0] = numerator[0] / divisor;
        return (quotient, numerator[0] % divisor);
    }
    let shift = divisor.leading_zeros();
    let divisor = divisor << shift;
    let v = reciprocal_of_one(divisor);
    let mut remainder = carried(numerator[L - 1], shift);
    for index in (0..L).rev() {
        let limb = shifted_limb(numerator, index, shift);
        if remainder == 0 && limb < divisor {
            remainder = limb;
        } else {
            (quotient[index], remainder) = divide_two_by_one(remainder, limb, divisor, v);
        }
    }
    (quotient, remainder >> shift)
}

/// Divides by `N` limbs, of which the highest is not zero; `N` is at least 2.
#[inline(always)]
fn divide<const L: usize, const N: usize>(
    numerator: &[u64; L],
    divisor: [u64; N],
) -> ([u64; L], [u64; N]) {
    let shift = divisor[N - 1].leading_zeros();
    let divisor = Divisor::new(divisor, shift);
    let mut quotient = [0; L];
    // The limb that the shift pushes out at the top is below the divisor's highest limb, so that the first
    // remainder is below the divisor.
    let mut remainder = [0; N];
    remainder[N - 1] = carried(numerator[L - 1], shift);
    for (position, limb) in remainder[..N - 1].iter_mut().enumerate() {
        *limb = shifted_limb(numerator, L - N + 1 + position, shift);
    }
    for index in (0..=L - N).rev() {
        let limb = shifted_limb(numerator, index, shift);
        (quotient[index], remainder) = divisor.feed(remainder, limb);
    }
    for position in 0..N {
        let upper = if position + 1 < N { remainder[position + 1] } else { 0 };
        remainder[position] = (remainder[position] >> shift) | ((upper << 1) << (63 - shift));
    }
    (quotient, remainder)
}

/// A normalised divisor of `N` limbs with the reciprocal of its two highest.
struct Divisor<const N: usize> {
    limbs: [u64; N],
    top: u128,
    reciprocal: u64,
}

impl<const N: usize> Divisor<N> {
    #[inline(always)]
    fn new(limbs: [u64; N], shift: u32) -> Self {
        let mut shifted = [0; N];
        for (index, limb) in shifted.iter_mut().enumerate() {
            *limb = shifted_limb(&limbs, index, shift);
        }
        let top = join(shifted[N - 1], shifted[N - 2]);
        Self { limbs: shifted, top, reciprocal: reciprocal_of_two(top) }
    }

    /// Divides `remainder * 2^64 + limb`, where `remainder` is below the divisor.
    #[inline(always)]
    fn feed(&self, remainder: [u64; N], limb: u64) -> (u64, [u64; N]) {
        // The N low limbs of the numerator; its highest is that of the remainder.
        let mut window = [limb; N];
        window[1..].copy_from_slice(&remainder[..N - 1]);
        let high = join(remainder[N - 1], window[N - 1]);
        if high < self.top >> 64 {
            return (0, window);
        }
        if high >= self.top {
            return self.feed_equal_tops(window);
        }
        let (mut q, r) = divide_three_by_two(high, window[N - 2], self.top, self.reciprocal);
        // The estimate settled the two highest limbs; subtract q times the lower ones from the rest.
        let (mut carry, mut borrow) = (0, false);
        for (digit, factor) in window[..N - 2].iter_mut().zip(&self.limbs) {
            let product;
            (product, carry) = factor.carrying_mul(q, carry);
            (*digit, borrow) = digit.borrowing_sub(product, borrow);
        }
        let (r, below) = r.overflowing_sub(u128::from(carry) + u128::from(borrow));
        window[N - 2] = r as u64;
        window[N - 1] = (r >> 64) as u64;
        if below {
            q = q.wrapping_sub(1);
            let mut carry = false;
            for (digit, addend) in window.iter_mut().zip(&self.limbs) {
                (*digit, carry) = digit.carrying_add(*addend, carry);
            }
        }
        (q, window)
    }

    /// Finishes a step whose two highest limbs equal the divisor's: the quotient limb is then 2^64 - 1.
    #[cold]
    fn feed_equal_tops(&self, mut window: [u64; N]) -> (u64, [u64; N]) {
        // Minus (2^64 - 1) times the divisor is plus the divisor, minus the divisor one limb higher; modulo 2^(64 N).
        let (mut carry, mut borrow, mut lower) = (false, false, 0);
        for (digit, &own) in window.iter_mut().zip(&self.limbs) {
            (*digit, carry) = digit.carrying_add(own, carry);
            (*digit, borrow) = digit.borrowing_sub(lower, borrow);
            lower = own;
        }
        (u64::MAX, window)
    }
}

/// Returns limb `index` of the number shifted left by `shift` below 64.
#[inline(always)]
fn shifted_limb(limbs: &[u64], index: usize, shift: u32) -> u64 {
    let below = if index > 0 { limbs[index - 1] } else { 0 };
    (limbs[index] << shift) | carried(below, shift)
}

/// Returns the bits that a left shift by `shift` below 64 pushes out of a limb.
#[inline(always)]
fn carried(limb: u64, shift: u32) -> u64 {
    (limb >> 1) >> (63 - shift)
}
