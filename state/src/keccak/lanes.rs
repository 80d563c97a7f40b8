//! The hashing kernel: eight messages of equal block count at once, with the widest vectors the processor has.
//!
//! The only file of the crate with `unsafe`. The portable path is its safe twin; tests compare all of them.

use super::{RATE, permutation};

/// Messages hashed together.
pub(crate) const LANES: usize = 8;

/// How the kernel hashes. A value other than `Portable` exists only where the processor supports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backend(Instructions);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Backend {
    /// One message after the other, on any processor.
    pub(crate) const PORTABLE: Self = Self(Instructions::Portable);

    /// The fastest one this processor supports.
    pub(crate) fn detect() -> Self {
        Self::supported().next().unwrap_or(Self::PORTABLE)
    }

    /// All that this processor supports, the fastest first.
    pub(crate) fn supported() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let vectors = [
            is_x86_feature_detected!("avx512f").then_some(Self(Instructions::Avx512)),
            is_x86_feature_detected!("avx2").then_some(Self(Instructions::Avx2)),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let vectors: [Option<Self>; 0] = [];
        vectors.into_iter().flatten().chain([Self::PORTABLE])
    }

    /// The name that operators see.
    pub(crate) const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "avx512 x8",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "avx2 x4",
            Instructions::Portable => "portable",
        }
    }

    /// Hashes the first `count` of eight padded messages of `blocks` blocks each, which lie one after the other.
    ///
    /// The digests beyond `count` are unspecified.
    pub(crate) fn hash(
        self,
        messages: &[u8],
        blocks: usize,
        count: usize,
        digests: &mut [[u8; 32]; LANES],
    ) {
        assert_eq!(messages.len(), LANES * blocks * RATE, "eight whole messages");
        assert!(count <= LANES, "at most eight messages");
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 if count > 1 => x86::hash_avx512(messages, blocks, digests),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 if count > 1 => x86::hash_avx2(messages, blocks, count, digests),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 | Instructions::Avx2 => {
                hash_portable(messages, blocks, count, digests);
            }
            Instructions::Portable => hash_portable(messages, blocks, count, digests),
        }
    }
}

