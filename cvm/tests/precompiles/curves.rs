//! The curves bn254 and BLS12-381, and the point evaluation on the latter.

use cybermiles_cvm::Revision;
use hex_literal::hex;
use num_bigint::BigUint;
use sha2::Digest as _;

use super::peer::{Noise, agree, output, refused};

const BN_ORDER: [u8; 32] = hex!("30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001");
const BN_PRIME: [u8; 32] = hex!("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47");
const BLS_ORDER: [u8; 32] =
    hex!("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001");
const BLS_PRIME: [u8; 48] = hex!(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab"
);

/// The generator of the second group: imaginary part first.
const BN_G2: [u8; 128] = hex!(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
);

const BLS_G1: [u8; 96] = hex!(
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"
);

const BLS_G2: [u8; 192] = hex!(
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
    "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"
    "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be"
);

/// Puts 16 zeros before each 48 bytes.
fn padded(fields: &[u8]) -> Vec<u8> {
    fields.chunks(48).flat_map(|field| [&[0; 16][..], field].concat()).collect()
}

fn small(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

/// Returns modulus - value, in as many bytes.
fn negated(value: &[u8], modulus: &[u8]) -> Vec<u8> {
    let difference =
        (BigUint::from_bytes_be(modulus) - BigUint::from_bytes_be(value)).to_bytes_be();
    [&vec![0; value.len() - difference.len()][..], &difference].concat()
}

fn bn_generator() -> Vec<u8> {
    [small(1), small(2)].concat()
}

fn bn_mul(point: &[u8], scalar: &[u8]) -> Vec<u8> {
    output(Revision::Istanbul, 7, &[point, scalar].concat())
}

fn bn_add(left: &[u8], right: &[u8]) -> Vec<u8> {
    output(Revision::Istanbul, 6, &[left, right].concat())
}

fn bn_negated(point: &[u8]) -> Vec<u8> {
    [&point[..32], &negated(&point[32..], &BN_PRIME)].concat()
}

#[test]
fn bn254_keeps_the_laws_of_a_group() {
    let mut noise = Noise(10);
    for _ in 0..20 {
        let [a, b, c] = [0; 3].map(|_| bn_mul(&bn_generator(), &noise.word()));
        assert_eq!(bn_add(&a, &b), bn_add(&b, &a));
        assert_eq!(bn_add(&bn_add(&a, &b), &c), bn_add(&a, &bn_add(&b, &c)));
        assert_eq!(bn_add(&a, &[0; 64]), a);
        assert_eq!(bn_add(&a, &bn_negated(&a)), [0; 64]);
        assert_eq!(bn_add(&a, &a), bn_mul(&a, &small(2)));
        assert_eq!(bn_mul(&a, &BN_ORDER), [0; 64]);
        let scalar = noise.word();
        assert_eq!(
            bn_mul(&bn_add(&a, &b), &scalar),
            bn_add(&bn_mul(&a, &scalar), &bn_mul(&b, &scalar))
        );
    }
}

#[test]
fn bn254_agrees_with_the_peer() {
    let mut noise = Noise(11);
    let mut scalars = vec![small(0), small(1), small(2), BN_ORDER, [0xff; 32], BN_PRIME];
    scalars.extend((0..10).map(|_| noise.word()));
    for revision in [Revision::Byzantium, Revision::Istanbul] {
        for scalar in &scalars {
            let point = bn_mul(&bn_generator(), &noise.word());
            agree(revision, 7, &[&point[..], scalar].concat()).expect("on the curve");
            agree(revision, 7, &[&[0; 64][..], scalar].concat()).expect("infinity");
            let other = bn_mul(&bn_generator(), scalar);
            let input = [&point[..], &other, &[9; 20]].concat();
            for length in [0, 31, 64, 96, 127, 128, 148] {
                agree(revision, 6, &input[..length]);
                agree(revision, 7, &input[..length]);
            }
        }
    }
}

#[test]
fn bn254_refuses_what_is_no_point() {
    for address in [6, 7] {
        refused(Revision::Byzantium, address, &[small(1), small(3)].concat());
        refused(Revision::Byzantium, address, &[BN_PRIME, small(2)].concat());
        refused(Revision::Byzantium, address, &[[0xff; 32], [0xff; 32]].concat());
        refused(Revision::Byzantium, address, &[BN_PRIME, BN_PRIME].concat());
        refused(Revision::Byzantium, address, &[small(0), BN_PRIME].concat());
    }
    refused(Revision::Byzantium, 6, &[small(1), small(2), small(1), small(1)].concat());
}

#[test]
fn bn254_pairing_is_bilinear() {
    let mut noise = Noise(12);
    let word = |truth| small(u64::from(truth)).to_vec();
    let check = |pairs: &[Vec<u8>], expected| {
        for revision in [Revision::Byzantium, Revision::Istanbul] {
            let found = agree(revision, 8, &pairs.concat()).expect("the points are good");
            assert_eq!(found.1, word(expected));
        }
    };
    let pair = |g1: &[u8]| [g1, &BN_G2].concat();
    let generator = bn_generator();
    check(&[], true);
    check(&[pair(&generator)], false);
    check(&[pair(&[0; 64])], true);
    check(&[[&generator[..], &[0; 128]].concat()], true);
    check(&[pair(&generator), pair(&bn_negated(&generator))], true);
    let (a, b) = (bn_mul(&generator, &noise.word()), bn_mul(&generator, &noise.word()));
    check(&[pair(&a), pair(&b), pair(&bn_negated(&bn_add(&a, &b)))], true);
    check(&[pair(&a), pair(&b), pair(&bn_add(&a, &b))], false);
}

#[test]
fn bn254_pairing_refuses_bad_inputs() {
    let generator = bn_generator();
    let good = [&generator[..], &BN_G2].concat();
    for length in [1, 64, 191, 193, 383] {
        refused(Revision::Byzantium, 8, &[&good[..], &good[..]].concat()[..length]);
    }
    for at in [0, 32, 64, 96, 128, 160] {
        let mut input = good.clone();
        input[at + 31] ^= 1;
        refused(Revision::Byzantium, 8, &input);
        input[at..at + 32].copy_from_slice(&BN_PRIME);
        refused(Revision::Byzantium, 8, &input);
    }
    // On the twisted curve, not in the subgroup.
    let outside = hex!(
        "0000000000000000000000000000000000000000000000000000000000000001"
        "0000000000000000000000000000000000000000000000000000000000000002"
        "0000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000001"
    );
    refused(Revision::Byzantium, 8, &[&generator[..], &outside].concat());
}

fn g1() -> Vec<u8> {
    padded(&BLS_G1)
}

fn g2() -> Vec<u8> {
    padded(&BLS_G2)
}

fn bls(address: u64, parts: &[&[u8]]) -> Vec<u8> {
    output(Revision::Prague, address, &parts.concat())
}

fn bls_agree(address: u64, parts: &[&[u8]]) -> Vec<u8> {
    agree(Revision::Prague, address, &parts.concat()).expect("the points are good").1
}

fn g1_negated(point: &[u8]) -> Vec<u8> {
    [&point[..80], &negated(&point[80..128], &BLS_PRIME)].concat()
}

/// A point of the first curve that is hardly in the subgroup: the least abscissa from `start` on that has one.
fn g1_outside(start: u64) -> Vec<u8> {
    let prime = BigUint::from_bytes_be(&BLS_PRIME);
    let root = (&prime + 1_u8) / 4_u8;
    for x in start.. {
        let square = BigUint::from(x).pow(3) + 4_u8;
        let y = square.modpow(&root, &prime);
        if &y * &y % &prime == square {
            let y = y.to_bytes_be();
            return [&[0; 56][..], &x.to_be_bytes(), &vec![0; 64 - y.len()], &y].concat();
        }
    }
    unreachable!("half of all numbers are squares")
}

#[test]
fn bls_addition_agrees_with_the_peer() {
    let mut noise = Noise(13);
    for _ in 0..10 {
        let [a, b] = [0; 2].map(|_| bls(0x0c, &[&g1(), &noise.word()]));
        bls_agree(0x0b, &[&a, &b]);
        assert_eq!(bls_agree(0x0b, &[&a, &[0; 128]]), a);
        assert_eq!(bls_agree(0x0b, &[&a, &g1_negated(&a)]), [0; 128]);
        assert_eq!(bls_agree(0x0b, &[&a, &a]), bls(0x0c, &[&a, &small(2)]));
        let [a, b] = [0; 2].map(|_| bls(0x0e, &[&g2(), &noise.word()]));
        bls_agree(0x0d, &[&a, &b]);
        assert_eq!(bls_agree(0x0d, &[&a, &[0; 256]]), a);
        assert_eq!(bls_agree(0x0d, &[&a, &a]), bls(0x0e, &[&a, &small(2)]));
    }
    // Additions take points outside the subgroup.
    bls_agree(0x0b, &[&g1_outside(3), &g1()]);
    bls_agree(0x0b, &[&g1_outside(3), &g1_outside(3)]);
}

#[test]
fn bls_multiplication_agrees_with_the_peer() {
    let mut noise = Noise(14);
    for count in [1, 2, 3, 4, 5, 8, 17, 33, 130] {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for index in 0..count {
            let scalar = match index % 7 {
                3 => small(0),
                4 => BLS_ORDER,
                5 => [0xff; 32],
                6 => small(1),
                _ => noise.word(),
            };
            if index % 5 == 4 {
                first.extend([0; 128]);
                second.extend([0; 256]);
            } else {
                first.extend(bls(0x0c, &[&g1(), &noise.word()]));
                second.extend(bls(0x0e, &[&g2(), &noise.word()]));
            }
            first.extend(scalar);
            second.extend(scalar);
        }
        bls_agree(0x0c, &[&first]);
        bls_agree(0x0e, &[&second]);
    }
    for scalar in [small(0), small(1), BLS_ORDER, [0xff; 32]] {
        bls_agree(0x0c, &[&g1(), &scalar]);
        bls_agree(0x0e, &[&g2(), &scalar]);
    }
}

#[test]
fn bls_refuses_bad_inputs() {
    for (address, unit) in
        [(0x0b, 256), (0x0c, 160), (0x0d, 512), (0x0e, 288), (0x0f, 384), (0x10, 64), (0x11, 128)]
    {
        for length in [0, 1, unit - 1, unit + 1] {
            refused(Revision::Prague, address, &vec![0; length]);
        }
        for at in (0..unit - 32).step_by(64) {
            // A byte that must be zero, and an element that equals the modulus.
            let mut input = vec![0; unit];
            input[at + 15] = 1;
            refused(Revision::Prague, address, &input);
            let mut input = vec![0; unit];
            input[at + 16..at + 64].copy_from_slice(&BLS_PRIME);
            refused(Revision::Prague, address, &input);
        }
    }
    let scalar = small(3);
    let outside = g1_outside(3);
    refused(Revision::Prague, 0x0c, &[&outside[..], &scalar].concat());
    refused(Revision::Prague, 0x0c, &[&outside[..], &small(0)].concat());
    refused(Revision::Prague, 0x0f, &[&outside[..], &g2()].concat());
    refused(Revision::Prague, 0x0f, &[&outside[..], &[0; 256]].concat());
    let (mut off_g1, mut off_g2) = (g1(), g2());
    off_g1[127] ^= 1;
    off_g2[255] ^= 1;
    refused(Revision::Prague, 0x0b, &[&off_g1[..], &g1()].concat());
    refused(Revision::Prague, 0x0d, &[&g2()[..], &off_g2].concat());
    refused(Revision::Prague, 0x0e, &[&off_g2[..], &scalar].concat());
    refused(Revision::Prague, 0x0f, &[&g1()[..], &off_g2].concat());
}

#[test]
fn bls_pairing_is_bilinear() {
    let mut noise = Noise(15);
    let check = |pairs: &[Vec<u8>], expected| {
        assert_eq!(bls_agree(0x0f, &[&pairs.concat()]), small(u64::from(expected)));
    };
    let pair = |left: &[u8], right: &[u8]| [left, right].concat();
    check(&[pair(&g1(), &g2())], false);
    check(&[pair(&[0; 128], &g2())], true);
    check(&[pair(&g1(), &[0; 256])], true);
    for _ in 0..3 {
        let (a, b) = (noise.word(), noise.word());
        let (left, right) = (bls(0x0c, &[&g1(), &a]), bls(0x0e, &[&g2(), &b]));
        let both = bls(0x0c, &[&left, &b]);
        check(&[pair(&left, &right), pair(&g1_negated(&both), &g2())], true);
        check(&[pair(&left, &right), pair(&both, &g2())], false);
        check(
            &[pair(&left, &right), pair(&[0; 128], &g2()), pair(&g1_negated(&both), &g2())],
            true,
        );
    }
}

#[test]
fn bls_maps_agree_with_the_peer() {
    let mut noise = Noise(16);
    let mut elements = vec![
        vec![0; 48],
        [&[0; 47][..], &[1]].concat(),
        negated(&[&[0; 47][..], &[1]].concat(), &BLS_PRIME),
    ];
    elements.extend((0..20).map(|_| {
        let mut element = noise.bytes(48);
        element[0] &= 0x0f;
        element
    }));
    for (index, element) in elements.iter().enumerate() {
        bls_agree(0x10, &[&padded(element)]);
        let other = &elements[(index * 7 + 1) % elements.len()];
        bls_agree(0x11, &[&padded(element), &padded(other)]);
    }
}

/// Compresses a point of the first group.
fn compressed(point: &[u8]) -> [u8; 48] {
    let mut bytes: [u8; 48] = point[16..64].try_into().expect("48 bytes");
    if point == [0; 128] {
        bytes[0] = 0xc0;
        return bytes;
    }
    let y = &point[80..];
    bytes[0] |= if y > &negated(y, &BLS_PRIME)[..] { 0xa0 } else { 0x80 };
    bytes
}

fn evaluation_input(
    z: &[u8; 32],
    y: &[u8; 32],
    commitment: &[u8; 48],
    proof: &[u8; 48],
) -> Vec<u8> {
    let mut hash: [u8; 32] = sha2::Sha256::digest(commitment).into();
    hash[0] = 1;
    [&hash[..], z, y, commitment, proof].concat()
}

/// A constant polynomial has its value everywhere, and the proof is the point at infinity.
#[test]
fn constants_evaluate_to_themselves() {
    let mut noise = Noise(17);
    let infinity = compressed(&[0; 128]);
    for _ in 0..5 {
        let (mut z, mut y) = (noise.word(), noise.word());
        z[0] &= 0x3f;
        y[0] &= 0x3f;
        let commitment = compressed(&bls(0x0c, &[&g1(), &y]));
        let found = agree(Revision::Cancun, 10, &evaluation_input(&z, &y, &commitment, &infinity));
        let expected = [small(4096), BLS_ORDER].concat();
        assert_eq!(found, Some((50_000, expected)));
        let proof = compressed(&g1());
        refused(Revision::Cancun, 10, &evaluation_input(&z, &y, &commitment, &proof));
        refused(Revision::Cancun, 10, &evaluation_input(&z, &z, &commitment, &infinity));
    }
}

/// The polynomial x itself: the commitment is tau G1 of the trusted setup, the value is z, the proof is G1.
#[test]
fn the_identity_evaluates_to_its_argument() {
    let tau = hex!(
        "ad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81"
    );
    let mut noise = Noise(18);
    for _ in 0..5 {
        let mut z = noise.word();
        z[0] &= 0x3f;
        let input = evaluation_input(&z, &z, &tau, &compressed(&g1()));
        agree(Revision::Cancun, 10, &input).expect("the proof is good");
        let mut other = z;
        other[31] ^= 1;
        refused(Revision::Cancun, 10, &evaluation_input(&z, &other, &tau, &compressed(&g1())));
        refused(Revision::Cancun, 10, &evaluation_input(&other, &z, &tau, &compressed(&g1())));
    }
}

#[test]
fn point_evaluation_refuses_bad_inputs() {
    let infinity = compressed(&[0; 128]);
    let commitment = compressed(&g1());
    let one = small(1);
    let good = evaluation_input(&one, &one, &commitment, &infinity);
    agree(Revision::Cancun, 10, &good).expect("the constant one");
    for length in [0, 96, 191] {
        refused(Revision::Cancun, 10, &good[..length]);
    }
    refused(Revision::Cancun, 10, &[&good[..], &[0]].concat());
    for at in [0, 1, 31] {
        let mut input = good.clone();
        input[at] ^= 2;
        refused(Revision::Cancun, 10, &input);
    }
    for scalar in [BLS_ORDER, [0xff; 32]] {
        refused(Revision::Cancun, 10, &evaluation_input(&scalar, &one, &commitment, &infinity));
        refused(Revision::Cancun, 10, &evaluation_input(&one, &scalar, &commitment, &infinity));
    }
    // Every combination of the flags, on the point at infinity and on others.
    for flags in 0..8_u8 {
        for mut point in [infinity, commitment, compressed(&g1_outside(3)), [0; 48], [0xff; 48]] {
            point[0] = (point[0] & 0x1f) | (flags << 5);
            agree(Revision::Cancun, 10, &evaluation_input(&one, &one, &point, &infinity));
            agree(Revision::Cancun, 10, &evaluation_input(&one, &one, &commitment, &point));
        }
    }
}
