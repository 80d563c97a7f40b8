//! Dynamic gas: the prices that are not in the opcode table, and the formulas that use them.
//!
//! Gas is an `i64` inside the interpreter, so that one signed comparison finds out that it ran out. Every product below
//! is of quantities bounded by 2^32 bytes of memory and stays far from overflow.

use crate::{Revision, Word};

/// Added to a call's gas when it transfers value (YP, `G_callstipend`).
pub(crate) const CALL_STIPEND: i64 = 2300;
/// Charged for a transfer of value (YP, `G_callvalue`).
pub(crate) const CALL_VALUE: i64 = 9000;
/// Charged when a call or a self-destruct brings an account into existence (YP, `G_newaccount`).
pub(crate) const NEW_ACCOUNT: i64 = 25_000;
/// Charged for each byte of a new contract's code (YP, `G_codedeposit`).
pub(crate) const CODE_DEPOSIT_BYTE: i64 = 200;
/// Charged for each word copied (YP, `G_copy`).
pub(crate) const COPY_WORD: i64 = 3;
/// Charged for each word hashed (YP, `G_keccak256word`).
pub(crate) const KECCAK_WORD: i64 = 6;
/// Charged for each byte of log data (YP, `G_logdata`).
pub(crate) const LOG_BYTE: i64 = 8;
/// Reading a warm account, for the delegate of a set-code account (EIP-7702).
pub(crate) const WARM_ACCOUNT: i64 = 100;
/// Reading a cold account (EIP-2929).
pub(crate) const COLD_ACCOUNT: i64 = 2600;
/// Memory beyond this size costs more gas than any transaction has; offsets stay below it.
pub(crate) const MEMORY_SIZE_MAX: u64 = 1 << 32;

/// What SSTORE costs (spec per revision: YP, EIP-1283, EIP-2200, EIP-2929, EIP-3529).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StorageGas {
    /// Whether the cost depends on the value before the transaction, too (EIP-1283, EIP-2200).
    pub(crate) is_net: bool,
    /// Fail when the gas left is at most this (EIP-2200); negative for no such rule.
    pub(crate) sentry: i64,
    /// The slot keeps its value, or was changed before in the transaction.
    pub(crate) unchanged: i64,
    /// A zero slot becomes non-zero.
    pub(crate) set: i64,
    /// Any other first change.
    pub(crate) reset: i64,
    /// Refunded when a non-zero slot becomes zero.
    pub(crate) clear_refund: i64,
    /// Added for the first access in a transaction (EIP-2929).
    pub(crate) cold: i64,
}

/// The prices and limits of one revision beyond the opcode table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one rule each, switched by different proposals")]
pub(crate) struct Schedule {
    pub(crate) exp_byte: i64,
    /// Added to the base price for the first access of an account in a transaction (EIP-2929).
    pub(crate) cold_account: i64,
    /// Charged by SELFDESTRUCT for a cold beneficiary.
    pub(crate) cold_beneficiary: i64,
    /// Added to SLOAD's base price for the first access of a slot.
    pub(crate) cold_slot: i64,
    pub(crate) storage: StorageGas,
    pub(crate) self_destruct_refund: i64,
    /// Whether self-destruction deletes only what the same transaction created (EIP-6780).
    pub(crate) self_destruct_only_new: bool,
    /// Whether SELFDESTRUCT pays for an account it brings into existence (EIP-150).
    pub(crate) self_destruct_new_account: bool,
    /// Whether a caller keeps one 64th of its gas, and asking for more is no error (EIP-150).
    pub(crate) keeps_one_64th: bool,
    /// Whether empty accounts vanish when touched, and calls pay for a new account only with value (EIP-161).
    pub(crate) clears_empty: bool,
    /// The nonce of a new contract (EIP-161).
    pub(crate) contract_nonce: u64,
    /// Whether a creation that cannot pay for its code fails (EIP-2), rather than leave an account without code.
    pub(crate) deposit_must_be_paid: bool,
    pub(crate) code_size_max: usize,
    pub(crate) init_code_size_max: usize,
    /// Charged for each word of creation code (EIP-3860).
    pub(crate) init_code_word: i64,
    /// Whether code starting with 0xef is refused (EIP-3541).
    pub(crate) refuses_reserved_prefix: bool,
    /// Whether existing storage makes a creation collide (EIP-7610, in force since the first block).
    pub(crate) storage_collides: bool,
    /// At most 1/quotient of the gas used is refunded (EIP-3529).
    pub(crate) refund_quotient: u64,
    /// Whether code may delegate to another account's (EIP-7702).
    pub(crate) delegates: bool,
}

