//! From a test file's words to a block, a transaction and rules.

use super::format::{
    AuthorizationEntry, BlobSchedule, Environment, Expectation, StateTest, Template,
};
use crate::{
    AccessListItem, Authorization, Block, Revision, SecretKey, Target, Transaction,
    TransactionKind, blob_base_fee, blob_base_fee_with_fraction, tool::fixture::Number,
};
use primitive_types::{H160 as Address, H256, U256};
use std::collections::BTreeMap;

/// The rules that a post section's key stands for.
///
/// Blob-parameter-only forks (EIP-7892) run Osaka; their numbers come from the file's blob schedule.
pub(super) fn revision_of(fork: &str) -> Option<Revision> {
    let is_blob_parameter_fork = fork
        .strip_prefix("BPO")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    if is_blob_parameter_fork { Some(Revision::Osaka) } else { fork.parse().ok() }
}

impl StateTest {
    pub(super) fn chain_id(&self) -> u64 {
        self.config.chainid.and_then(Number::to_u64).unwrap_or(1)
    }

    pub(super) fn blob_schedule(&self, fork: &str) -> Option<BlobSchedule> {
        self.config.blob_schedule.get(fork).copied()
    }
}

impl Environment {
    /// The block under a revision. What a file leaves out is as in go-ethereum's runner: base fee 10, no excess blob gas.
    pub(super) fn to_block(&self, revision: Revision, schedule: Option<BlobSchedule>) -> Block {
        let base_fee =
            self.current_base_fee.and_then(Number::to_word).unwrap_or_else(|| U256::from(10));
        let excess = self.excess_blob_gas(schedule);
        let blob_base_fee = match schedule {
            Some(schedule) => {
                blob_base_fee_with_fraction(excess, schedule.base_fee_update_fraction)
            }
            None => blob_base_fee(revision, excess),
        };
        let prev_randao = match &self.current_random {
            Some(random) => random.0,
            None => H256(self.current_difficulty.to_big_endian()),
        };
        Block {
            number: self.current_number,
            timestamp: self.current_timestamp,
            gas_limit: self.current_gas_limit,
            beneficiary: self.current_coinbase.0,
            difficulty: self.current_difficulty,
            prev_randao,
            base_fee: if revision >= Revision::London { base_fee } else { U256::zero() },
            blob_base_fee: if revision >= Revision::Cancun { blob_base_fee } else { U256::zero() },
        }
    }

    /// The hashes that the file gives for earlier blocks.
    pub(super) fn block_hashes(&self) -> BTreeMap<u64, H256> {
        let hashes = self.block_hashes.iter();
        hashes.filter_map(|(number, hash)| Some((u64::try_from(number.0).ok()?, hash.0))).collect()
    }

    /// The block's excess blob gas, or what follows from its parent's (EIP-4844 `calc_excess_blob_gas`).
    fn excess_blob_gas(&self, schedule: Option<BlobSchedule>) -> u64 {
        const GAS_PER_BLOB: u64 = 1 << 17;
        if let Some(excess) = self.current_excess_blob_gas {
            return excess.to_u64().unwrap_or(u64::MAX);
        }
        let parent = |number: Option<Number>| number.and_then(Number::to_u64).unwrap_or(0);
        let target = schedule.map_or(3, |schedule| schedule.target).saturating_mul(GAS_PER_BLOB);
        let available =
            parent(self.parent_excess_blob_gas).saturating_add(parent(self.parent_blob_gas_used));
        available.saturating_sub(target)
    }
}

/// Why a template gives no transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PrepareError {
    /// The test is malformed.
    #[error("the indexes point outside the transaction's lists")]
    Indexes,
    /// The test is malformed.
    #[error("the transaction has neither a sender nor a secret key")]
    NoSender,
    /// The transaction is invalid: nobody could encode it.
    #[error("{0} does not fit its field")]
    Unrepresentable(&'static str),
}

