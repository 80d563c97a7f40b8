//! Every operation of [`Word`] against ruint, on random words and on all pairs of boundary words.

use cybermiles_cvm::Word;
use proptest::prelude::*;
use ruint::aliases::{U256, U512};

fn ours(value: U256) -> Word {
    Word::from_limbs(*value.as_limbs())
}

fn theirs(word: Word) -> U256 {
    U256::from_limbs(word.limbs())
}

/// Words at which carries, signs, limb counts and normalisation shifts change.
fn boundaries() -> Vec<Word> {
    let mut words = vec![Word::ZERO, Word::MAX];
    for bit in
        [0, 1, 7, 8, 31, 62, 63, 64, 65, 126, 127, 128, 129, 190, 191, 192, 193, 247, 248, 254, 255]
    {
        let power = Word::ONE.shl_small(bit);
        words.extend([
            power.wrapping_sub(Word::ONE),
            power,
            power.wrapping_add(Word::ONE),
            power.wrapping_neg(),
            !power,
        ]);
    }
    let (ones, top) = (u64::MAX, 1 << 63);
    for limbs in [
        [0, 0, ones, top],
        [ones, ones, ones, top],
        [0, ones, 0, top],
        [1, 0, top, top],
        [0, 0, top, top],
        [ones, 0, top, 0],
        [0, ones, top, 0],
        [ones, ones - 1, ones, 0],
        [0, 0, ones - 1, ones],
        [ones, ones, ones - 1, ones],
        [3, ones, 0, 0],
        [0, top, 0, 0],
        [0, top + 1, 0, 0],
    ] {
        words.push(Word::from_limbs(limbs));
    }
    words
}

/// Random words of every length, with limbs of all zeros and all ones frequent.
fn word() -> impl Strategy<Value = Word> {
    let limb = prop_oneof![4 => any::<u64>(), 1 => Just(0), 1 => Just(u64::MAX), 1 => Just(1 << 63), 1 => 0..16_u64];
    (prop::array::uniform4(limb), 0..260_u32)
        .prop_map(|(limbs, shift)| Word::from_limbs(limbs).shr_small(shift.saturating_sub(100)))
}

fn check_pair(a: Word, b: Word) {
    let (x, y) = (theirs(a), theirs(b));
    assert_eq!(a.wrapping_add(b), ours(x.wrapping_add(y)), "{a} + {b}");
    assert_eq!(a.wrapping_sub(b), ours(x.wrapping_sub(y)), "{a} - {b}");
    assert_eq!(a.wrapping_mul(b), ours(x.wrapping_mul(y)), "{a} * {b}");
    assert_eq!(a.wrapping_neg(), ours(x.wrapping_neg()), "-{a}");
    assert_eq!(a.checked_add(b), x.checked_add(y).map(ours), "{a} + {b}");
    assert_eq!(a.checked_sub(b), x.checked_sub(y).map(ours), "{a} - {b}");
    assert_eq!(a.checked_mul(b), x.checked_mul(y).map(ours), "{a} * {b}");
    assert_eq!(a.overflowing_add(b).1, x.overflowing_add(y).1, "{a} + {b}");
    assert_eq!(a.overflowing_sub(b).1, x.overflowing_sub(y).1, "{a} - {b}");

    let (quotient, remainder) = if y.is_zero() { (U256::ZERO, U256::ZERO) } else { x.div_rem(y) };
    assert_eq!(a.div(b), ours(quotient), "{a} / {b}");
    assert_eq!(a.rem(b), ours(remainder), "{a} % {b}");
    assert_eq!(a.div_rem(b), (ours(quotient), ours(remainder)), "{a} /% {b}");

    assert_eq!(a & b, ours(x & y));
    assert_eq!(a | b, ours(x | y));
    assert_eq!(a ^ b, ours(x ^ y));
    assert_eq!(!a, ours(!x));
    assert_eq!(a.cmp(&b), x.cmp(&y), "{a} <=> {b}");
    assert_eq!((a < b, a <= b, a > b, a >= b), (x < y, x <= y, x > y, x >= y), "{a} <=> {b}");
    check_signed(a, b);
}

fn signed(word: Word) -> ruint::Uint<512, 8> {
    let wide = U512::from(theirs(word));
    if word.is_negative() { wide.wrapping_sub(U512::ONE << 256) } else { wide }
}

/// Narrows a signed 512-bit number, when it fits.
fn narrowed(value: U512) -> Option<Word> {
    let low: U256 = value.wrapping_to();
    let word = ours(low);
    (signed(word) == value).then_some(word)
}

