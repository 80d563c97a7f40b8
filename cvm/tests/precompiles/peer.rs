//! Another implementation, and the comparison with it.

use cybermiles_cvm::{Revision, precompiles};
use primitive_types::H160;
use revm_precompile::{PrecompileSpecId, Precompiles, u64_to_address};

/// More gas than any test needs.
pub(crate) const PLENTY: u64 = 1 << 50;

/// Runs a precompile with plenty of gas: the gas used and the output, or nothing when it fails.
pub(crate) fn ours(
    revision: Revision,
    address: u64,
    input: &[u8],
    gas_limit: u64,
) -> Option<(u64, Vec<u8>)> {
    let precompile =
        precompiles::at(revision, H160::from_low_u64_be(address)).expect("the precompile exists");
    let output = (precompile.run)(input, gas_limit).ok()?;
    assert!(output.gas_used <= gas_limit);
    Some((output.gas_used, output.output.to_vec()))
}

fn theirs(
    revision: Revision,
    address: u64,
    input: &[u8],
    gas_limit: u64,
) -> Option<(u64, Vec<u8>)> {
    let precompiles = Precompiles::new(spec(revision));
    let precompile = precompiles.get(&u64_to_address(address)).expect("the precompile exists");
    let output = precompile.execute(input, gas_limit, 0).expect("no fatal error");
    output.is_success().then(|| (output.gas_used, output.bytes.to_vec()))
}

pub(crate) fn spec(revision: Revision) -> PrecompileSpecId {
    match revision {
        Revision::Frontier
        | Revision::Homestead
        | Revision::TangerineWhistle
        | Revision::SpuriousDragon => PrecompileSpecId::HOMESTEAD,
        Revision::Byzantium | Revision::Constantinople | Revision::Petersburg => {
            PrecompileSpecId::BYZANTIUM
        }
        Revision::Istanbul => PrecompileSpecId::ISTANBUL,
        Revision::Berlin | Revision::London | Revision::Paris | Revision::Shanghai => {
            PrecompileSpecId::BERLIN
        }
        Revision::Cancun => PrecompileSpecId::CANCUN,
        Revision::Prague => PrecompileSpecId::PRAGUE,
        Revision::Osaka => PrecompileSpecId::OSAKA,
    }
}

/// Checks that both agree with plenty of gas, with just enough and with one less; returns what they agree on.
pub(crate) fn agree(revision: Revision, address: u64, input: &[u8]) -> Option<(u64, Vec<u8>)> {
    let context = || format!("{revision:?} {address:#x} {}", hex::encode(input));
    let result = ours(revision, address, input, PLENTY);
    assert_eq!(result, theirs(revision, address, input, PLENTY), "{}", context());
    if let Some((price, _)) = &result {
        assert_eq!(ours(revision, address, input, *price), result, "{}", context());
        if let Some(less) = price.checked_sub(1) {
            assert_eq!(ours(revision, address, input, less), None, "{}", context());
            assert_eq!(theirs(revision, address, input, less), None, "{}", context());
        }
    }
    result
}

/// Runs with plenty of gas and expects success.
pub(crate) fn output(revision: Revision, address: u64, input: &[u8]) -> Vec<u8> {
    ours(revision, address, input, PLENTY).expect("the input is good").1
}

/// Checks that an input is refused by both.
pub(crate) fn refused(revision: Revision, address: u64, input: &[u8]) {
    assert_eq!(
        agree(revision, address, input),
        None,
        "{revision:?} {address:#x} {}",
        hex::encode(input)
    );
}

/// Bytes without a pattern, the same in every run (xorshift64*).
#[derive(Clone)]
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.number() >> 56) as u8).collect()
    }

    pub(crate) fn word(&mut self) -> [u8; 32] {
        self.bytes(32).try_into().expect("32 bytes")
    }
}

#[test]
fn every_revision_has_the_precompiles_of_the_peer() {
    for revision in Revision::ALL {
        let mut expected: Vec<H160> =
            Precompiles::new(spec(revision)).addresses().map(|address| H160(address.0.0)).collect();
        expected.sort();
        let found: Vec<H160> =
            precompiles::for_revision(revision).iter().map(|row| row.address).collect();
        assert_eq!(found, expected, "{revision:?}");
    }
}

#[test]
fn look_up_finds_what_is_listed_and_nothing_else() {
    for revision in Revision::ALL {
        let listed = precompiles::for_revision(revision);
        for number in 0..=0x1_0100_u64 {
            let address = H160::from_low_u64_be(number);
            let expected = listed.iter().find(|row| row.address == address).map(|row| row.name);
            assert_eq!(
                precompiles::at(revision, address).map(|row| row.name),
                expected,
                "{number:#x}"
            );
        }
        let mut far = H160::from_low_u64_be(1);
        far.0[0] = 1;
        assert!(precompiles::at(revision, far).is_none());
    }
}