impl Schedule {
    /// The schedule of an Ethereum revision.
    #[expect(
        clippy::too_many_lines,
        reason = "a table: one block for each revision that changed something"
    )]
    pub(crate) fn ethereum(revision: Revision) -> Self {
        let legacy_storage = StorageGas {
            is_net: false,
            sentry: -1,
            unchanged: 5000,
            set: 20_000,
            reset: 5000,
            clear_refund: 15_000,
            cold: 0,
        };
        let mut schedule = Self {
            exp_byte: 10,
            cold_account: 0,
            cold_beneficiary: 0,
            cold_slot: 0,
            storage: legacy_storage,
            self_destruct_refund: 24_000,
            self_destruct_only_new: false,
            self_destruct_new_account: false,
            keeps_one_64th: false,
            clears_empty: false,
            contract_nonce: 0,
            deposit_must_be_paid: false,
            code_size_max: usize::MAX,
            init_code_size_max: usize::MAX,
            init_code_word: 0,
            refuses_reserved_prefix: false,
            storage_collides: true,
            refund_quotient: 2,
            delegates: false,
        };
        if revision >= Revision::Homestead {
            schedule.deposit_must_be_paid = true;
        }
        if revision >= Revision::TangerineWhistle {
            schedule.keeps_one_64th = true;
            schedule.self_destruct_new_account = true;
        }
        if revision >= Revision::SpuriousDragon {
            schedule.exp_byte = 50;
            schedule.clears_empty = true;
            schedule.contract_nonce = 1;
            schedule.code_size_max = 24_576;
        }
        if revision == Revision::Constantinople {
            schedule.storage = StorageGas { is_net: true, unchanged: 200, ..legacy_storage };
        }
        if revision >= Revision::Istanbul {
            schedule.storage =
                StorageGas { is_net: true, sentry: CALL_STIPEND, unchanged: 800, ..legacy_storage };
        }
        if revision >= Revision::Berlin {
            schedule.cold_account = COLD_ACCOUNT - WARM_ACCOUNT;
            schedule.cold_beneficiary = COLD_ACCOUNT;
            schedule.cold_slot = 2000;
            schedule.storage =
                StorageGas { unchanged: 100, reset: 2900, cold: 2100, ..schedule.storage };
        }
        if revision >= Revision::London {
            schedule.storage.clear_refund = 4800;
            schedule.self_destruct_refund = 0;
            schedule.refund_quotient = 5;
            schedule.refuses_reserved_prefix = true;
        }
        if revision >= Revision::Shanghai {
            schedule.init_code_size_max = 2 * 24_576;
            schedule.init_code_word = 2;
        }
        if revision >= Revision::Cancun {
            schedule.self_destruct_only_new = true;
        }
        if revision >= Revision::Prague {
            schedule.delegates = true;
        }
        schedule
    }

    /// The dynamic part of EXP's price (EIP-160).
    #[inline]
    pub(crate) fn exp(&self, exponent: &Word) -> i64 {
        self.exp_byte * i64::from(exponent.bits().div_ceil(8))
    }

    /// All but one 64th (EIP-150).
    #[inline]
    pub(crate) const fn forwardable(&self, gas: i64) -> i64 {
        if self.keeps_one_64th { gas - gas / 64 } else { gas }
    }
}

