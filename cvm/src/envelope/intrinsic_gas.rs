//! The gas that a transaction costs before its first instruction.

use crate::{
    revision::Revision,
    transaction::{AccessListItem, Target, Transaction},
};

/// What a transaction pays for being one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IntrinsicGas {
    /// Gas charged before execution (YP `g0`).
    pub initial: u64,
    /// The least gas charged in the end, whatever was used or refunded (EIP-7623); zero before Prague.
    pub floor: u64,
}

/// Base cost of every transaction.
const TRANSACTION: u64 = 21_000;

/// Prices of one revision.
struct Prices {
    /// A creation, on top of the base (EIP-2).
    creation: u64,
    /// A zero byte of input.
    zero_byte: u64,
    /// Another byte of input (EIP-2028).
    nonzero_byte: u64,
    /// A 32-byte word of init code (EIP-3860).
    init_code_word: u64,
    /// An address of the access list (EIP-2930).
    access_address: u64,
    /// A storage key of the access list (EIP-2930).
    access_storage_key: u64,
    /// An authorization (EIP-7702 `PER_EMPTY_ACCOUNT_COST`).
    authorization: u64,
    /// The floor's base and its price of a token: a zero byte is one token, another byte four (EIP-7623).
    floor_base: u64,
    floor_token: u64,
}

const FRONTIER: Prices = Prices {
    creation: 0,
    zero_byte: 4,
    nonzero_byte: 68,
    init_code_word: 0,
    access_address: 0,
    access_storage_key: 0,
    authorization: 0,
    floor_base: 0,
    floor_token: 0,
};
const HOMESTEAD: Prices = Prices { creation: 32_000, ..FRONTIER };
const ISTANBUL: Prices = Prices { nonzero_byte: 16, ..HOMESTEAD };
const BERLIN: Prices = Prices { access_address: 2_400, access_storage_key: 1_900, ..ISTANBUL };
const SHANGHAI: Prices = Prices { init_code_word: 2, ..BERLIN };
const PRAGUE: Prices =
    Prices { authorization: 25_000, floor_base: TRANSACTION, floor_token: 10, ..SHANGHAI };

const fn prices(revision: Revision) -> &'static Prices {
    match revision {
        Revision::Frontier => &FRONTIER,
        Revision::Homestead
        | Revision::TangerineWhistle
        | Revision::SpuriousDragon
        | Revision::Byzantium
        | Revision::Constantinople
        | Revision::Petersburg => &HOMESTEAD,
        Revision::Istanbul => &ISTANBUL,
        Revision::Berlin | Revision::London | Revision::Paris => &BERLIN,
        Revision::Shanghai | Revision::Cancun => &SHANGHAI,
        Revision::Prague | Revision::Osaka => &PRAGUE,
    }
}

impl IntrinsicGas {
    /// Computes both figures; total for every transaction, since counts of things in memory fit 64 bits after pricing.
    #[must_use]
    pub fn of(revision: Revision, transaction: &Transaction) -> Self {
        let prices = prices(revision);
        let size = count(transaction.input.len());
        let zero_bytes = count(transaction.input.iter().filter(|byte| **byte == 0).count());
        let nonzero_bytes = size - zero_bytes;
        let mut initial =
            TRANSACTION + zero_bytes * prices.zero_byte + nonzero_bytes * prices.nonzero_byte;
        if transaction.target == Target::Create {
            initial += prices.creation + size.div_ceil(32) * prices.init_code_word;
        }
        let storage_keys: u64 = transaction.access_list.iter().map(storage_key_count).sum();
        initial += count(transaction.access_list.len()) * prices.access_address;
        initial += storage_keys * prices.access_storage_key;
        initial += count(transaction.authorizations.len()) * prices.authorization;
        let tokens = zero_bytes + 4 * nonzero_bytes;
        Self { initial, floor: prices.floor_base + tokens * prices.floor_token }
    }

    /// Returns the least gas limit that a transaction may have.
    #[must_use]
    pub fn gas_limit_min(&self) -> u64 {
        self.initial.max(self.floor)
    }
}

fn storage_key_count(item: &AccessListItem) -> u64 {
    count(item.storage_keys.len())
}

const fn count(count: usize) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use primitive_types::{H160 as Address, H256};

    use super::*;
    use crate::transaction::Authorization;

    fn check(transaction: &Transaction, rows: &[(Revision, u64, u64)]) {
        for (revision, initial, floor) in rows {
            let expected = IntrinsicGas { initial: *initial, floor: *floor };
            assert_eq!(IntrinsicGas::of(*revision, transaction), expected, "{revision}");
        }
    }

    #[test]
    fn follows_the_price_list_of_each_revision() {
        let call = Transaction {
            target: Target::Call(Address::zero()),
            input: vec![0, 1, 0, 2, 3].into(),
            ..Transaction::default()
        };
        let creation = Transaction {
            target: Target::Create,
            input: vec![1; 33].into(),
            ..Transaction::default()
        };
        let access_list = Transaction {
            access_list: vec![
                AccessListItem {
                    address: Address::zero(),
                    storage_keys: vec![H256::zero(); 3]
                };
                2
            ],
            target: Target::Call(Address::zero()),
            ..Transaction::default()
        };
        let set_code = Transaction {
            authorizations: vec![Authorization::default(); 2],
            target: Target::Call(Address::zero()),
            ..Transaction::default()
        };
        check(
            &call,
            &[
                (Revision::Frontier, 21_000 + 8 + 204, 0),
                (Revision::Petersburg, 21_000 + 8 + 204, 0),
                (Revision::Istanbul, 21_000 + 8 + 48, 0),
                (Revision::Prague, 21_000 + 8 + 48, 21_000 + 140),
            ],
        );
        check(
            &creation,
            &[
                (Revision::Frontier, 21_000 + 33 * 68, 0),
                (Revision::Homestead, 53_000 + 33 * 68, 0),
                (Revision::Paris, 53_000 + 33 * 16, 0),
                (Revision::Shanghai, 53_000 + 33 * 16 + 4, 0),
                (Revision::Osaka, 53_000 + 33 * 16 + 4, 21_000 + 33 * 40),
            ],
        );
        check(&access_list, &[(Revision::Berlin, 21_000 + 2 * 2_400 + 6 * 1_900, 0)]);
        check(&set_code, &[(Revision::Prague, 21_000 + 2 * 25_000, 21_000)]);
    }
}
