//! Signatures that cost nothing and cannot be forged by whoever plays by the rules of the simulation.

use alloc::vec::Vec;

use primitive_types::H160;

use crate::{
    Digest, SignError, Signature, Signer, Validator, ValidatorIndex, Verifier, VotingPower,
};

/// Makes and checks the signatures of one address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seal(pub(super) H160);

impl Seal {
    pub(super) fn signature(self, digest: &Digest) -> Signature {
        let mut bytes = [0; 65];
        bytes[..32].copy_from_slice(digest);
        bytes[32..52].copy_from_slice(self.0.as_bytes());
        Signature(bytes)
    }
}

impl Signer for Seal {
    fn address(&self) -> H160 {
        self.0
    }

    fn sign(&self, digest: &Digest) -> Result<Signature, SignError> {
        Ok(self.signature(digest))
    }
}

/// Checks everybody's signatures.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnySeal;

impl Verifier for AnySeal {
    fn is_valid(&self, signer: &H160, digest: &Digest, signature: &Signature) -> bool {
        Seal(*signer).signature(digest) == *signature
    }
}

/// The address of the validator at a position.
pub(super) fn address(index: ValidatorIndex) -> H160 {
    let mut address = H160::zero();
    address.0[..2].copy_from_slice(&(index.0 + 1).to_be_bytes());
    address
}

/// Validators whose order is that of their powers, which are sorted.
pub(super) fn members(powers: &[u64]) -> Vec<Validator> {
    let member = |(at, power): (usize, &u64)| Validator {
        address: address(ValidatorIndex(at as u16)),
        power: VotingPower::new(*power),
    };
    powers.iter().enumerate().map(member).collect()
}
