//! Signatures over secp256k1 and secp256r1.

use std::{path::PathBuf, process::Command};

use cybermiles_cvm::{Revision, keccak256, precompiles::recover_address};
use hex_literal::hex;
use primitive_types::H160;

use super::peer::{Noise, PLENTY, agree, ours};

fn recovery_word(v: u8) -> [u8; 32] {
    let mut word = [0; 32];
    word[31] = v;
    word
}

/// A signature by the key 0x1234... over noise: hash, v, r, s.
fn signed(noise: &mut Noise) -> ([u8; 32], u8, [u8; 64], H160) {
    let mut secret = noise.word();
    secret[0] = 1;
    let key = k256::ecdsa::SigningKey::from_slice(&secret).expect("a scalar");
    let hash = noise.word();
    let (signature, recovery) = key.sign_prehash_recoverable(&hash);
    let point = key.verifying_key().to_sec1_point(false);
    let address = H160::from_slice(&keccak256(&point.as_bytes()[1..]).0[12..]);
    (hash, u8::from(recovery.is_y_odd()), signature.to_bytes().into(), address)
}

#[test]
fn recovers_the_signer() {
    let mut noise = Noise(3);
    for _ in 0..50 {
        let (hash, odd, r_s, address) = signed(&mut noise);
        assert_eq!(recover_address(&hash, &r_s, odd == 1), Some(address));
        let input = [&hash[..], &recovery_word(27 + odd), &r_s].concat();
        let (gas, output) = agree(Revision::Frontier, 1, &input).expect("never fails");
        assert_eq!((gas, &output[12..]), (3000, address.as_bytes()));
        agree(Revision::Frontier, 1, &[&input[..], &[7; 40]].concat());
        for cut in [1, 31, 32, 64, 96, 128] {
            agree(Revision::Frontier, 1, &input[..128 - cut]);
        }
    }
}

/// The other half of s with the other parity recovers the same signer.
#[test]
fn accepts_s_in_the_upper_half() {
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let order = num_bigint::BigUint::parse_bytes(order.as_bytes(), 16).expect("digits");
    let mut noise = Noise(4);
    for _ in 0..20 {
        let (hash, odd, mut r_s, address) = signed(&mut noise);
        let negated = (&order - num_bigint::BigUint::from_bytes_be(&r_s[32..])).to_bytes_be();
        r_s[32..].fill(0);
        r_s[64 - negated.len()..].copy_from_slice(&negated);
        assert_eq!(recover_address(&hash, &r_s, odd == 0), Some(address));
        agree(Revision::Frontier, 1, &[&hash[..], &recovery_word(28 - odd), &r_s].concat());
    }
}

#[test]
fn known_signer_of_the_yellow_paper_tests() {
    let input = hex!(
        "18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c"
        "000000000000000000000000000000000000000000000000000000000000001c"
        "73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75f"
        "eeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549"
    );
    let expected = hex!("000000000000000000000000a94f5374fce5edbc8e2a8697c15331677e6ebf0b");
    assert_eq!(agree(Revision::Frontier, 1, &input), Some((3000, expected.to_vec())));
}

