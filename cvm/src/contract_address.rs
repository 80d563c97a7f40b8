//! Where new contracts are put.

use crate::{RlpWriter, Word, keccak256};
use alloc::vec::Vec;
use primitive_types::H160 as Address;

/// The address of a contract made by CREATE or by a transaction (YP 7).
pub(crate) fn of_nonce(creator: &Address, nonce: u64) -> Address {
    let mut writer = RlpWriter::default();
    writer.write_list(|list| {
        list.write_bytes(creator.as_bytes());
        list.write_u64(nonce);
    });
    Address::from_slice(&keccak256(writer.as_bytes())[12..])
}

/// The address of a contract made by CREATE2 (EIP-1014).
pub(crate) fn of_salted(creator: &Address, salt: &Word, code: &[u8]) -> Address {
    let mut preimage = Vec::with_capacity(85);
    preimage.push(0xff);
    preimage.extend_from_slice(creator.as_bytes());
    preimage.extend_from_slice(&salt.to_be_bytes());
    preimage.extend_from_slice(keccak256(code).as_bytes());
    Address::from_slice(&keccak256(&preimage)[12..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of EIP-1014, and the well-known first contracts of an account.
    #[test]
    fn addresses_follow_creator_nonce_and_salt() {
        let creator =
            Address::from_slice(&hex::decode("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0").unwrap());
        let expected = [
            "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d",
            "343c43a37d37dff08ae8c4a11544c718abb4fcf8",
            "f778b86fa74e846c4f0a1fbd1335fe81c00a0c91",
        ];
        for (nonce, expected) in expected.into_iter().enumerate() {
            assert_eq!(hex::encode(of_nonce(&creator, nonce as u64)), expected);
        }
        let salted = of_salted(&Address::zero(), &Word::ZERO, &[0]);
        assert_eq!(hex::encode(salted), "4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38");
    }
}
