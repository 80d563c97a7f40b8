//! Accounts as the resident trie holds them: small for the many that have neither code nor storage.

use primitive_types::{H256, U256};

use crate::{
    account::Account,
    keccak::{EMPTY_CODE_HASH, EMPTY_TRIE_ROOT},
    rlp,
    trie::LeafValue,
};

/// An account in 32 bytes, or in a box of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PackedAccount {
    /// No code, no storage, and a balance of at most 128 bits, the low half first.
    ExternallyOwned { nonce: u64, balance: [u64; 2] },
    /// Any other account.
    Contract(Box<Account>),
}

impl From<Account> for PackedAccount {
    fn from(account: Account) -> Self {
        match account.balance.0 {
            [low, high, 0, 0] if account.is_externally_owned() => {
                Self::ExternallyOwned { nonce: account.nonce, balance: [low, high] }
            }
            _ => Self::Contract(Box::new(account)),
        }
    }
}

impl PackedAccount {
    pub(crate) fn storage_root(&self) -> H256 {
        match self {
            Self::ExternallyOwned { .. } => EMPTY_TRIE_ROOT,
            Self::Contract(account) => account.storage_root,
        }
    }
}

impl From<&PackedAccount> for Account {
    fn from(packed: &PackedAccount) -> Self {
        match packed {
            PackedAccount::ExternallyOwned { nonce, balance: [low, high] } => {
                Self::externally_owned(*nonce, U256([*low, *high, 0, 0]))
            }
            PackedAccount::Contract(account) => **account,
        }
    }
}

impl LeafValue for PackedAccount {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::ExternallyOwned { nonce, balance: [low, high] } => {
                // The same as `Account::encode`, with the last two fields prepared.
                let balance = u128::from(*high) << 64 | u128::from(*low);
                let zeros = balance.leading_zeros() as usize / 8;
                let balance_bytes = balance.to_be_bytes();
                let balance_bytes = &balance_bytes[zeros..];
                let payload_length =
                    rlp::length_of_u64(*nonce) + rlp::length_of_bytes(balance_bytes) + 66;
                rlp::put_list_header(out, payload_length);
                rlp::put_u64(out, *nonce);
                rlp::put_bytes(out, balance_bytes);
                out.extend_from_slice(&NO_STORAGE_NO_CODE);
            }
            Self::Contract(account) => account.encode(out),
        }
    }
}

/// The RLP of the empty trie's root and of the empty code's hash.
const NO_STORAGE_NO_CODE: [u8; 66] = {
    let mut bytes = [0xa0; 66];
    let (root, hash): (H256, H256) = (EMPTY_TRIE_ROOT, EMPTY_CODE_HASH);
    let mut at = 0;
    while at < 32 {
        bytes[1 + at] = root.0[at];
        bytes[34 + at] = hash.0[at];
        at += 1;
    }
    bytes
};

impl LeafValue for U256 {
    fn encode(&self, out: &mut Vec<u8>) {
        rlp::put_u256(out, self);
    }
}

impl LeafValue for &[u8] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_changes_neither_account_nor_encoding() {
        let balances = [0, 1, 127, 128, 1 << 64, u128::MAX].map(U256::from);
        for balance in balances.into_iter().chain([U256::from(u128::MAX) + 1, U256::MAX]) {
            for nonce in [0, 1, 128, u64::MAX] {
                for code_hash in [EMPTY_CODE_HASH, H256::zero()] {
                    let account =
                        Account { code_hash, ..Account::externally_owned(nonce, balance) };
                    let packed = PackedAccount::from(account);
                    let mut encoded = Vec::new();
                    packed.encode(&mut encoded);
                    assert_eq!(encoded, account.to_rlp());
                    assert_eq!(Account::from(&packed), account);
                }
            }
        }
    }

    #[test]
    fn a_leaf_without_contract_fits_a_cache_line() {
        assert_eq!(size_of::<PackedAccount>(), 32);
    }
}
