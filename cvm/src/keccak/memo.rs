//! A bounded memo of the hashes of short inputs.

#[cfg(test)]
mod tests;

use alloc::{vec, vec::Vec};

use primitive_types::H256;

use super::keccak256;

/// Remembers hashes of inputs of 20, 32 and 64 bytes: addresses, storage slots and mapping keys.
///
/// The memo is a table in which each input has one place; a newer input displaces the older. A remembered hash is
/// returned only after the whole input has been compared, so the result never differs from that of [`keccak256`].
/// The table (128 bytes an entry) is allocated when the first input of such a length is hashed, and replaced by one of the
/// largest size when as many inputs were displaced as it has places.
///
/// # Examples
///
/// ```
/// use cybermiles_cvm::{KeccakMemo, keccak256};
///
/// let mut memo = KeccakMemo::new();
/// assert_eq!(memo.keccak256(&[7; 64]), keccak256(&[7; 64]));
/// assert_eq!(memo.keccak256(&[7; 64]), keccak256(&[7; 64]));
/// ```
#[derive(Clone)]
pub struct KeccakMemo {
    /// Empty, or `entry_count` entries.
    entries: Vec<Entry>,
    /// A power of two.
    entry_count: usize,
    /// Inputs that lost their place to another one.
    displaced_count: usize,
}

/// One remembered input as words, how many they are, and its hash; no words are an empty place.
///
/// Two cache lines, of which the first holds the input.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Entry {
    words: [u64; WORDS_MAX],
    hash: [u8; 32],
    word_count: usize,
}

const WORDS_MAX: usize = 8;

const EMPTY: Entry = Entry { words: [0; WORDS_MAX], hash: [0; 32], word_count: 0 };

/// Numbers without a pattern (the fraction of pi) that keep zero words from cancelling their neighbours.
const SALT: [u64; WORDS_MAX] = [
    0x243f_6a88_85a3_08d3,
    0x1319_8a2e_0370_7344,
    0xa409_3822_299f_31d0,
    0x082e_fa98_ec4e_6c89,
    0x4528_21e6_38d0_1377,
    0xbe54_66cf_34e9_0c6c,
    0xc0ac_29b7_c97c_50dd,
    0x3f84_d5b5_b547_0917,
];

impl KeccakMemo {
    /// The fewest entries a memo has.
    pub const ENTRY_COUNT_MIN: usize = 4096;
    /// The most entries a memo has.
    pub const ENTRY_COUNT_MAX: usize = 32768;

    /// Makes an empty memo of [`Self::ENTRY_COUNT_MIN`] entries.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_entry_count(Self::ENTRY_COUNT_MIN)
    }

    /// Makes an empty memo of `entry_count` entries, brought within the bounds and up to a power of two.
    #[must_use]
    pub const fn with_entry_count(entry_count: usize) -> Self {
        let entry_count = if entry_count >= Self::ENTRY_COUNT_MAX {
            Self::ENTRY_COUNT_MAX
        } else if entry_count <= Self::ENTRY_COUNT_MIN {
            Self::ENTRY_COUNT_MIN
        } else {
            entry_count.next_power_of_two()
        };
        Self { entries: Vec::new(), entry_count, displaced_count: 0 }
    }

    /// Hashes bytes as [`keccak256`] does.
    #[inline]
    pub fn keccak256(&mut self, input: &[u8]) -> H256 {
        // The word count tells the three lengths apart.
        let (words, rest) = input.as_chunks::<8>();
        match (words, rest) {
            (&[a, b, c, d, e, f, g, h], []) => {
                self.recall([a, b, c, d, e, f, g, h].map(u64::from_le_bytes), input)
            }
            (&[a, b, c, d], []) => self.recall([a, b, c, d].map(u64::from_le_bytes), input),
            (&[a, b], &[c, d, e, f]) => {
                self.recall([a, b, [c, d, e, f, 0, 0, 0, 0]].map(u64::from_le_bytes), input)
            }
            _ => keccak256(input),
        }
    }

    #[inline]
    fn recall<const N: usize>(&mut self, words: [u64; N], input: &[u8]) -> H256 {
        let index = fold(words) & (self.entry_count - 1);
        if let Some(entry) = self.entries.get(index)
            && entry.word_count == N
            && entry.words[..N] == words
        {
            return H256(entry.hash);
        }
        self.hash_and_remember(input, &words, index)
    }

    #[inline(never)]
    fn hash_and_remember(&mut self, input: &[u8], words: &[u64], index: usize) -> H256 {
        if self.entries.is_empty() {
            self.entries = vec![EMPTY; self.entry_count];
        }
        let hash = keccak256(input);
        let entry = &mut self.entries[index];
        if entry.word_count != 0 {
            self.displaced_count += 1;
            if self.displaced_count == self.entry_count && self.entry_count < Self::ENTRY_COUNT_MAX
            {
                *self = Self::with_entry_count(Self::ENTRY_COUNT_MAX);
                return hash;
            }
        }
        entry.words[..words.len()].copy_from_slice(words);
        entry.word_count = words.len();
        entry.hash = hash.0;
        hash
    }
}

impl Default for KeccakMemo {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for KeccakMemo {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeccakMemo").field("entry_count", &self.entry_count).finish_non_exhaustive()
    }
}

/// Folds every word into the result, so that inputs that differ in any one of them spread.
#[inline]
fn fold<const N: usize>(words: [u64; N]) -> usize {
    let mut folded = SALT[N - 1];
    for (index, word) in words.iter().enumerate() {
        if index % 2 == 1 {
            folded ^= fold_pair(words[index - 1] ^ SALT[index - 1], word ^ SALT[index]);
        } else if index + 1 == N {
            folded ^= fold_pair(word ^ SALT[index], SALT[index + 1]);
        }
    }
    fold_pair(folded, SALT[0]) as usize
}

/// Multiplies two words and folds the halves of the product together.
#[inline]
fn fold_pair(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}
