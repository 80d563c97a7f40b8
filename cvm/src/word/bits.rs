//! Shifts, bits, bytes and the bitwise operators.

use core::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, BitXor, BitXorAssign, Not};

use super::Word;

impl Word {
    /// Returns bit `index`, where bit 0 is the least significant; bits from 256 on are zero.
    #[inline]
    #[must_use]
    pub const fn bit(self, index: u32) -> bool {
        if index >= 256 {
            return false;
        }
        (self.0[(index / 64) as usize] >> (index % 64)) & 1 == 1
    }

    /// Returns how many bits the value needs: zero for zero, at most 256.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u32 {
        256 - self.leading_zeros()
    }

    /// Returns how many bytes the value needs: zero for zero, at most 32.
    #[inline]
    #[must_use]
    pub const fn byte_length(self) -> u32 {
        self.bits().div_ceil(8)
    }

    /// Counts the zero bits above the most significant one bit: 256 for zero (CLZ, EIP-7939).
    #[inline]
    #[must_use]
    pub const fn leading_zeros(self) -> u32 {
        let [a, b, c, d] = self.0;
        if d != 0 {
            d.leading_zeros()
        } else if c != 0 {
            64 + c.leading_zeros()
        } else if b != 0 {
            128 + b.leading_zeros()
        } else {
            192 + a.leading_zeros()
        }
    }

    /// Counts the zero bits below the least significant one bit: 256 for zero.
    #[inline]
    #[must_use]
    pub const fn trailing_zeros(self) -> u32 {
        let [a, b, c, d] = self.0;
        if a != 0 {
            a.trailing_zeros()
        } else if b != 0 {
            64 + b.trailing_zeros()
        } else if c != 0 {
            128 + c.trailing_zeros()
        } else {
            192 + d.trailing_zeros()
        }
    }

    /// Says whether exactly one bit is set.
    #[inline]
    #[must_use]
    pub const fn is_power_of_two(self) -> bool {
        let [a, b, c, d] = self.0;
        a.count_ones() + b.count_ones() + c.count_ones() + d.count_ones() == 1
    }

    /// Shifts left; from 256 on the result is zero (SHL).
    #[inline]
    #[must_use]
    pub const fn shl(self, shift: Self) -> Self {
        self.shl_small(shift.shift_amount())
    }

    /// Shifts right; from 256 on the result is zero (SHR).
    #[inline]
    #[must_use]
    pub const fn shr(self, shift: Self) -> Self {
        self.shr_small(shift.shift_amount())
    }

    /// Shifts right and copies the sign; from 256 on the result is zero or -1 (SAR).
    #[inline]
    #[must_use]
    pub const fn sar(self, shift: Self) -> Self {
        self.sar_small(shift.shift_amount())
    }

    /// Shifts left; from 256 on the result is zero.
    #[inline]
    #[must_use]
    pub const fn shl_small(self, shift: u32) -> Self {
        let (low, high) = self.halves();
        if shift < 128 {
            let carried = (low >> 1) >> (127 - shift);
            Self::from_halves(low << shift, (high << shift) | carried)
        } else if shift < 256 {
            Self::from_halves(0, low << (shift - 128))
        } else {
            Self::ZERO
        }
    }

    /// Shifts right; from 256 on the result is zero.
    #[inline]
    #[must_use]
    pub const fn shr_small(self, shift: u32) -> Self {
        let (low, high) = self.halves();
        if shift < 128 {
            let carried = (high << 1) << (127 - shift);
            Self::from_halves((low >> shift) | carried, high >> shift)
        } else if shift < 256 {
            Self::from_halves(high >> (shift - 128), 0)
        } else {
            Self::ZERO
        }
    }

    /// Shifts right and copies the sign; from 256 on the result is zero or -1.
    #[inline]
    #[must_use]
    pub const fn sar_small(self, shift: u32) -> Self {
        // Shifting the complement of a negative number fills with zeros, whose complement is ones.
        let sign = ((self.0[3] as i64) >> 63) as u64;
        let flip = Self([sign; 4]);
        self.xor(flip).shr_small(shift).xor(flip)
    }

    /// Returns byte `index`, where byte 0 is the most significant; zero from 32 on (BYTE).
    #[inline]
    #[must_use]
    pub const fn byte(self, index: Self) -> Self {
        if !index.is_u64() || index.0[0] >= 32 {
            return Self::ZERO;
        }
        let from_least = 31 - index.0[0];
        let limb = self.0[(from_least / 8) as usize];
        Self([(limb >> (8 * (from_least % 8))) & 0xff, 0, 0, 0])
    }

    /// Extends the sign of the low `index + 1` bytes; from 31 on nothing changes (SIGNEXTEND).
    #[inline]
    #[must_use]
    pub const fn signextend(self, index: Self) -> Self {
        if !index.is_u64() || index.0[0] >= 31 {
            return self;
        }
        let unused = 256 - 8 * (index.0[0] as u32 + 1);
        self.shl_small(unused).sar_small(unused)
    }

    /// Caps a shift given as a word: everything from 256 on is the same.
    #[inline]
    const fn shift_amount(self) -> u32 {
        if self.is_u64() && self.0[0] < 256 { self.0[0] as u32 } else { 256 }
    }

    #[inline]
    const fn halves(self) -> (u128, u128) {
        let [a, b, c, d] = self.0;
        ((a as u128) | ((b as u128) << 64), (c as u128) | ((d as u128) << 64))
    }

    #[inline]
    const fn from_halves(low: u128, high: u128) -> Self {
        Self([low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64])
    }

    #[inline]
    const fn xor(self, other: Self) -> Self {
        let [a, b, c, d] = self.0;
        let [e, f, g, h] = other.0;
        Self([a ^ e, b ^ f, c ^ g, d ^ h])
    }
}

impl BitAnd for Word {
    type Output = Self;

    #[inline]
    fn bitand(self, other: Self) -> Self {
        let [a, b, c, d] = self.0;
        let [e, f, g, h] = other.0;
        Self([a & e, b & f, c & g, d & h])
    }
}

impl BitOr for Word {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        let [a, b, c, d] = self.0;
        let [e, f, g, h] = other.0;
        Self([a | e, b | f, c | g, d | h])
    }
}

impl BitXor for Word {
    type Output = Self;

    #[inline]
    fn bitxor(self, other: Self) -> Self {
        self.xor(other)
    }
}

impl Not for Word {
    type Output = Self;

    #[inline]
    fn not(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([!a, !b, !c, !d])
    }
}

impl BitAndAssign for Word {
    #[inline]
    fn bitand_assign(&mut self, other: Self) {
        *self = *self & other;
    }
}

impl BitOrAssign for Word {
    #[inline]
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl BitXorAssign for Word {
    #[inline]
    fn bitxor_assign(&mut self, other: Self) {
        *self = *self ^ other;
    }
}
