//! What an account is, and how the account trie stores it.

use primitive_types::{H256, U256};

use crate::{
    keccak::{EMPTY_CODE_HASH, EMPTY_TRIE_ROOT},
    rlp::{self, RlpError},
};

/// An account as the account trie commits to it (YP 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// Number of transactions sent, or of contracts created, by the account.
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// Root of the account's storage trie.
    pub storage_root: H256,
    /// Keccak-256 of the account's code.
    pub code_hash: H256,
}

impl Account {
    /// An account with nonce and balance only: no code, no storage.
    #[must_use]
    pub const fn externally_owned(nonce: u64, balance: U256) -> Self {
        Self { nonce, balance, storage_root: EMPTY_TRIE_ROOT, code_hash: EMPTY_CODE_HASH }
    }

    /// True when the account has neither code nor storage.
    #[must_use]
    pub fn is_externally_owned(&self) -> bool {
        self.storage_root == EMPTY_TRIE_ROOT && self.code_hash == EMPTY_CODE_HASH
    }

    /// Appends the RLP list of nonce, balance, storage root and code hash.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let payload_length =
            rlp::length_of_u64(self.nonce) + rlp::length_of_u256(&self.balance) + 33 + 33;
        rlp::put_list_header(out, payload_length);
        rlp::put_u64(out, self.nonce);
        rlp::put_u256(out, &self.balance);
        rlp::put_bytes(out, self.storage_root.as_bytes());
        rlp::put_bytes(out, self.code_hash.as_bytes());
    }

    /// The RLP list of nonce, balance, storage root and code hash.
    #[must_use]
    pub fn to_rlp(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(112);
        self.encode(&mut out);
        out
    }

    /// Reads what [`Account::encode`] writes, and nothing else.
    ///
    /// # Errors
    ///
    /// `RlpError` names the first rule that the bytes break.
    pub fn from_rlp(bytes: &[u8]) -> Result<Self, RlpError> {
        let mut fields = rlp::decode(bytes)?.list()?;
        let account = Self {
            nonce: fields.take()?.u64()?,
            balance: fields.take()?.u256()?,
            storage_root: fields.take()?.h256()?,
            code_hash: fields.take()?.h256()?,
        };
        fields.finish()?;
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_what_was_written() {
        for nonce in [0, 1, 127, 128, u64::MAX] {
            for balance in [U256::zero(), U256::from(1), U256::from(128), U256::MAX] {
                let account = Account {
                    nonce,
                    balance,
                    storage_root: H256::repeat_byte(3),
                    code_hash: H256::repeat_byte(0x80),
                };
                assert_eq!(Account::from_rlp(&account.to_rlp()), Ok(account));
            }
        }
    }

    #[test]
    fn refuses_other_shapes() {
        let good = Account::externally_owned(1, U256::from(1000)).to_rlp();
        for length in 0..good.len() {
            assert!(Account::from_rlp(&good[..length]).is_err(), "cut at {length}");
        }
        let mut trailing = good.clone();
        trailing.push(0);
        assert_eq!(Account::from_rlp(&trailing), Err(RlpError::TrailingBytes));
        let mut five_fields = good;
        five_fields.push(0x80);
        five_fields[1] += 1;
        assert_eq!(Account::from_rlp(&five_fields), Err(RlpError::TooManyItems));
    }
}
