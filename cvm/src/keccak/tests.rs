use alloc::vec::Vec;

use hex_literal::hex;

use super::{EMPTY_KECCAK, keccak256};

fn bytes(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|index| (index as u8).wrapping_mul(31).wrapping_add(seed)).collect()
}

#[test]
fn known_answers() {
    let check = |input: &[u8], expected: [u8; 32]| assert_eq!(keccak256(input).0, expected);
    check(b"", EMPTY_KECCAK.0);
    check(b"abc", hex!("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"));
    check(b"testing", hex!("5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02"));
    check(
        b"Transfer(address,address,uint256)",
        hex!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
    );
}

#[test]
fn agrees_with_sha3_at_every_length() {
    use sha3::Digest as _;

    for length in (0..600).chain([1024, 4096, 8192, 10_000]) {
        let input = bytes(length, 3);
        let expected: [u8; 32] = sha3::Keccak256::digest(&input).into();
        assert_eq!(keccak256(&input).0, expected, "length {length}");
    }
}