fn hash_portable(messages: &[u8], blocks: usize, count: usize, digests: &mut [[u8; 32]; LANES]) {
    let messages = messages.chunks_exact(blocks * RATE);
    for (message, digest) in messages.zip(digests).take(count) {
        let mut state = [0; 25];
        for block in message.chunks_exact(RATE) {
            permutation::absorb(&mut state, block);
        }
        *digest = permutation::squeeze(&state);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![expect(
        unsafe_code,
        reason = "vector instructions chosen at run time cannot be called from safe code"
    )]

    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_andnot_si256, _mm256_or_si256, _mm256_set_epi64x,
        _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_slli_epi64, _mm256_srli_epi64,
        _mm256_storeu_si256, _mm256_xor_si256, _mm512_loadu_si512, _mm512_rol_epi64,
        _mm512_set_epi64, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_shuffle_i64x2,
        _mm512_storeu_si512, _mm512_ternarylogic_epi64, _mm512_unpackhi_epi64,
        _mm512_unpacklo_epi64, _mm512_xor_si512,
    };

    use super::{LANES, RATE};
    use crate::keccak::permutation::keccak_rounds;

    pub(super) fn hash_avx512(messages: &[u8], blocks: usize, digests: &mut [[u8; 32]; LANES]) {
        debug_assert!(is_x86_feature_detected!("avx512f"));
        // SAFETY: a `Backend` with this variant is made only by `supported`, which detects AVX-512F.
        unsafe { hash_8(messages, blocks, digests) };
    }

    pub(super) fn hash_avx2(
        messages: &[u8],
        blocks: usize,
        count: usize,
        digests: &mut [[u8; 32]; LANES],
    ) {
        debug_assert!(is_x86_feature_detected!("avx2"));
        let (low, high) = messages.split_at(4 * blocks * RATE);
        let (low_digests, high_digests) = digests.split_at_mut(4);
        // SAFETY: a `Backend` with this variant is made only by `supported`, which detects AVX2.
        unsafe { hash_4(low, blocks, low_digests) };
        if count > 4 {
            // SAFETY: as above.
            unsafe { hash_4(high, blocks, high_digests) };
        }
    }

    #[target_feature(enable = "avx512f")]
    fn hash_8(messages: &[u8], blocks: usize, digests: &mut [[u8; 32]; LANES]) {
        let stride = blocks * RATE;
        assert_eq!(messages.len(), LANES * stride, "eight whole messages");
        let mut state = [_mm512_setzero_si512(); 25];
        for block in (0..stride).step_by(RATE) {
            // A block has 17 words in each message: two squares of eight times eight, and one.
            let (words, _) = state.as_chunks_mut::<8>();
            for (words, at) in words.iter_mut().zip([block, block + 64]).take(2) {
                absorb_8_words(words, messages, stride, at);
            }
            let last = |lane: usize| word_at(messages, lane * stride + block + 128);
            let last = _mm512_set_epi64(
                last(7),
                last(6),
                last(5),
                last(4),
                last(3),
                last(2),
                last(1),
                last(0),
            );
            state[16] = _mm512_xor_si512(state[16], last);
            permute_8(&mut state);
        }
        for (word, lanes) in state[..4].iter().enumerate() {
            let mut values = [0_u64; 8];
            // SAFETY: the array has 64 bytes, what the instruction writes, and it needs no alignment.
            unsafe { _mm512_storeu_si512(values.as_mut_ptr().cast(), *lanes) };
            put_words(digests, word, &values);
        }
    }

    /// Mixes eight words of each of eight messages into the state, turning rows into columns.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn absorb_8_words(words: &mut [__m512i; 8], messages: &[u8], stride: usize, at: usize) {
        let row = |lane: usize| {
            let row: &[u8] = &messages[lane * stride + at..][..64];
            // SAFETY: the slice has the 64 bytes that the instruction reads, and it needs no alignment.
            unsafe { _mm512_loadu_si512(row.as_ptr().cast()) }
        };
        // Columns 0, 2, 4, 6 take the even words of each pair of rows, columns 1, 3, 5, 7 the odd ones.
        let even = |lane: usize| _mm512_unpacklo_epi64(row(lane), row(lane + 1));
        let odd = |lane: usize| _mm512_unpackhi_epi64(row(lane), row(lane + 1));
        let columns = |pairs: [__m512i; 4]| {
            let [first, second, third, fourth] = pairs;
            let low = _mm512_shuffle_i64x2::<0x44>(first, second);
            let low_next = _mm512_shuffle_i64x2::<0x44>(third, fourth);
            let high = _mm512_shuffle_i64x2::<0xee>(first, second);
            let high_next = _mm512_shuffle_i64x2::<0xee>(third, fourth);
            [
                _mm512_shuffle_i64x2::<0x88>(low, low_next),
                _mm512_shuffle_i64x2::<0xdd>(low, low_next),
                _mm512_shuffle_i64x2::<0x88>(high, high_next),
                _mm512_shuffle_i64x2::<0xdd>(high, high_next),
            ]
        };
        let evens = columns([even(0), even(2), even(4), even(6)]);
        let odds = columns([odd(0), odd(2), odd(4), odd(6)]);
        for (index, (even, odd)) in evens.into_iter().zip(odds).enumerate() {
            words[2 * index] = _mm512_xor_si512(words[2 * index], even);
            words[2 * index + 1] = _mm512_xor_si512(words[2 * index + 1], odd);
        }
    }

    #[target_feature(enable = "avx512f")]
    fn permute_8(state: &mut [__m512i; 25]) {
        #[target_feature(enable = "avx512f")]
        #[inline]
        fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
            _mm512_ternarylogic_epi64::<0x96>(a, b, c)
        }
        #[target_feature(enable = "avx512f")]
        #[inline]
        fn chi(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
            _mm512_ternarylogic_epi64::<0xd2>(a, b, c)
        }
        #[target_feature(enable = "avx512f")]
        #[inline]
        fn rotate<const LEFT: i32, const RIGHT: i32>(a: __m512i) -> __m512i {
            _mm512_rol_epi64::<LEFT>(a)
        }
        #[target_feature(enable = "avx512f")]
        #[inline]
        fn iota(a: __m512i, constant: u64) -> __m512i {
            _mm512_xor_si512(a, _mm512_set1_epi64(constant.cast_signed()))
        }
        keccak_rounds!(state, xor3, chi, rotate, iota);
    }

    #[target_feature(enable = "avx2")]
    fn hash_4(messages: &[u8], blocks: usize, digests: &mut [[u8; 32]]) {
        let stride = blocks * RATE;
        assert_eq!(messages.len(), 4 * stride, "four whole messages");
        let word_at = |lane: usize, word: usize| word_at(messages, lane * stride + word * 8);
        let mut state = [_mm256_setzero_si256(); 25];
        for word in 0..stride / 8 {
            let words = _mm256_set_epi64x(
                word_at(3, word),
                word_at(2, word),
                word_at(1, word),
                word_at(0, word),
            );
            let lane = word % (RATE / 8);
            state[lane] = _mm256_xor_si256(state[lane], words);
            if lane == RATE / 8 - 1 {
                permute_4(&mut state);
            }
        }
        for (word, lanes) in state[..4].iter().enumerate() {
            let mut values = [0_u64; 4];
            // SAFETY: the array has 32 bytes, what the instruction writes, and it needs no alignment.
            unsafe { _mm256_storeu_si256(values.as_mut_ptr().cast(), *lanes) };
            put_words(digests, word, &values);
        }
    }

    #[target_feature(enable = "avx2")]
    fn permute_4(state: &mut [__m256i; 25]) {
        #[target_feature(enable = "avx2")]
        #[inline]
        fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
            _mm256_xor_si256(_mm256_xor_si256(a, b), c)
        }
        #[target_feature(enable = "avx2")]
        #[inline]
        fn chi(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
            _mm256_xor_si256(a, _mm256_andnot_si256(b, c))
        }
        #[target_feature(enable = "avx2")]
        #[inline]
        fn rotate<const LEFT: i32, const RIGHT: i32>(a: __m256i) -> __m256i {
            _mm256_or_si256(_mm256_slli_epi64::<LEFT>(a), _mm256_srli_epi64::<RIGHT>(a))
        }
        #[target_feature(enable = "avx2")]
        #[inline]
        fn iota(a: __m256i, constant: u64) -> __m256i {
            _mm256_xor_si256(a, _mm256_set1_epi64x(constant.cast_signed()))
        }
        keccak_rounds!(state, xor3, chi, rotate, iota);
    }

    #[inline]
    fn word_at(messages: &[u8], at: usize) -> i64 {
        let bytes: [u8; 8] = messages[at..at + 8].try_into().expect("a range of eight bytes");
        u64::from_le_bytes(bytes).cast_signed()
    }

    fn put_words(digests: &mut [[u8; 32]], word: usize, values: &[u64]) {
        for (digest, value) in digests.iter_mut().zip(values) {
            digest[word * 8..word * 8 + 8].copy_from_slice(&value.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_backend_equals_the_portable_one() {
        for blocks in 1..=6 {
            let messages: Vec<u8> =
                (0..LANES * blocks * RATE).map(|i| (i * 167 + i / 251 + blocks) as u8).collect();
            let mut expected = [[0; 32]; LANES];
            Backend::PORTABLE.hash(&messages, blocks, LANES, &mut expected);
            for backend in Backend::supported() {
                for count in 0..=LANES {
                    let mut digests = [[0; 32]; LANES];
                    backend.hash(&messages, blocks, count, &mut digests);
                    assert_eq!(digests[..count], expected[..count], "{} x{count}", backend.name());
                }
            }
        }
    }
}
