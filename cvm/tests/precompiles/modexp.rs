//! Modular exponentiation: against num-bigint, against the peer, and at sizes nobody could pay for.

use cybermiles_cvm::Revision;
use hex_literal::hex;
use num_bigint::BigUint;
use proptest::prelude::*;

use super::peer::{PLENTY, agree, ours, output};

const REVISIONS: [Revision; 3] = [Revision::Byzantium, Revision::Berlin, Revision::Osaka];

fn length(value: usize) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&(value as u64).to_be_bytes());
    word
}

fn encode(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let lengths = [length(base.len()), length(exponent.len()), length(modulus.len())].concat();
    [&lengths[..], base, exponent, modulus].concat()
}

fn expected(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let number = BigUint::from_bytes_be(modulus);
    let mut bytes = vec![0; modulus.len()];
    if number != BigUint::ZERO {
        let power = BigUint::from_bytes_be(base)
            .modpow(&BigUint::from_bytes_be(exponent), &number)
            .to_bytes_be();
        let power = if power == [0] { &[][..] } else { &power[..] };
        bytes[modulus.len() - power.len()..].copy_from_slice(power);
    }
    bytes
}

fn check(base: &[u8], exponent: &[u8], modulus: &[u8]) {
    let input = encode(base, exponent, modulus);
    let context = || {
        format!("{} ^ {} mod {}", hex::encode(base), hex::encode(exponent), hex::encode(modulus))
    };
    assert_eq!(
        output(Revision::Byzantium, 5, &input),
        expected(base, exponent, modulus),
        "{}",
        context()
    );
}

