//! Products and quotients scaled by a power of ten, with exact intermediate values of 512 bits.
//!
//! Fixed-point numbers with `decimals` digits after the point are integers scaled by `10^decimals`. Powers too large for
//! 512 bits are never computed: the answer is then known from the signs (spec section 2.3).

use super::{Word, division::divide_wide};

/// The largest power of ten below 2^256.
const DECIMALS_PER_WORD: u64 = 77;

/// From here on a power of ten is above 2^512, and so above every product of two words.
const DECIMALS_BEYOND_PRODUCTS: u64 = 155;

/// The powers of ten that fit into a word.
const POWERS_OF_TEN: [Word; DECIMALS_PER_WORD as usize + 1] = powers_of_ten();

/// Twice a word, the least significant limb first.
type Wide = [u64; 8];

impl Word {
    /// Returns `floor(self * other / 10^decimals)`, or nothing when that does not fit.
    #[must_use]
    pub fn checked_fixed_mul(self, other: Self, decimals: Self) -> Option<Self> {
        narrow(shift_right(self.full_product(other), decimals).0)
    }

    /// As [`Self::checked_fixed_mul`] for signed numbers: the quotient is rounded down.
    #[must_use]
    pub fn checked_signed_fixed_mul(self, other: Self, decimals: Self) -> Option<Self> {
        let is_negative = self.is_negative() != other.is_negative();
        let product = self.magnitude().full_product(other.magnitude());
        let (quotient, is_inexact) = shift_right(product, decimals);
        with_sign(narrow(quotient)?, is_negative, is_inexact)
    }

    /// Returns `floor(self * 10^decimals / divisor)`, or nothing when that does not fit or the divisor is zero.
    #[must_use]
    pub fn checked_fixed_div(self, divisor: Self, decimals: Self) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        narrow(divide_wide(&shift_left(self, decimals)?, divisor).0)
    }

    /// As [`Self::checked_fixed_div`] for signed numbers: Euclidean division, whose remainder is not negative.
    #[must_use]
    pub fn checked_signed_fixed_div(self, divisor: Self, decimals: Self) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        let dividend = shift_left(self.magnitude(), decimals)?;
        let (quotient, remainder) = divide_wide(&dividend, divisor.magnitude());
        // A negative dividend needs one more divisor, of either sign, for its remainder to be positive.
        let rounds_away = self.is_negative() && !remainder.is_zero();
        let mut quotient = narrow(quotient)?;
        if rounds_away {
            quotient = quotient.checked_add(Self::ONE)?;
        }
        with_sign(quotient, self.is_negative() != divisor.is_negative(), false)
    }
}

/// Divides by a power of ten. Says whether there was a remainder.
fn shift_right(product: Wide, decimals: Word) -> (Wide, bool) {
    let decimals = decimals.as_u64_saturating();
    if decimals >= DECIMALS_BEYOND_PRODUCTS {
        return ([0; 8], product != [0; 8]);
    }
    let first = decimals.min(DECIMALS_PER_WORD);
    let (quotient, remainder) = divide_wide(&product, power_of_ten(first));
    let is_inexact = !remainder.is_zero();
    let second = (decimals - first).min(DECIMALS_PER_WORD);
    if second == 0 {
        return (quotient, is_inexact);
    }
    // Rounding down twice is rounding down once.
    let (quotient, remainder) = divide_wide(&quotient, power_of_ten(second));
    (quotient, is_inexact || !remainder.is_zero())
}

/// Multiplies by a power of ten; nothing when the product is above 2^512, which no division by a word brings back.
fn shift_left(word: Word, decimals: Word) -> Option<Wide> {
    if word.is_zero() {
        return Some([0; 8]);
    }
    let decimals = decimals.to_u64().filter(|decimals| *decimals < DECIMALS_BEYOND_PRODUCTS)?;
    let first = decimals.min(DECIMALS_PER_WORD);
    let product = word.full_product(power_of_ten(first));
    let second = decimals - first;
    if second == 0 {
        return Some(product);
    }
    let [p0, p1, p2, p3, p4, p5, p6, p7] = product;
    let factor = power_of_ten(second);
    let [l0, l1, l2, l3, c0, c1, c2, c3] = Word([p0, p1, p2, p3]).full_product(factor);
    let upper = Word([p4, p5, p6, p7]).checked_mul(factor)?;
    let [h0, h1, h2, h3] = upper.checked_add(Word([c0, c1, c2, c3]))?.0;
    Some([l0, l1, l2, l3, h0, h1, h2, h3])
}

/// The low half, if the high one is zero.
fn narrow(wide: Wide) -> Option<Word> {
    let [w0, w1, w2, w3, high @ ..] = wide;
    if high == [0; 4] { Some(Word([w0, w1, w2, w3])) } else { None }
}

/// Gives a magnitude its sign; a negative number that is not exact is rounded down. Nothing when that does not fit.
fn with_sign(magnitude: Word, is_negative: bool, is_inexact: bool) -> Option<Word> {
    if !is_negative {
        return if magnitude.is_negative() { None } else { Some(magnitude) };
    }
    let magnitude = if is_inexact { magnitude.checked_add(Word::ONE)? } else { magnitude };
    if magnitude > Word::SIGNED_MIN { None } else { Some(magnitude.wrapping_neg()) }
}

/// At most [`DECIMALS_PER_WORD`].
fn power_of_ten(exponent: u64) -> Word {
    POWERS_OF_TEN[exponent as usize]
}

const fn powers_of_ten() -> [Word; DECIMALS_PER_WORD as usize + 1] {
    let mut powers = [Word::ONE; DECIMALS_PER_WORD as usize + 1];
    let mut index = 1;
    while index < powers.len() {
        let Word(below) = powers[index - 1];
        let mut power = [0; 4];
        let (mut limb, mut carry) = (0, 0);
        while limb < 4 {
            let product = below[limb] as u128 * 10 + carry;
            power[limb] = product as u64;
            carry = product >> 64;
            limb += 1;
        }
        assert!(carry == 0, "every power fits into a word");
        powers[index] = Word(power);
        index += 1;
    }
    powers
}