#[test]
fn what_is_no_signature_recovers_nobody() {
    let mut noise = Noise(5);
    let (hash, odd, r_s, _) = signed(&mut noise);
    let order = hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    let mut less_one = order;
    less_one[31] -= 1;
    for recovery in [0, 1, 26, 29, 255] {
        let found =
            agree(Revision::Frontier, 1, &[&hash[..], &recovery_word(recovery), &r_s].concat());
        assert_eq!(found, Some((3000, Vec::new())));
    }
    let mut dirty = recovery_word(27 + odd);
    dirty[0] = 1;
    assert_eq!(
        agree(Revision::Frontier, 1, &[&hash[..], &dirty, &r_s].concat()),
        Some((3000, Vec::new()))
    );
    let (r, s): ([u8; 32], [u8; 32]) =
        (r_s[..32].try_into().expect("32 bytes"), r_s[32..].try_into().expect("32 bytes"));
    let mut one = [0; 32];
    one[31] = 1;
    let limits = [[0; 32], one, less_one, order, [0xff; 32]];
    for v in [27, 28] {
        for limit in limits {
            for hash in [hash, [0; 32], order, [0xff; 32]] {
                agree(Revision::Frontier, 1, &[hash, recovery_word(v), limit, s].concat());
                agree(Revision::Frontier, 1, &[hash, recovery_word(v), r, limit].concat());
            }
            for other in limits {
                agree(Revision::Frontier, 1, &[hash, recovery_word(v), limit, other].concat());
            }
        }
    }
    for _ in 0..200 {
        agree(
            Revision::Frontier,
            1,
            &[noise.word(), recovery_word(27), noise.word(), noise.word()].concat(),
        );
    }
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn fixture(archive: &str, path: &str) -> Option<String> {
    let manifest = env!("CARGO_MANIFEST_DIR");
    let shared = std::env::var_os("CYBERMILES_FIXTURES")
        .map_or_else(|| PathBuf::from(format!("{manifest}/../../shared")), PathBuf::from);
    let source = shared.join("fixtures").join(format!("{archive}.tar.zst"));
    if !source.exists() {
        println!("skipped: the fixtures are absent");
        return None;
    }
    let root = PathBuf::from(format!("{manifest}/../target/fixtures"));
    let target = root.join(archive);
    if !target.exists() {
        unpack(&source, &root, &target);
    }
    Some(std::fs::read_to_string(target.join(path)).expect("the archive holds the file"))
}

/// Unpacks beside the target and renames, so that tests that run at once never see half of it.
fn unpack(source: &std::path::Path, root: &std::path::Path, target: &std::path::Path) {
    let partial = root.join(format!("partial-precompiles-{}", std::process::id()));
    std::fs::create_dir_all(&partial).expect("the target folder is writable");
    let mut reader = Command::new("zstd")
        .arg("-dc")
        .arg(source)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("zstd runs");
    let archive = reader.stdout.take().expect("piped");
    let status =
        Command::new("tar").arg("xf").arg("-").arg("-C").arg(&partial).stdin(archive).status();
    assert!(status.expect("tar runs").success() && reader.wait().expect("zstd ends").success());
    if std::fs::rename(&partial, target).is_err() {
        // Another test was first.
        std::fs::remove_dir_all(&partial).expect("made above");
    }
}

/// Wycheproof's signatures of 64 bytes: a valid one recovers the signer, an invalid one never does.
#[test]
fn wycheproof_signatures_recover_their_signer() {
    use sha2::Digest as _;

    let Some(text) =
        fixture("consensus-vectors", "wycheproof/ecdsa_secp256k1_sha256_p1363_test.json")
    else {
        return;
    };
    let vectors: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let (mut valid, mut invalid) = (0, 0);
    for group in vectors["testGroups"].as_array().expect("groups") {
        let bytes =
            |value: &serde_json::Value| hex::decode(value.as_str().expect("text")).expect("digits");
        let key = bytes(&group["publicKey"]["uncompressed"]);
        let address = H160::from_slice(&keccak256(&key[1..]).0[12..]);
        for test in group["tests"].as_array().expect("tests") {
            let Ok(r_s) = <[u8; 64]>::try_from(bytes(&test["sig"])) else {
                continue;
            };
            let hash: [u8; 32] = sha2::Sha256::digest(bytes(&test["msg"])).into();
            let recovered = [false, true].map(|odd_y| recover_address(&hash, &r_s, odd_y));
            let is_signer = recovered.contains(&Some(address));
            match test["result"].as_str() {
                // Where the abscissa was above the order, Ethereum has no way to say so.
                Some("valid") if !is_signer => assert_eq!(&r_s[..15], &[0; 15], "{test}"),
                Some("valid") => valid += 1,
                _ => {
                    assert!(!is_signer, "{test}");
                    invalid += 1;
                }
            }
            for v in [27, 28] {
                agree(Revision::Frontier, 1, &[&hash[..], &recovery_word(v), &r_s].concat());
            }
        }
    }
    assert!(valid > 100 && invalid > 20, "{valid} valid, {invalid} invalid");
}

fn p256_signed(noise: &mut Noise) -> Vec<u8> {
    use p256::ecdsa::signature::hazmat::PrehashSigner as _;

    let mut secret = noise.word();
    secret[0] = 1;
    let key = p256::ecdsa::SigningKey::from_slice(&secret).expect("a scalar");
    let hash = noise.word();
    let signature: p256::ecdsa::Signature = key.sign_prehash(&hash).expect("signing never fails");
    let point = key.verifying_key().to_sec1_point(false);
    [&hash[..], &signature.to_bytes(), &point.as_bytes()[1..]].concat()
}

#[test]
fn p256_accepts_signatures_and_refuses_changed_ones() {
    let mut noise = Noise(6);
    let mut one = [0; 32].to_vec();
    one[31] = 1;
    for _ in 0..20 {
        let input = p256_signed(&mut noise);
        assert_eq!(agree(Revision::Osaka, 0x100, &input), Some((6900, one.clone())));
        for byte in [0, 31, 32, 63, 64, 95, 96, 127, 128, 159] {
            let mut changed = input.clone();
            changed[byte] ^= 1;
            assert_eq!(agree(Revision::Osaka, 0x100, &changed), Some((6900, Vec::new())));
        }
        for length in [0, 128, 159] {
            assert_eq!(agree(Revision::Osaka, 0x100, &input[..length]), Some((6900, Vec::new())));
        }
        assert_eq!(
            agree(Revision::Osaka, 0x100, &[&input[..], &[0]].concat()),
            Some((6900, Vec::new()))
        );
    }
    assert_eq!(ours(Revision::Prague, 1, &[], PLENTY), Some((3000, Vec::new())));
}

#[test]
fn p256_refuses_numbers_out_of_range() {
    let mut noise = Noise(7);
    let good = p256_signed(&mut noise);
    let order = hex!("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let prime = hex!("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    for at in [32, 64, 96, 128] {
        for limit in [[0; 32], order, prime, [0xff; 32]] {
            let mut input = good.clone();
            input[at..at + 32].copy_from_slice(&limit);
            assert_eq!(agree(Revision::Osaka, 0x100, &input), Some((6900, Vec::new())));
        }
    }
    let mut infinity = good;
    infinity[96..].fill(0);
    assert_eq!(agree(Revision::Osaka, 0x100, &infinity), Some((6900, Vec::new())));
}
