//! Addition, subtraction, multiplication and powers.

use super::Word;

impl Word {
    /// Adds modulo 2^256 (ADD).
    #[inline]
    #[must_use]
    pub fn wrapping_add(self, other: Self) -> Self {
        self.overflowing_add(other).0
    }

    /// Subtracts modulo 2^256 (SUB).
    #[inline]
    #[must_use]
    pub fn wrapping_sub(self, other: Self) -> Self {
        self.overflowing_sub(other).0
    }

    /// Negates modulo 2^256.
    #[inline]
    #[must_use]
    pub fn wrapping_neg(self) -> Self {
        Self::ZERO.wrapping_sub(self)
    }

    /// Adds modulo 2^256 and says whether the true sum is larger.
    #[inline]
    #[must_use]
    pub fn overflowing_add(self, other: Self) -> (Self, bool) {
        let [a0, a1, a2, a3] = self.0;
        let [b0, b1, b2, b3] = other.0;
        let (r0, carry) = a0.overflowing_add(b0);
        let (r1, carry) = a1.carrying_add(b1, carry);
        let (r2, carry) = a2.carrying_add(b2, carry);
        let (r3, carry) = a3.carrying_add(b3, carry);
        (Self([r0, r1, r2, r3]), carry)
    }

    /// Subtracts modulo 2^256 and says whether the true difference is below zero.
    #[inline]
    #[must_use]
    pub fn overflowing_sub(self, other: Self) -> (Self, bool) {
        let [a0, a1, a2, a3] = self.0;
        let [b0, b1, b2, b3] = other.0;
        let (r0, borrow) = a0.overflowing_sub(b0);
        let (r1, borrow) = a1.borrowing_sub(b1, borrow);
        let (r2, borrow) = a2.borrowing_sub(b2, borrow);
        let (r3, borrow) = a3.borrowing_sub(b3, borrow);
        (Self([r0, r1, r2, r3]), borrow)
    }

    /// Multiplies modulo 2^256 (MUL).
    #[inline]
    #[must_use]
    pub fn wrapping_mul(self, other: Self) -> Self {
        self.low_product(other).0
    }

