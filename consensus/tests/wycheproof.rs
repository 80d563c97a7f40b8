//! Hostile ECDSA signatures over secp256k1.

mod fixture_archive;

use cybermiles_consensus::{Secp256k1, Signature, keccak256};
use primitive_types::H160;
use serde_json::Value;
use sha2::Digest as _;

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().expect("hexadecimal")).expect("hexadecimal")
}

/// Takes one positive integer of strict DER off the front, as 32 bytes.
fn integer(der: &mut &[u8]) -> Option<[u8; 32]> {
    let [2, length, rest @ ..] = *der else { return None };
    let (number, rest) = rest.split_at_checked(usize::from(*length))?;
    let is_minimal = match number {
        [] => false,
        [0, second, ..] => *second >= 0x80,
        [first, ..] => *first < 0x80,
    };
    *der = rest;
    let number = number.strip_prefix(&[0]).unwrap_or(number);
    let mut padded = [0; 32];
    padded[32usize.checked_sub(number.len())?..].copy_from_slice(number);
    is_minimal.then_some(padded)
}

/// Reads strict DER; what is not of 64 bytes then does not reach the library in any form.
fn scalars_of_der(der: &[u8]) -> Option<Vec<u8>> {
    let [0x30, length, ref rest @ ..] = *der else { return None };
    let mut rest = (usize::from(length) == rest.len() && length < 0x80).then_some(rest)?;
    let scalars = [integer(&mut rest)?, integer(&mut rest)?].concat();
    rest.is_empty().then_some(scalars)
}

fn is_low(s: &[u8]) -> bool {
    let half = hex::decode("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0")
        .expect("hexadecimal");
    s <= half.as_slice()
}

#[expect(clippy::print_stdout, reason = "the test tells how much it compared")]
fn run(name: &str, hash: fn(&[u8]) -> [u8; 32], scalars: fn(&[u8]) -> Option<Vec<u8>>) {
    let Some(vectors) = fixture_archive::consensus_vectors() else { return };
    let text = std::fs::read_to_string(vectors.join("wycheproof").join(name))
        .expect("the vectors are complete");
    let file: Value = serde_json::from_str(&text).expect("the file is JSON");
    let (mut accepted, mut refused) = (0, 0);
    for group in file["testGroups"].as_array().expect("a list") {
        let key = bytes(&group["publicKey"]["uncompressed"]);
        let address = H160::from_slice(&keccak256(&key[1..])[12..]);
        for test in group["tests"].as_array().expect("a list") {
            let scalars = scalars(&bytes(&test["sig"])).filter(|scalars| scalars.len() == 64);
            let is_low = scalars.as_ref().is_some_and(|scalars| is_low(&scalars[32..]));
            let digest = hash(&bytes(&test["msg"]));
            let is_accepted = scalars.is_some_and(|scalars| {
                // A verifier learns the recovery id from the wire: whichever is claimed must not matter.
                (0..=255u8).any(|recovery| {
                    let mut signature = [recovery; 65];
                    signature[..64].copy_from_slice(&scalars);
                    Secp256k1::recover(&digest, &Signature(signature)) == Some(address)
                })
            });
            // A valid signature with a high `s` is refused: its mirror image is the only one that counts.
            let expected = test["result"] != "invalid" && is_low;
            // Those whose `r` was reduced modulo the order never come from an honest signer and are refused as well.
            let is_reduced = test["comment"].as_str().is_some_and(|comment| {
                comment.contains("r too large") || comment.contains("k*G has a large x-coordinate")
            });
            if !is_reduced || is_accepted {
                assert_eq!(is_accepted, expected, "{name} {test}");
            }
            *if is_accepted { &mut accepted } else { &mut refused } += 1;
        }
    }
    println!("{name}: {accepted} accepted, {refused} refused");
    assert!(accepted > 0 && refused > 0);
}

fn sha256(message: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(message).into()
}

#[test]
fn fixed_length_signatures() {
    run("ecdsa_secp256k1_sha256_p1363_test.json", sha256, |bytes| Some(bytes.to_vec()));
}

#[test]
fn low_s_signatures() {
    run("ecdsa_secp256k1_sha256_bitcoin_test.json", sha256, scalars_of_der);
}

#[test]
fn der_signatures() {
    run("ecdsa_secp256k1_sha256_test.json", sha256, scalars_of_der);
}
