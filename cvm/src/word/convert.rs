//! Bytes, addresses, hashes and the integers of other crates.

use primitive_types::{H160, H256, U256};

use super::Word;

impl Word {
    /// Makes a word of the low 128 bits.
    #[inline]
    #[must_use]
    pub const fn from_u128(value: u128) -> Self {
        Self([value as u64, (value >> 64) as u64, 0, 0])
    }

    /// Reads 32 bytes, the most significant first.
    #[inline]
    #[must_use]
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        let (a, rest) = limb_and_rest(&bytes);
        let (b, rest) = limb_and_rest(rest);
        let (c, rest) = limb_and_rest(rest);
        let (d, _) = limb_and_rest(rest);
        Self([d, c, b, a])
    }

    /// Writes 32 bytes, the most significant first.
    #[inline]
    #[must_use]
    pub fn to_be_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let [a, b, c, d] = self.0;
        let (chunks, _) = bytes.as_chunks_mut::<8>();
        chunks[0] = d.to_be_bytes();
        chunks[1] = c.to_be_bytes();
        chunks[2] = b.to_be_bytes();
        chunks[3] = a.to_be_bytes();
        bytes
    }

    /// Reads at most 32 bytes, the most significant first.
    ///
    /// # Panics
    ///
    /// When there are more than 32 bytes.
    #[inline]
    #[must_use]
    pub fn from_be_slice(bytes: &[u8]) -> Self {
        assert!(bytes.len() <= 32, "a word has at most 32 bytes");
        let mut padded = [0; 32];
        padded[32 - bytes.len()..].copy_from_slice(bytes);
        Self::from_be_bytes(padded)
    }

    /// Returns the address in the low 160 bits.
    #[inline]
    #[must_use]
    pub fn to_address(self) -> H160 {
        let mut address = [0; 20];
        address.copy_from_slice(&self.to_be_bytes()[12..]);
        H160(address)
    }

    /// Reads an address into the low 160 bits.
    #[inline]
    #[must_use]
    pub fn from_address(address: H160) -> Self {
        let mut bytes = [0; 32];
        bytes[12..].copy_from_slice(&address.0);
        Self::from_be_bytes(bytes)
    }
}

/// Splits the first 8 bytes off as a big-endian limb; every caller has them.
#[inline]
const fn limb_and_rest(bytes: &[u8]) -> (u64, &[u8]) {
    match bytes.split_first_chunk::<8>() {
        Some((first, rest)) => (u64::from_be_bytes(*first), rest),
        None => (0, bytes),
    }
}

impl From<u64> for Word {
    #[inline]
    fn from(value: u64) -> Self {
        Self([value, 0, 0, 0])
    }
}

impl From<bool> for Word {
    #[inline]
    fn from(value: bool) -> Self {
        Self([u64::from(value), 0, 0, 0])
    }
}

impl From<U256> for Word {
    #[inline]
    fn from(value: U256) -> Self {
        Self(value.0)
    }
}

impl From<Word> for U256 {
    #[inline]
    fn from(value: Word) -> Self {
        Self(value.0)
    }
}

impl From<H256> for Word {
    #[inline]
    fn from(value: H256) -> Self {
        Self::from_be_bytes(value.0)
    }
}

impl From<Word> for H256 {
    #[inline]
    fn from(value: Word) -> Self {
        Self(value.to_be_bytes())
    }
}

impl From<H160> for Word {
    #[inline]
    fn from(value: H160) -> Self {
        Self::from_address(value)
    }
}
