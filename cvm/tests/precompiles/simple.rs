//! Hashes, identity and the BLAKE2 compression function.

use cybermiles_cvm::Revision;
use hex_literal::hex;

use super::peer::{Noise, agree, output, refused};

#[test]
fn hashes_and_identity_agree_at_every_length() {
    let mut noise = Noise(1);
    for length in (0..140).chain([1000, 4096, 100_000]) {
        let input = noise.bytes(length);
        for address in 2..=4 {
            agree(Revision::Frontier, address, &input).expect("any input is good");
        }
    }
}

#[test]
fn hashes_have_known_answers() {
    let check = |address, expected: [u8; 32]| {
        assert_eq!(output(Revision::Frontier, address, b"abc"), expected);
    };
    check(2, hex!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    check(3, hex!("0000000000000000000000008eb208f7e05d987a9b044a8e98c6b087f15a0bfc"));
    assert_eq!(output(Revision::Frontier, 4, b"abc"), b"abc");
}

/// The state, message, counters and flag of EIP-152's vectors: `BLAKE2b` of "abc".
fn blake2f_input(rounds: u32, flag: u8) -> Vec<u8> {
    let mut input = rounds.to_be_bytes().to_vec();
    input.extend(hex!("48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"));
    input.extend(hex!("d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b"));
    input.extend(b"abc");
    input.resize(4 + 64 + 128, 0);
    input.extend([3, 0, 0, 0, 0, 0, 0, 0]);
    input.extend([0; 8]);
    input.push(flag);
    input
}

#[test]
fn blake2f_has_the_answers_of_the_proposal() {
    let check = |rounds, flag, expected: [u8; 64]| {
        let found = agree(Revision::Istanbul, 9, &blake2f_input(rounds, flag));
        assert_eq!(found, Some((u64::from(rounds), expected.to_vec())), "{rounds} rounds");
    };
    check(
        0,
        1,
        hex!(
            "08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
            "d282e6ad7f520e511f6c3e2b8c68059b9442be0454267ce079217e1319cde05b"
        ),
    );
    check(
        12,
        1,
        hex!(
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
        ),
    );
    check(
        12,
        0,
        hex!(
            "75ab69d3190a562c51aef8d88f1c2775876944407270c42c9844252c26d28752"
            "98743e7f6d5ea2f2d3e8d226039cd31b4e426ac4f2d3d666a610c2116fde4735"
        ),
    );
    check(
        1,
        1,
        hex!(
            "b63a380cb2897d521994a85234ee2c181b5f844d2c624c002677e9703449d2fb"
            "a551b3a8333bcdf5f2f7e08993d53923de3d64fcc68c034e717b9293fed7a421"
        ),
    );
}

#[test]
fn blake2f_refuses_other_lengths_and_flags() {
    let good = blake2f_input(1, 1);
    refused(Revision::Istanbul, 9, &good[..212]);
    refused(Revision::Istanbul, 9, &[&good[..], &[0]].concat());
    refused(Revision::Istanbul, 9, &[]);
    for flag in [2, 3, 0x80, 0xff] {
        refused(Revision::Istanbul, 9, &blake2f_input(1, flag));
    }
}

#[test]
fn blake2f_agrees_for_any_number_of_rounds() {
    let mut noise = Noise(2);
    for rounds in (0..45).chain([1000, 123_457]) {
        let mut input = noise.bytes(213);
        input[..4].copy_from_slice(&u32::to_be_bytes(rounds));
        input[212] &= 1;
        agree(Revision::Istanbul, 9, &input).expect("the input is good");
    }
}
