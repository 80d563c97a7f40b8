//! Keccak and the precompiles beside those of alloy and revm.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use cybermiles_cvm::{KeccakMemo, Revision, keccak256, precompiles};
use primitive_types::H160;
use revm_precompile::{PrecompileSpecId, Precompiles, u64_to_address};
use sha2::Digest as _;

/// Bytes without a pattern, the same in every run.
fn noise(length: usize, mut seed: u64) -> Vec<u8> {
    let mut byte = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 56) as u8
    };
    (0..length).map(|_| byte()).collect()
}

fn keccak(c: &mut Criterion) {
    for length in [32, 64, 256, 1024, 8192] {
        let input = noise(length, 1);
        let mut group = c.benchmark_group(format!("keccak::keccak256/bytes={length}"));
        group.bench_function("ours", |b| b.iter(|| keccak256(black_box(&input))));
        group
            .bench_function("alloy", |b| b.iter(|| alloy_primitives::keccak256(black_box(&input))));
        group.bench_function("sha3", |b| b.iter(|| sha3::Keccak256::digest(black_box(&input))));
        group.finish();
    }
    for length in [20, 32, 64] {
        let mut memo = KeccakMemo::new();
        let inputs: Vec<Vec<u8>> = (0..100).map(|seed| noise(length, seed)).collect();
        let mut group = c.benchmark_group(format!("keccak::memo/bytes={length}"));
        group.throughput(criterion::Throughput::Elements(100));
        group.bench_function("hit", |b| {
            b.iter(|| {
                for input in &inputs {
                    black_box(memo.keccak256(black_box(input)));
                }
            });
        });
        let mut number = 0_u64;
        let mut input = noise(length, 1);
        group.throughput(criterion::Throughput::Elements(1));
        group.bench_function("miss", |b| {
            b.iter(|| {
                number += 1;
                input[..8].copy_from_slice(&number.to_le_bytes());
                memo.keccak256(black_box(&input))
            });
        });
        group.finish();
    }
}

fn compare(c: &mut Criterion, name: &str, address: u64, input: &[u8]) {
    let ours = precompiles::at(Revision::Osaka, H160::from_low_u64_be(address))
        .expect("the precompile exists");
    let peers = Precompiles::new(PrecompileSpecId::OSAKA);
    let theirs = peers.get(&u64_to_address(address)).expect("the precompile exists");
    let result = (ours.run)(input, u64::MAX).expect("the input is good");
    let mut group = c.benchmark_group(format!("precompiles::{name}/gas={}", result.gas_used));
    group.bench_function("ours", |b| b.iter(|| (ours.run)(black_box(input), u64::MAX)));
    group.bench_function("revm", |b| b.iter(|| theirs.execute(black_box(input), u64::MAX, 0)));
    group.finish();
}

fn signatures(c: &mut Criterion) {
    use p256::ecdsa::signature::hazmat::PrehashSigner as _;

    let (hash, secret) = (noise(32, 1), [7; 32]);
    let key = k256::ecdsa::SigningKey::from_slice(&secret).expect("a scalar");
    let (signature, recovery) = key.sign_prehash_recoverable(&hash);
    let mut v = [0; 32];
    v[31] = 27 + u8::from(recovery.is_y_odd());
    compare(c, "ecrecover", 1, &[&hash[..], &v, &signature.to_bytes()].concat());

    let key = p256::ecdsa::SigningKey::from_slice(&secret).expect("a scalar");
    let signature: p256::ecdsa::Signature = key.sign_prehash(&hash).expect("signing never fails");
    let point = key.verifying_key().to_sec1_point(false);
    compare(
        c,
        "p256_verify",
        0x100,
        &[&hash[..], &signature.to_bytes(), &point.as_bytes()[1..]].concat(),
    );
}

fn hashes(c: &mut Criterion) {
    let input = noise(1024, 1);
    compare(c, "sha256/bytes=1024", 2, &input);
    compare(c, "ripemd160/bytes=1024", 3, &input);
    compare(c, "identity/bytes=1024", 4, &input);
    let mut input = noise(213, 1);
    input[..4].copy_from_slice(&1000_u32.to_be_bytes());
    input[212] = 1;
    compare(c, "blake2f/rounds=1000", 9, &input);
}