fn check_signed(a: Word, b: Word) {
    let (x, y) = (signed(a), signed(b));
    assert_eq!(a.is_negative(), x.bit(511));
    assert_eq!(a.slt(b), x.wrapping_sub(y).bit(511), "{a} slt {b}");
    assert_eq!(a.checked_signed_add(b), narrowed(x.wrapping_add(y)), "{a} + {b} signed");
    assert_eq!(a.checked_signed_sub(b), narrowed(x.wrapping_sub(y)), "{a} - {b} signed");
    assert_eq!(a.checked_signed_mul(b), narrowed(x.wrapping_mul(y)), "{a} * {b} signed");
    let magnitude = |v: U512| if v.bit(511) { v.wrapping_neg() } else { v };
    let (quotient, remainder) =
        if y.is_zero() { (U512::ZERO, U512::ZERO) } else { magnitude(x).div_rem(magnitude(y)) };
    let quotient = if x.bit(511) == y.bit(511) { quotient } else { quotient.wrapping_neg() };
    let remainder = if x.bit(511) { remainder.wrapping_neg() } else { remainder };
    assert_eq!(a.sdiv(b), ours(quotient.wrapping_to()), "{a} sdiv {b}");
    assert_eq!(a.smod(b), ours(remainder.wrapping_to()), "{a} smod {b}");
}

fn check_modular(a: Word, b: Word, m: Word) {
    let (x, y, n) = (theirs(a), theirs(b), theirs(m));
    assert_eq!(a.addmod(b, m), ours(x.add_mod(y, n)), "{a} + {b} mod {m}");
    assert_eq!(a.mulmod(b, m), ours(x.mul_mod(y, n)), "{a} * {b} mod {m}");
}

fn check_shift(a: Word, shift: Word) {
    let (x, n) = (theirs(a), theirs(shift));
    let amount = n.saturating_to::<usize>();
    assert_eq!(a.shl(shift), ours(x.wrapping_shl(amount)), "{a} << {shift}");
    assert_eq!(a.shr(shift), ours(x.wrapping_shr(amount)), "{a} >> {shift}");
    assert_eq!(a.sar(shift), ours(x.arithmetic_shr(amount)), "{a} sar {shift}");
    let bytes = a.to_be_bytes();
    let byte =
        usize::try_from(shift.as_u64_saturating()).ok().and_then(|index| bytes.get(index)).copied();
    assert_eq!(a.byte(shift), Word::from(u64::from(byte.unwrap_or(0))), "byte {shift} of {a}");
    assert_eq!(a.signextend(shift), extended(bytes, shift), "signextend {shift} {a}");
}

fn extended(mut bytes: [u8; 32], index: Word) -> Word {
    if index < Word::from(31) {
        let sign = 31 - index.to_usize().expect("below 31");
        let fill = if bytes[sign] >= 0x80 { 0xff } else { 0 };
        bytes[..sign].fill(fill);
    }
    Word::from_be_bytes(bytes)
}

#[test]
fn agrees_on_all_pairs_of_boundaries() {
    let words = boundaries();
    for &a in &words {
        for &b in &words {
            check_pair(a, b);
        }
    }
}

#[test]
fn modular_operations_agree_on_all_triples_of_boundaries() {
    let words = boundaries();
    for &a in &words {
        for &b in words.iter().step_by(3) {
            for &m in &words {
                check_modular(a, b, m);
            }
        }
    }
}

#[test]
fn shifts_agree_at_every_amount() {
    for a in boundaries() {
        for shift in (0..300).chain([511, 512, 1 << 32, u64::MAX]) {
            check_shift(a, Word::from(shift));
        }
        check_shift(a, Word::MAX);
        check_shift(a, Word::from_limbs([0, 0, 1, 0]));
        check_shift(a, Word::from_limbs([3, 1, 0, 0]));
    }
}

#[test]
fn bit_counts_agree_on_boundaries() {
    for a in boundaries() {
        let x = theirs(a);
        assert_eq!(a.bits() as usize, x.bit_len());
        assert_eq!(a.byte_length() as usize, x.byte_len());
        assert_eq!(a.leading_zeros() as usize, x.leading_zeros());
        assert_eq!(a.trailing_zeros() as usize, x.trailing_zeros());
        assert_eq!(a.is_power_of_two(), x.is_power_of_two());
        assert_eq!(a.is_zero(), x.is_zero());
        assert_eq!(a.to_u64(), u64::try_from(x).ok());
        assert_eq!(a.as_u64_saturating(), x.saturating_to::<u64>());
        assert_eq!(a.low_u64(), x.wrapping_to::<u64>());
        assert_eq!(a.low_u128(), x.wrapping_to::<u128>());
        for bit in 0..260 {
            assert_eq!(a.bit(bit), x.bit(bit as usize));
        }
    }
}