impl Template {
    /// The variant of the transaction that an expectation names.
    pub(super) fn to_transaction(
        &self,
        of: &Expectation,
        chain_id: u64,
    ) -> Result<Transaction, PrepareError> {
        let input = pick(&self.data, of.indexes.data)?.0.clone();
        let access_list = self.access_list(of.indexes.data)?;
        let kind = self.kind(access_list.is_some());
        let max_fee = self.max_fee_per_gas.or(self.gas_price).unwrap_or_default();
        let priority_fee = self.max_priority_fee_per_gas.unwrap_or(max_fee);
        let authorizations = self.authorization_list.iter().flatten();
        Ok(Transaction {
            kind,
            chain_id: (kind != TransactionKind::Legacy).then_some(chain_id),
            sender: self.sender()?,
            nonce: fit_u64(self.nonce, "nonce")?,
            gas_limit: fit_u64(*pick(&self.gas_limit, of.indexes.gas)?, "gas limit")?,
            target: self.to.0.map_or(Target::Create, Target::Call),
            value: fit(*pick(&self.value, of.indexes.value)?, "value")?,
            input,
            max_fee_per_gas: fit(max_fee, "fee")?,
            max_priority_fee_per_gas: fit(priority_fee, "priority fee")?,
            access_list: access_list.unwrap_or_default(),
            max_fee_per_blob_gas: fit(self.max_fee_per_blob_gas.unwrap_or_default(), "blob fee")?,
            blob_hashes: self.blob_versioned_hashes.iter().flatten().map(|hash| hash.0).collect(),
            authorizations: authorizations
                .map(AuthorizationEntry::to_authorization)
                .collect::<Result<_, _>>()?,
        })
    }

    /// The type that has the fields which are there.
    const fn kind(&self, has_access_list: bool) -> TransactionKind {
        if self.authorization_list.is_some() {
            TransactionKind::SetCode
        } else if self.blob_versioned_hashes.is_some() || self.max_fee_per_blob_gas.is_some() {
            TransactionKind::Blob
        } else if self.max_fee_per_gas.is_some() || self.max_priority_fee_per_gas.is_some() {
            TransactionKind::DynamicFee
        } else if has_access_list {
            TransactionKind::AccessList
        } else {
            TransactionKind::Legacy
        }
    }

    fn sender(&self) -> Result<Address, PrepareError> {
        if let Some(sender) = &self.sender {
            return Ok(sender.0);
        }
        let key = self.secret_key.as_ref().ok_or(PrepareError::NoSender)?;
        let key =
            SecretKey::from_bytes(&key.0.0).map_err(|_out_of_range| PrepareError::NoSender)?;
        Ok(key.address())
    }

    /// The access list of a data variant; the lists are either absent or one for each.
    fn access_list(&self, data_index: u64) -> Result<Option<Vec<AccessListItem>>, PrepareError> {
        let Some(lists) = &self.access_lists else { return Ok(None) };
        let Some(list) = pick(lists, data_index)? else { return Ok(None) };
        let items = list.iter().map(|entry| AccessListItem {
            address: entry.address.0,
            storage_keys: entry.storage_keys.iter().map(|key| key.0).collect(),
        });
        Ok(Some(items.collect()))
    }
}

impl AuthorizationEntry {
    fn to_authorization(&self) -> Result<Authorization, PrepareError> {
        let parity = fit_u64(self.y_parity.unwrap_or(self.v), "authorization parity")?;
        Ok(Authorization {
            chain_id: fit(self.chain_id, "authorization chain id")?,
            address: self.address.0,
            nonce: fit_u64(self.nonce, "authorization nonce")?,
            y_parity: u8::try_from(parity)
                .map_err(|_too_large| PrepareError::Unrepresentable("authorization parity"))?,
            r: fit(self.r, "authorization signature")?,
            s: fit(self.s, "authorization signature")?,
        })
    }
}

fn pick<T>(list: &[T], index: u64) -> Result<&T, PrepareError> {
    usize::try_from(index).ok().and_then(|index| list.get(index)).ok_or(PrepareError::Indexes)
}

fn fit(number: Number, what: &'static str) -> Result<U256, PrepareError> {
    number.to_word().ok_or(PrepareError::Unrepresentable(what))
}

fn fit_u64(number: Number, what: &'static str) -> Result<u64, PrepareError> {
    number.to_u64().ok_or(PrepareError::Unrepresentable(what))
}