fn powers(c: &mut Criterion) {
    for length in [8, 32, 64, 128, 256, 512, 1024] {
        let mut lengths = [0; 96];
        for operand in 0..3 {
            lengths[32 * operand + 30..][..2]
                .copy_from_slice(&u16::try_from(length).expect("short").to_be_bytes());
        }
        for (name, last) in [("odd", 1), ("even", 0)] {
            let mut numbers = noise(3 * length, 1);
            numbers[2 * length] |= 0x80;
            numbers[3 * length - 1] = (numbers[3 * length - 1] & 0xfe) | last;
            compare(
                c,
                &format!("modexp/bytes={length}/{name}"),
                5,
                &[&lengths[..], &numbers].concat(),
            );
        }
    }
    let mut lengths = [0; 96];
    (lengths[30], lengths[63], lengths[94]) = (1, 3, 1);
    let mut numbers = [&noise(256, 1)[..], &[1, 0, 1], &noise(256, 2)].concat();
    numbers[514] |= 1;
    compare(c, "modexp/bytes=256/exponent=65537", 5, &[&lengths[..], &numbers].concat());
}

fn word(number: u8) -> [u8; 32] {
    let mut word = [0; 32];
    word[31] = number;
    word
}

fn run(address: u64, parts: &[&[u8]]) -> Vec<u8> {
    let precompile = precompiles::at(Revision::Osaka, H160::from_low_u64_be(address))
        .expect("the precompile exists");
    (precompile.run)(&parts.concat(), u64::MAX).expect("the input is good").output.to_vec()
}

fn bn254(c: &mut Criterion) {
    let generator = [word(1), word(2)].concat();
    let (a, b) = (run(7, &[&generator, &noise(32, 1)]), run(7, &[&generator, &noise(32, 2)]));
    compare(c, "bn254_add", 6, &[&a[..], &b].concat());
    compare(c, "bn254_mul", 7, &[&a[..], &noise(32, 3)].concat());
    let g2 = hex_literal::hex!(
        "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
        "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
        "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
        "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
    );
    compare(c, "bn254_pairing/pairs=2", 8, &[&a[..], &g2, &b, &g2].concat());
    compare(c, "bn254_pairing/pairs=8", 8, &[&a[..], &g2].concat().repeat(8));
}

fn bls12_381(c: &mut Criterion) {
    let element = |seed| {
        let mut element = [vec![0; 16], noise(48, seed)].concat();
        element[16] &= 0x0f;
        element
    };
    let g1 = |seed| run(0x10, &[&element(seed)]);
    let g2 = |seed| run(0x11, &[&element(seed), &element(seed + 100)]);
    compare(c, "bls12_g1_add", 0x0b, &[g1(1), g1(2)].concat());
    compare(c, "bls12_g2_add", 0x0d, &[g2(1), g2(2)].concat());
    for count in [1, 2, 8, 32, 128] {
        let g1_terms: Vec<u8> =
            (0..count).flat_map(|seed| [g1(seed), noise(32, seed)].concat()).collect();
        compare(c, &format!("bls12_g1_msm/terms={count}"), 0x0c, &g1_terms);
        let g2_terms: Vec<u8> =
            (0..count).flat_map(|seed| [g2(seed), noise(32, seed)].concat()).collect();
        compare(c, &format!("bls12_g2_msm/terms={count}"), 0x0e, &g2_terms);
    }
    compare(c, "bls12_pairing/pairs=2", 0x0f, &[g1(1), g2(1), g1(2), g2(2)].concat());
    compare(c, "bls12_map_fp", 0x10, &element(1));
    compare(c, "bls12_map_fp2", 0x11, &[element(1), element(2)].concat());

    // The polynomial x: its commitment is the setup's second point, its proof the generator.
    let tau = hex_literal::hex!(
        "ad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81"
    );
    let generator = hex_literal::hex!(
        "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
    );
    let mut hash: [u8; 32] = sha2::Sha256::digest(tau).into();
    hash[0] = 1;
    let mut z = noise(32, 1);
    z[0] &= 0x3f;
    compare(c, "point_evaluation", 10, &[&hash[..], &z, &z, &tau, &generator].concat());
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300));
    targets = keccak, signatures, hashes, powers, bn254, bls12_381
}
criterion_main!(benches);