#[test]
fn powers_agree_on_boundaries() {
    let words = boundaries();
    for &a in &words {
        for &b in words.iter().chain(&[Word::from(2), Word::from(3), Word::from(10)]) {
            assert_eq!(a.exp(b), ours(theirs(a).wrapping_pow(theirs(b))), "{a} ^ {b}");
        }
    }
}

/// A quotient limb estimate that is one too large, and one whose leading limbs equal the divisor's.
#[test]
fn corrects_quotient_estimates() {
    let divisor = Word::from_limbs([u64::MAX, 0, 1 << 63, 0]);
    for low in [0, 1, u64::MAX] {
        for third in [0, 1, (1 << 63) - 1, 1 << 63] {
            check_pair(Word::from_limbs([low, 0, third, (1 << 63) - 1]), divisor);
            check_pair(Word::from_limbs([low, u64::MAX, 0, 1 << 63]), divisor);
        }
    }
    let modulus = Word::from_limbs([u64::MAX, u64::MAX, 0, 1 << 63]);
    for a in [modulus.wrapping_sub(Word::ONE), Word::MAX, Word::from_limbs([0, 0, 0, 1 << 63])] {
        check_modular(a, Word::MAX, modulus);
        check_modular(a, a, modulus);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn agrees_on_random_pairs(a in word(), b in word()) {
        check_pair(a, b);
    }

    #[test]
    fn modular_operations_agree_on_random_words(a in word(), b in word(), m in word()) {
        check_modular(a, b, m);
    }

    /// A numerator one below a multiple of the divisor drives every quotient limb to its limit.
    #[test]
    fn divides_neighbours_of_multiples(q in word(), d in word(), offset in 0..3_u64) {
        let near = q.wrapping_mul(d).wrapping_add(Word::from(offset)).wrapping_sub(Word::ONE);
        check_pair(near, d);
        check_modular(near, d.wrapping_sub(Word::ONE), d);
        check_modular(d.wrapping_sub(Word::ONE), d.wrapping_sub(Word::from(2)), d);
    }

    #[test]
    fn shifts_agree_on_random_words(a in word(), shift in 0..320_u64) {
        check_shift(a, Word::from(shift));
    }

    #[test]
    fn powers_agree_on_random_words(a in word(), b in word()) {
        prop_assert_eq!(a.exp(b), ours(theirs(a).wrapping_pow(theirs(b))));
    }

    #[test]
    fn conversions_round_trip(a in word(), length in 0..=32_usize) {
        prop_assert_eq!(a.to_be_bytes(), theirs(a).to_be_bytes::<32>());
        prop_assert_eq!(Word::from_be_bytes(a.to_be_bytes()), a);
        let bytes = a.to_be_bytes();
        prop_assert_eq!(Word::from_be_slice(&bytes[..length]), ours(U256::from_be_slice(&bytes[..length])));
        prop_assert_eq!(Word::from(primitive_types::U256::from(a)), a);
        prop_assert_eq!(primitive_types::U256::from(a).to_string(), theirs(a).to_string());
        prop_assert_eq!(Word::from(primitive_types::H256::from(a)), a);
        prop_assert_eq!(Word::from(a.to_address()), a & Word::ONE.shl_small(160).wrapping_sub(Word::ONE));
        prop_assert_eq!(&a.to_address().0[..], &bytes[12..]);
        prop_assert_eq!(a.to_string(), format!("{:#x}", theirs(a)));
        prop_assert_eq!(a.to_string().parse::<Word>(), Ok(a));
    }
}

#[test]
fn text_that_is_no_word_is_refused() {
    use cybermiles_cvm::ParseWordError;

    let check = |text: &str, expected: ParseWordError| {
        assert_eq!(text.parse::<Word>(), Err(expected), "{text}");
    };
    check("12", ParseWordError::MissingPrefix);
    check("", ParseWordError::MissingPrefix);
    check("0x", ParseWordError::DigitCount { digits: 0 });
    check(&format!("0x{}", "0".repeat(65)), ParseWordError::DigitCount { digits: 65 });
    check("0x12g4", ParseWordError::Digit { position: 2 });
    assert_eq!("0xFf".parse(), Ok(Word::from(255)));
}

#[cfg(feature = "serde")]
#[test]
fn serde_writes_quantities() {
    for a in boundaries() {
        let json = serde_json::to_string(&a).expect("a word is a string");
        assert_eq!(json, format!("\"{a}\""));
        assert_eq!(serde_json::from_str::<Word>(&json).expect("written just now"), a);
    }
    assert!(serde_json::from_str::<Word>("12").is_err());
    assert!(serde_json::from_str::<Word>("\"12\"").is_err());
}