    /// Adds, or returns nothing when the sum does not fit.
    #[inline]
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        match self.overflowing_add(other) {
            (sum, false) => Some(sum),
            _ => None,
        }
    }

    /// Subtracts, or returns nothing when the difference is below zero.
    #[inline]
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        match self.overflowing_sub(other) {
            (difference, false) => Some(difference),
            _ => None,
        }
    }

    /// Multiplies, or returns nothing when the product does not fit.
    #[inline]
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let [_, a1, a2, a3] = self.0;
        let [_, b1, b2, b3] = other.0;
        let (product, carry) = self.low_product(other);
        // A pair of limbs whose product starts at bit 256 or above must not both be there.
        let beyond =
            (a1 != 0 && b3 != 0) || (a2 != 0 && (b2 | b3) != 0) || (a3 != 0 && (b1 | b2 | b3) != 0);
        if carry != 0 || beyond { None } else { Some(product) }
    }

    /// Adds as signed numbers, or returns nothing when the sum does not fit.
    #[inline]
    #[must_use]
    pub fn checked_signed_add(self, other: Self) -> Option<Self> {
        let sum = self.wrapping_add(other);
        // Overflow: both operands have the sign that the sum has not.
        let overflows = (self.0[3] ^ sum.0[3]) & (other.0[3] ^ sum.0[3]);
        if overflows >> 63 == 1 { None } else { Some(sum) }
    }

    /// Subtracts as signed numbers, or returns nothing when the difference does not fit.
    #[inline]
    #[must_use]
    pub fn checked_signed_sub(self, other: Self) -> Option<Self> {
        let difference = self.wrapping_sub(other);
        // Overflow: the operands differ in sign, and the difference has the sign of the second.
        let overflows = (self.0[3] ^ other.0[3]) & (self.0[3] ^ difference.0[3]);
        if overflows >> 63 == 1 { None } else { Some(difference) }
    }

    /// Multiplies as signed numbers, or returns nothing when the product does not fit.
    #[inline]
    #[must_use]
    pub fn checked_signed_mul(self, other: Self) -> Option<Self> {
        let negative = self.is_negative() != other.is_negative();
        let magnitude = self.magnitude().checked_mul(other.magnitude())?;
        let product = if negative { magnitude.wrapping_neg() } else { magnitude };
        // A product of the wrong sign does not fit, unless it is zero.
        if product.is_negative() == negative || product.is_zero() { Some(product) } else { None }
    }

    /// Raises to a power modulo 2^256 (EXP).
    #[must_use]
    pub fn exp(self, exponent: Self) -> Self {
        if self.is_power_of_two() {
            let shift = self.trailing_zeros();
            // 2^(shift * exponent); both a shift of zero and an exponent that overflows are exact here.
            return match exponent.to_u64().and_then(|e| e.checked_mul(u64::from(shift))) {
                Some(total) => Self::ONE.shl_small(u32::try_from(total).unwrap_or(u32::MAX)),
                None if shift == 0 => Self::ONE,
                None => Self::ZERO,
            };
        }
        let mut power = Self::ONE;
        let mut bit = exponent.bits();
        while bit > 0 {
            bit -= 1;
            power = power.wrapping_mul(power);
            if exponent.bit(bit) {
                power = power.wrapping_mul(self);
            }
        }
        power
    }

    /// Returns the absolute value of the signed reading; 2^255 for the least value.
    #[inline]
    pub(super) fn magnitude(self) -> Self {
        if self.is_negative() { self.wrapping_neg() } else { self }
    }

    /// Returns the product modulo 2^256, and a value that is zero if and only if the partial products that start
    /// below bit 256 stay below it.
    #[inline]
    fn low_product(self, other: Self) -> (Self, u64) {
        let [a0, a1, a2, a3] = self.0;
        let [b0, b1, b2, b3] = other.0;
        let (r0, c) = a0.carrying_mul(b0, 0);
        let (r1, c) = a0.carrying_mul(b1, c);
        let (r2, c) = a0.carrying_mul(b2, c);
        let (r3, o0) = a0.carrying_mul(b3, c);

        let (r1, c) = a1.carrying_mul_add(b0, r1, 0);
        let (r2, c) = a1.carrying_mul_add(b1, r2, c);
        let (r3, o1) = a1.carrying_mul_add(b2, r3, c);

        let (r2, c) = a2.carrying_mul_add(b0, r2, 0);
        let (r3, o2) = a2.carrying_mul_add(b1, r3, c);

        let (r3, o3) = a3.carrying_mul_add(b0, r3, 0);
        (Self([r0, r1, r2, r3]), o0 | o1 | o2 | o3)
    }

    /// Returns the 512-bit product, the least significant limb first.
    #[inline]
    pub(super) fn full_product(self, other: Self) -> [u64; 8] {
        let [a0, a1, a2, a3] = self.0;
        let [b0, b1, b2, b3] = other.0;
        let (r0, c) = a0.carrying_mul(b0, 0);
        let (r1, c) = a0.carrying_mul(b1, c);
        let (r2, c) = a0.carrying_mul(b2, c);
        let (r3, r4) = a0.carrying_mul(b3, c);

        let (r1, c) = a1.carrying_mul_add(b0, r1, 0);
        let (r2, c) = a1.carrying_mul_add(b1, r2, c);
        let (r3, c) = a1.carrying_mul_add(b2, r3, c);
        let (r4, r5) = a1.carrying_mul_add(b3, r4, c);

        let (r2, c) = a2.carrying_mul_add(b0, r2, 0);
        let (r3, c) = a2.carrying_mul_add(b1, r3, c);
        let (r4, c) = a2.carrying_mul_add(b2, r4, c);
        let (r5, r6) = a2.carrying_mul_add(b3, r5, c);

        let (r3, c) = a3.carrying_mul_add(b0, r3, 0);
        let (r4, c) = a3.carrying_mul_add(b1, r4, c);
        let (r5, c) = a3.carrying_mul_add(b2, r5, c);
        let (r6, r7) = a3.carrying_mul_add(b3, r6, c);
        [r0, r1, r2, r3, r4, r5, r6, r7]
    }
}
