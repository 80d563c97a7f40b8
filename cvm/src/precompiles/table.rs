//! Which precompiles each revision has.

use primitive_types::H160;

use super::{
    Precompile, PrecompileFn, blake2f, bls12_381, bn254, ecrecover, hashes, modexp, p256_verify,
    point_evaluation,
};
use crate::Revision;

const fn row(address: u16, name: &'static str, run: PrecompileFn) -> Precompile {
    let [high, low] = address.to_be_bytes();
    let mut bytes = [0; 20];
    bytes[18] = high;
    bytes[19] = low;
    Precompile { name, address: H160(bytes), run }
}

const ECRECOVER: Precompile = row(0x01, "ECREC", ecrecover::run);
const SHA256: Precompile = row(0x02, "SHA256", hashes::sha256);
const RIPEMD160: Precompile = row(0x03, "RIPEMD160", hashes::ripemd160);
const IDENTITY: Precompile = row(0x04, "ID", hashes::identity);
const MODEXP_198: Precompile = row(0x05, "MODEXP", modexp::run_byzantium);
const MODEXP_2565: Precompile = row(0x05, "MODEXP", modexp::run_berlin);
const MODEXP_7883: Precompile = row(0x05, "MODEXP", modexp::run_osaka);
const BN254_ADD_196: Precompile = row(0x06, "BN254_ADD", bn254::add_byzantium);
const BN254_MUL_196: Precompile = row(0x07, "BN254_MUL", bn254::mul_byzantium);
const BN254_PAIRING_197: Precompile = row(0x08, "BN254_PAIRING", bn254::pairing_byzantium);
const BN254_ADD_1108: Precompile = row(0x06, "BN254_ADD", bn254::add_istanbul);
const BN254_MUL_1108: Precompile = row(0x07, "BN254_MUL", bn254::mul_istanbul);
const BN254_PAIRING_1108: Precompile = row(0x08, "BN254_PAIRING", bn254::pairing_istanbul);
const BLAKE2F: Precompile = row(0x09, "BLAKE2F", blake2f::run);
const POINT_EVALUATION: Precompile = row(0x0a, "KZG_POINT_EVALUATION", point_evaluation::run);
const BLS12_G1ADD: Precompile = row(0x0b, "BLS12_G1ADD", bls12_381::g1_add);
const BLS12_G1MSM: Precompile = row(0x0c, "BLS12_G1MSM", bls12_381::g1_msm);
const BLS12_G2ADD: Precompile = row(0x0d, "BLS12_G2ADD", bls12_381::g2_add);
const BLS12_G2MSM: Precompile = row(0x0e, "BLS12_G2MSM", bls12_381::g2_msm);
const BLS12_PAIRING: Precompile = row(0x0f, "BLS12_PAIRING_CHECK", bls12_381::pairing);
const BLS12_MAP_FP: Precompile = row(0x10, "BLS12_MAP_FP_TO_G1", bls12_381::map_fp_to_g1);
const BLS12_MAP_FP2: Precompile = row(0x11, "BLS12_MAP_FP2_TO_G2", bls12_381::map_fp2_to_g2);
const P256VERIFY: Precompile = row(P256VERIFY_ADDRESS, "P256VERIFY", p256_verify::run);

/// The one address that does not follow on the others.
const P256VERIFY_ADDRESS: u16 = 0x100;

static FRONTIER: [Precompile; 4] = [ECRECOVER, SHA256, RIPEMD160, IDENTITY];

static BYZANTIUM: [Precompile; 8] = [
    ECRECOVER,
    SHA256,
    RIPEMD160,
    IDENTITY,
    MODEXP_198,
    BN254_ADD_196,
    BN254_MUL_196,
    BN254_PAIRING_197,
];

static ISTANBUL: [Precompile; 9] = [
    ECRECOVER,
    SHA256,
    RIPEMD160,
    IDENTITY,
    MODEXP_198,
    BN254_ADD_1108,
    BN254_MUL_1108,
    BN254_PAIRING_1108,
    BLAKE2F,
];

static BERLIN: [Precompile; 9] = [
    ECRECOVER,
    SHA256,
    RIPEMD160,
    IDENTITY,
    MODEXP_2565,
    BN254_ADD_1108,
    BN254_MUL_1108,
    BN254_PAIRING_1108,
    BLAKE2F,
];

static CANCUN: [Precompile; 10] = [
    ECRECOVER,
    SHA256,
    RIPEMD160,
    IDENTITY,
    MODEXP_2565,
    BN254_ADD_1108,
    BN254_MUL_1108,
    BN254_PAIRING_1108,
    BLAKE2F,
    POINT_EVALUATION,
];

static PRAGUE: [Precompile; 17] = [
    ECRECOVER,
    SHA256,
    RIPEMD160,
    IDENTITY,
    MODEXP_2565,
    BN254_ADD_1108,
    BN254_MUL_1108,
    BN254_PAIRING_1108,
    BLAKE2F,
    POINT_EVALUATION,
    BLS12_G1ADD,
    BLS12_G1MSM,
    BLS12_G2ADD,
    BLS12_G2MSM,
    BLS12_PAIRING,
    BLS12_MAP_FP,
    BLS12_MAP_FP2,
];

static OSAKA: [Precompile; 18] = [
    ECRECOVER,
    SHA256,
    RIPEMD160,
    IDENTITY,
    MODEXP_7883,
    BN254_ADD_1108,
    BN254_MUL_1108,
    BN254_PAIRING_1108,
    BLAKE2F,
    POINT_EVALUATION,
    BLS12_G1ADD,
    BLS12_G1MSM,
    BLS12_G2ADD,
    BLS12_G2MSM,
    BLS12_PAIRING,
    BLS12_MAP_FP,
    BLS12_MAP_FP2,
    P256VERIFY,
];

/// Returns the precompiles of a revision, ordered by address.
#[inline]
#[must_use]
pub fn for_revision(revision: Revision) -> &'static [Precompile] {
    match revision {
        Revision::Frontier
        | Revision::Homestead
        | Revision::TangerineWhistle
        | Revision::SpuriousDragon => &FRONTIER,
        Revision::Byzantium | Revision::Constantinople | Revision::Petersburg => &BYZANTIUM,
        Revision::Istanbul => &ISTANBUL,
        Revision::Berlin | Revision::London | Revision::Paris | Revision::Shanghai => &BERLIN,
        Revision::Cancun => &CANCUN,
        Revision::Prague => &PRAGUE,
        Revision::Osaka => &OSAKA,
    }
}

/// Returns the precompile at `address`, if the revision has one there.
#[inline]
#[must_use]
pub fn at(revision: Revision, address: H160) -> Option<&'static Precompile> {
    let [prefix @ .., high, low] = address.0;
    if prefix != [0; 18] {
        return None;
    }
    let precompiles = for_revision(revision);
    // The addresses are 1, 2, 3 and so on, but for the last.
    let index = match u16::from_be_bytes([high, low]) {
        P256VERIFY_ADDRESS => OSAKA.len() - 1,
        number if usize::from(number) < OSAKA.len() => usize::from(number).checked_sub(1)?,
        _ => return None,
    };
    precompiles.get(index)
}
