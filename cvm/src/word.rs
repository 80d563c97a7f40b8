//! The 256-bit word of the machine.

mod arithmetic;
mod bits;
mod convert;
mod division;
mod fixed_point;
mod reciprocal;
mod text;

pub use text::ParseWordError;

/// An unsigned 256-bit integer: the unit of the machine's stack, memory and storage.
///
/// The limbs are little endian. Arithmetic named `wrapping_` is modulo 2^256; division and the modular
/// operations answer zero for a zero divisor or modulus (YP H.2). The signed operations read the same bits
/// as two's complement.
///
/// # Examples
///
/// ```
/// use cybermiles_cvm::Word;
///
/// let ten = Word::from(10);
/// assert_eq!(ten.div(Word::from(3)), Word::from(3));
/// assert_eq!(ten.div(Word::ZERO), Word::ZERO);
/// assert_eq!(Word::ZERO.wrapping_sub(Word::ONE), Word::MAX);
/// assert_eq!(Word::MAX.to_string(), format!("0x{}", "f".repeat(64)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[repr(transparent)]
pub struct Word([u64; 4]);

impl Word {
    /// Zero.
    pub const ZERO: Self = Self([0; 4]);
    /// One.
    pub const ONE: Self = Self([1, 0, 0, 0]);
    /// 2^256 - 1, which is -1 when read as signed.
    pub const MAX: Self = Self([u64::MAX; 4]);
    /// 2^255, the least value when read as signed.
    pub const SIGNED_MIN: Self = Self([0, 0, 0, 1 << 63]);
    /// 2^255 - 1, the greatest value when read as signed.
    pub const SIGNED_MAX: Self = Self([u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 1]);

    /// Makes a word of four limbs, the least significant first.
    #[inline]
    #[must_use]
    pub const fn from_limbs(limbs: [u64; 4]) -> Self {
        Self(limbs)
    }

    /// Returns the four limbs, the least significant first.
    #[inline]
    #[must_use]
    pub const fn limbs(self) -> [u64; 4] {
        self.0
    }

    /// Borrows the four limbs, the least significant first.
    #[inline]
    #[must_use]
    pub const fn as_limbs(&self) -> &[u64; 4] {
        &self.0
    }

    /// Says whether the word is zero.
    #[inline]
    #[must_use]
    pub const fn is_zero(self) -> bool {
        let [a, b, c, d] = self.0;
        (a | b | c | d) == 0
    }

    /// Says whether the word, read as signed, is below zero (bit 255).
    #[inline]
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0[3] >> 63 == 1
    }

    /// Says whether the value fits into 64 bits.
    #[inline]
    #[must_use]
    pub const fn is_u64(self) -> bool {
        let [_, b, c, d] = self.0;
        (b | c | d) == 0
    }

    /// Returns the low 64 bits.
    #[inline]
    #[must_use]
    pub const fn low_u64(self) -> u64 {
        self.0[0]
    }

    /// Returns the low 128 bits.
    #[inline]
    #[must_use]
    pub const fn low_u128(self) -> u128 {
        (self.0[0] as u128) | ((self.0[1] as u128) << 64)
    }

    /// Returns the value, or `u64::MAX` when it is larger.
    #[inline]
    #[must_use]
    pub const fn as_u64_saturating(self) -> u64 {
        if self.is_u64() { self.0[0] } else { u64::MAX }
    }

    /// Returns the value when it fits into 64 bits.
    #[inline]
    #[must_use]
    pub const fn to_u64(self) -> Option<u64> {
        if self.is_u64() { Some(self.0[0]) } else { None }
    }

    /// Returns the value when it fits into a `usize`.
    #[inline]
    #[must_use]
    pub fn to_usize(self) -> Option<usize> {
        usize::try_from(self.to_u64()?).ok()
    }

    /// Says whether the word is less than `other`, both read as signed (SLT).
    #[inline]
    #[must_use]
    pub fn slt(self, other: Self) -> bool {
        let (mut left, mut right) = (self, other);
        left.0[3] ^= 1 << 63;
        right.0[3] ^= 1 << 63;
        left.is_less(right)
    }

    /// Says whether the word is less than `other`: the borrow of their difference.
    #[inline]
    pub(crate) fn is_less(self, other: Self) -> bool {
        self.overflowing_sub(other).1
    }
}

impl PartialOrd for Word {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }

    #[inline]
    fn lt(&self, other: &Self) -> bool {
        self.is_less(*other)
    }

    #[inline]
    fn le(&self, other: &Self) -> bool {
        !other.is_less(*self)
    }

    #[inline]
    fn gt(&self, other: &Self) -> bool {
        other.is_less(*self)
    }

    #[inline]
    fn ge(&self, other: &Self) -> bool {
        !self.is_less(*other)
    }
}

impl Ord for Word {
    #[inline]
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        let less = self.is_less(*other);
        let greater = other.is_less(*self);
        greater.cmp(&less)
    }
}