impl StorageGas {
    /// What a store costs and adds to the refund counter, given the slot's values before the transaction, before the
    /// store, and after it. The cold surcharge is not included.
    pub(crate) fn store(&self, original: &Word, current: &Word, new: &Word) -> (i64, i64) {
        if !self.is_net {
            return match (current.is_zero(), new.is_zero()) {
                (true, false) => (self.set, 0),
                (false, true) => (self.reset, self.clear_refund),
                _ => (self.reset, 0),
            };
        }
        if current == new {
            return (self.unchanged, 0);
        }
        if original == current {
            let refund = if !original.is_zero() && new.is_zero() { self.clear_refund } else { 0 };
            return (if original.is_zero() { self.set } else { self.reset }, refund);
        }
        let mut refund = 0;
        if !original.is_zero() {
            if current.is_zero() {
                refund -= self.clear_refund;
            } else if new.is_zero() {
                refund += self.clear_refund;
            }
        }
        if original == new {
            refund += if original.is_zero() { self.set } else { self.reset } - self.unchanged;
        }
        (self.unchanged, refund)
    }
}

/// The price of a memory of `size` bytes, rounded up to words (YP, `C_mem`).
#[inline]
pub(crate) const fn memory(size: u64) -> i64 {
    let words = (size / 32) as i64;
    3 * words + words * words / 512
}

/// The price of `size` bytes at `price` for each started word.
#[inline]
pub(crate) const fn words(size: u64, price: i64) -> i64 {
    size.div_ceil(32) as i64 * price
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(revision: Revision, rows: &[(&[u64], i64, i64)]) {
        let gas = Schedule::ethereum(revision).storage;
        for (values, cost, refund) in rows {
            let mut current = Word::from(values[0]);
            let original = current;
            let (mut total_cost, mut total_refund) = (0, 0);
            for value in &values[1..] {
                let new = Word::from(*value);
                let (cost, refund) = gas.store(&original, &current, &new);
                (total_cost, total_refund, current) =
                    (total_cost + cost, total_refund + refund, new);
            }
            assert_eq!((total_cost, total_refund), (*cost, *refund), "{revision} {values:?}");
        }
    }

    /// The tables at the end of EIP-1283, EIP-2200 and EIP-3529, less the two pushes before each store.
    #[test]
    fn stores_cost_what_the_eips_tabulate() {
        check(
            Revision::Constantinople,
            &[
                (&[0, 0, 0], 400, 0),
                (&[0, 0, 1], 20_200, 0),
                (&[0, 1, 0], 20_200, 19_800),
                (&[0, 1, 2], 20_200, 0),
                (&[1, 0, 0], 5200, 15_000),
                (&[1, 0, 1], 5200, 4800),
                (&[1, 0, 2], 5200, 0),
                (&[1, 2, 0], 5200, 15_000),
                (&[1, 0, 1, 0], 10_200, 19_800),
            ],
        );
        check(
            Revision::Istanbul,
            &[
                (&[0, 0, 0], 1600, 0),
                (&[0, 1, 0], 20_800, 19_200),
                (&[1, 0, 1], 5800, 4200),
                (&[1, 1, 1], 1600, 0),
                (&[0, 1, 0, 1], 40_800, 19_200),
            ],
        );
        check(
            Revision::London,
            &[
                (&[0, 1, 0], 20_100, 19_900),
                (&[1, 0, 1], 3000, 2800),
                (&[1, 0, 0], 3000, 4800),
                (&[1, 2, 1], 3000, 2800),
            ],
        );
        check(
            Revision::Petersburg,
            &[(&[0, 1, 0], 25_000, 15_000), (&[1, 1], 5000, 0), (&[0, 0], 5000, 0)],
        );
    }

    #[test]
    fn memory_is_quadratic_from_724_bytes() {
        for (size, gas) in [(0, 0), (32, 3), (704, 66), (724 * 32, 3 * 724 + 1023)] {
            assert_eq!(memory(size), gas, "{size} bytes");
        }
    }
}