/// Numbers of up to 300 bytes, with leading zeros, all zeros, powers of two and trailing zeros frequent.
fn number() -> impl Strategy<Value = Vec<u8>> {
    (prop_oneof![3 => 0..40_usize, 1 => 40..300_usize], any::<u64>(), 0..6_u8).prop_map(
        |(length, seed, kind)| {
            let mut bytes = super::peer::Noise(seed | 1).bytes(length);
            match kind {
                0 => bytes[..length / 2].fill(0),
                1 => bytes[length / 2..].fill(0),
                2 => bytes.fill(0),
                3 => bytes.fill(0xff),
                4 => {
                    bytes.fill(0);
                    if let Some(byte) = bytes.get_mut(length / 3) {
                        *byte = 1 << (seed % 8);
                    }
                }
                _ => {}
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn powers_are_those_of_num_bigint(base in number(), exponent in number(), modulus in number()) {
        check(&base, &exponent, &modulus);
    }

    #[test]
    fn gas_and_output_agree_with_the_peer(base in number(), exponent in number(), modulus in number(), cut in 0..100_usize) {
        let input = encode(&base, &exponent, &modulus);
        for revision in REVISIONS {
            agree(revision, 5, &input);
            agree(revision, 5, &input[..input.len().saturating_sub(cut)]);
        }
    }

    /// Whatever the lengths, the answer comes at once or gas runs out.
    #[test]
    fn lengths_of_any_size_are_answered(
        lengths in prop::array::uniform3(prop::array::uniform32(any::<u8>())),
        shifts in prop::array::uniform3(0..33_usize),
        body in prop::collection::vec(any::<u8>(), 0..80),
        gas_limit in 0..1_000_000_u64,
    ) {
        let mut input = Vec::new();
        for (word, shift) in lengths.iter().zip(shifts) {
            input.extend(vec![0; shift.min(32)]);
            input.extend(&word[..32 - shift.min(32)]);
        }
        input.extend(body);
        for revision in REVISIONS {
            if let Some((gas_used, output)) = ours(revision, 5, &input, gas_limit) {
                prop_assert!(gas_used <= gas_limit);
                prop_assert!(output.len() < 100_000);
            }
        }
    }
}

#[test]
fn small_numbers_are_right() {
    for base in 0..=20_u8 {
        for exponent in 0..=9_u8 {
            for modulus in 0..=40_u8 {
                check(&[base], &[exponent], &[modulus]);
            }
        }
    }
    for [base, exponent, modulus] in
        [[&[][..], &[], &[]], [&[], &[], &[5]], [&[], &[1], &[1]], [&[3], &[], &[1]]]
    {
        check(base, exponent, modulus);
    }
}

#[test]
fn moduli_of_every_limb_count_are_right() {
    let mut noise = super::peer::Noise(77);
    for limbs in 1..=36 {
        for spare in [0, 1, 7] {
            let (base, exponent) = (noise.bytes(8 * limbs + 11), noise.bytes(40));
            let mut modulus = noise.bytes(8 * limbs - spare);
            modulus[0] |= 1;
            for last in [0x01, 0x03, 0x80, 0xff] {
                *modulus.last_mut().expect("at least one byte") = last;
                check(&base, &exponent, &modulus);
                check(&base, &[1, 0, 1], &modulus);
                check(&base, &[3], &modulus);
            }
            modulus[8 * limbs - spare - 1] = 0xff;
            check(&vec![0xff; 8 * limbs], &exponent, &modulus);
            let all_ones = vec![0xff; 8 * limbs - spare];
            check(&base, &exponent, &all_ones);
        }
    }
}

/// The first vectors of EIP-198: Fermat's little theorem for the prime of secp256k1.
#[test]
fn the_examples_of_the_proposal_hold() {
    let prime = hex!("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
    let less_one = hex!("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e");
    let one = length(1).to_vec();
    let check = |revision, input: &[u8], gas, expected: &[u8]| {
        assert_eq!(agree(revision, 5, input), Some((gas, expected.to_vec())));
    };
    let fermat = encode(&[3], &less_one, &prime);
    check(Revision::Byzantium, &fermat, 13_056, &one);
    check(Revision::Berlin, &fermat, 1360, &one);
    check(Revision::Osaka, &fermat, 4080, &one);
    let zero_base = encode(&[], &less_one, &prime);
    check(Revision::Byzantium, &zero_base, 13_056, &[0; 32]);
}

fn with_lengths(base: [u8; 32], exponent: [u8; 32], modulus: [u8; 32]) -> Vec<u8> {
    [base, exponent, modulus].concat()
}

#[test]
fn lengths_beyond_memory_run_out_of_gas() {
    let huge = [0xff; 32];
    let zero = [0; 32];
    for revision in REVISIONS {
        for input in [
            with_lengths(huge, zero, zero),
            with_lengths(zero, zero, huge),
            with_lengths(zero, huge, length(1)),
            with_lengths(huge, huge, huge),
            with_lengths(length(usize::MAX), length(usize::MAX), length(usize::MAX)),
            with_lengths(length(1 << 40), zero, zero),
        ] {
            assert_eq!(ours(revision, 5, &input, PLENTY), None, "{revision:?}");
        }
    }
}

/// Without base and modulus there is nothing to compute, however long the exponent.
#[test]
fn nothing_to_any_power_is_nothing() {
    let input = with_lengths([0; 32], [0xff; 32], [0; 32]);
    assert_eq!(ours(Revision::Byzantium, 5, &input, 0), Some((0, Vec::new())));
    assert_eq!(
        ours(Revision::Berlin, 5, &with_lengths([0; 32], [0; 32], [0; 32]), 200),
        Some((200, Vec::new()))
    );
    assert_eq!(ours(Revision::Osaka, 5, &input, PLENTY), None);
}

/// An exponent of 2^26 bytes, of which the input holds one, is never copied; its zeros are squarings.
#[test]
fn long_exponents_are_implied() {
    let mut input = with_lengths(length(1), length(1 << 14), length(1));
    input.extend([3, 2]);
    // The modulus lies beyond the input, so it is zero.
    agree(Revision::Byzantium, 5, &input);
    let mut long = with_lengths(length(1), length(3000), length(2));
    long.extend([3, 5]);
    long.extend(vec![0; 2999]);
    long.extend([0x01, 0x03]);
    assert_eq!(agree(Revision::Byzantium, 5, &long).map(|(_, output)| output.len()), Some(2));
}

#[test]
fn operands_are_limited_from_osaka_on() {
    for operand in 0..3 {
        for (bytes, is_allowed) in [(1023, true), (1024, true), (1025, false)] {
            let mut lengths = [[0; 32]; 3];
            lengths[operand] = length(bytes);
            assert_eq!(
                agree(Revision::Osaka, 5, &lengths.concat()).is_some(),
                is_allowed,
                "{operand} {bytes}"
            );
        }
    }
}
