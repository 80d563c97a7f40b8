//! Signed and fixed-point arithmetic against big integers, and at every boundary (spec section 2.3).

use cybermiles_cvm::Word;
use num_bigint::{BigInt, BigUint, Sign};
use proptest::prelude::*;

const SMALL: u64 = 200;

fn unsigned(word: Word) -> BigInt {
    BigInt::from_bytes_be(Sign::Plus, &word.to_be_bytes())
}

fn signed(word: Word) -> BigInt {
    let value = unsigned(word);
    if word.is_negative() { value - (BigInt::from(1) << 256) } else { value }
}

fn to_unsigned(value: &BigInt) -> Option<Word> {
    if value.sign() == Sign::Minus || value.bits() > 256 {
        return None;
    }
    Some(Word::from_be_slice(&value.magnitude().to_bytes_be()))
}

fn to_signed(value: &BigInt) -> Option<Word> {
    let limit = BigInt::from(1) << 255;
    if *value >= limit || *value < -limit {
        return None;
    }
    let wrapped =
        if value.sign() == Sign::Minus { value + (BigInt::from(1) << 256) } else { value.clone() };
    to_unsigned(&wrapped)
}

/// Euclidean quotient: the remainder is at least 0 and below the divisor's magnitude.
fn euclidean(dividend: &BigInt, divisor: &BigInt) -> BigInt {
    let quotient = dividend / divisor;
    let remainder = dividend - &quotient * divisor;
    if remainder.sign() != Sign::Minus {
        quotient
    } else if divisor.sign() == Sign::Minus {
        quotient + 1
    } else {
        quotient - 1
    }
}

fn power_of_ten(decimals: u64) -> BigInt {
    BigInt::from(BigUint::from(10u32).pow(u32::try_from(decimals).expect("tests use small powers")))
}

/// Compares all seven operations with the oracle.
fn check(x: Word, y: Word, decimals: u64) {
    let (ux, uy, sx, sy) = (unsigned(x), unsigned(y), signed(x), signed(y));
    let (power, n) = (power_of_ten(decimals), Word::from(decimals));
    let context = format!("{x} {y} {decimals}");
    assert_eq!(x.checked_signed_add(y), to_signed(&(&sx + &sy)), "SADD {context}");
    assert_eq!(x.checked_signed_sub(y), to_signed(&(&sx - &sy)), "SSUB {context}");
    assert_eq!(x.checked_signed_mul(y), to_signed(&(&sx * &sy)), "SMUL {context}");
    assert_eq!(x.checked_fixed_mul(y, n), to_unsigned(&(&ux * &uy / &power)), "FMUL {context}");
    let product = euclidean(&(&sx * &sy), &power);
    assert_eq!(x.checked_signed_fixed_mul(y, n), to_signed(&product), "SFMUL {context}");
    let (unsigned_quotient, signed_quotient) = if y.is_zero() {
        (None, None)
    } else {
        (to_unsigned(&(&ux * &power / &uy)), to_signed(&euclidean(&(&sx * &power), &sy)))
    };
    assert_eq!(x.checked_fixed_div(y, n), unsigned_quotient, "FDIV {context}");
    assert_eq!(x.checked_signed_fixed_div(y, n), signed_quotient, "SFDIV {context}");
}

/// Values around every limit of the types.
fn edges() -> Vec<Word> {
    let mut edges = Vec::new();
    for base in
        [Word::ZERO, Word::SIGNED_MIN, Word::ONE.shl(128.into()), Word::from(10).exp(77.into())]
    {
        for distance in 0..3 {
            edges.push(base.wrapping_add(distance.into()));
            edges.push(base.wrapping_sub(distance.into()));
            edges.push(base.wrapping_neg().wrapping_add(distance.into()));
        }
    }
    edges
}

#[test]
fn every_pair_of_limits_agrees_with_big_integers() {
    let edges = edges();
    for &x in &edges {
        for &y in &edges {
            for decimals in [0, 1, 18, 76, 77, 78, 79, 153, 154, 155, 156] {
                check(x, y, decimals);
            }
        }
    }
}

#[test]
fn powers_that_nobody_could_compute_are_answered_by_sign() {
    let minus_one = Word::MAX;
    for n in [155.into(), 156.into(), u64::MAX.into(), Word::SIGNED_MIN, Word::MAX] {
        assert_eq!(Word::MAX.checked_fixed_mul(Word::MAX, n), Some(Word::ZERO));
        assert_eq!(Word::ONE.checked_signed_fixed_mul(minus_one, n), Some(minus_one));
        assert_eq!(minus_one.checked_signed_fixed_mul(minus_one, n), Some(Word::ZERO));
        assert_eq!(Word::ZERO.checked_signed_fixed_mul(minus_one, n), Some(Word::ZERO));
        assert_eq!(Word::ONE.checked_fixed_div(Word::MAX, n), None);
        assert_eq!(Word::ZERO.checked_fixed_div(Word::MAX, n), Some(Word::ZERO));
        assert_eq!(minus_one.checked_signed_fixed_div(Word::SIGNED_MIN, n), None);
        assert_eq!(Word::ZERO.checked_signed_fixed_div(minus_one, n), Some(Word::ZERO));
        assert_eq!(Word::ZERO.checked_fixed_div(Word::ZERO, n), None);
        assert_eq!(Word::ZERO.checked_signed_fixed_div(Word::ZERO, n), None);
    }
}

/// Words of every length, since random limbs alone are nearly always long.
fn words() -> impl Strategy<Value = Word> {
    (any::<[u64; 4]>(), 0u64..256, any::<bool>()).prop_map(|(limbs, shift, negate)| {
        let word = Word::from_limbs(limbs).shr(shift.into());
        if negate { word.wrapping_neg() } else { word }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn random_words_agree_with_big_integers(x in words(), y in words(), decimals in 0..SMALL) {
        check(x, y, decimals);
    }
}
