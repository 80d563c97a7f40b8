//! The file format of state tests, from the oldest in ethereum/legacytests to today's execution-spec-tests.

use crate::tool::fixture::{Accounts, Number, Text, small, word};
use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};
use serde::{Deserialize, Deserializer};
use std::{borrow::Cow, collections::BTreeMap};

/// A state test: a state, a transaction in several variants, and what is expected of each variant per fork.
#[derive(Clone, Debug, Deserialize)]
pub struct StateTest {
    #[serde(rename = "_info", default)]
    pub(super) info: Info,
    pub(super) env: Environment,
    pub(super) pre: Accounts,
    pub(super) transaction: Template,
    pub(super) post: BTreeMap<String, Vec<Expectation>>,
    #[serde(default)]
    pub(super) config: Config,
}

/// Who made the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Info {
    #[serde(rename = "filling-rpc-server")]
    pub(super) filled_by: Option<String>,
}

/// The block around the transaction.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Environment {
    #[serde(default)]
    pub(super) current_coinbase: Text<Address>,
    #[serde(deserialize_with = "small")]
    pub(super) current_number: u64,
    #[serde(deserialize_with = "small")]
    pub(super) current_timestamp: u64,
    #[serde(deserialize_with = "small")]
    pub(super) current_gas_limit: u64,
    #[serde(default, deserialize_with = "word")]
    pub(super) current_difficulty: U256,
    pub(super) current_random: Option<Text<H256>>,
    pub(super) current_base_fee: Option<Number>,
    pub(super) current_excess_blob_gas: Option<Number>,
    pub(super) parent_excess_blob_gas: Option<Number>,
    pub(super) parent_blob_gas_used: Option<Number>,
    #[serde(default)]
    pub(super) block_hashes: BTreeMap<Text<U256>, Text<H256>>,
}

/// The transaction; lists hold the variants that [`Indexes`] choose from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Template {
    pub(super) data: Vec<Text<Bytes>>,
    pub(super) gas_limit: Vec<Number>,
    pub(super) value: Vec<Number>,
    #[serde(default)]
    pub(super) nonce: Number,
    #[serde(default)]
    pub(super) to: Recipient,
    pub(super) sender: Option<Text<Address>>,
    pub(super) secret_key: Option<Text<H256>>,
    pub(super) gas_price: Option<Number>,
    pub(super) max_fee_per_gas: Option<Number>,
    pub(super) max_priority_fee_per_gas: Option<Number>,
    pub(super) access_lists: Option<Vec<Option<Vec<AccessListEntry>>>>,
    pub(super) max_fee_per_blob_gas: Option<Number>,
    pub(super) blob_versioned_hashes: Option<Vec<Text<H256>>>,
    pub(super) authorization_list: Option<Vec<AuthorizationEntry>>,
}

/// The account to call; an empty or missing `to` creates a contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Recipient(pub(super) Option<Address>);

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(text) = Option::<Cow<'de, str>>::deserialize(deserializer)? else {
            return Ok(Self(None));
        };
        if matches!(text.trim(), "" | "0x") {
            return Ok(Self(None));
        }
        let address: Text<Address> =
            Deserialize::deserialize(serde::de::value::CowStrDeserializer::new(text))?;
        Ok(Self(Some(address.0)))
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccessListEntry {
    pub(super) address: Text<Address>,
    #[serde(default)]
    pub(super) storage_keys: Vec<Text<H256>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizationEntry {
    #[serde(default)]
    pub(super) chain_id: Number,
    pub(super) address: Text<Address>,
    pub(super) nonce: Number,
    /// The parity; newer files repeat it as `yParity`.
    #[serde(default)]
    pub(super) v: Number,
    pub(super) y_parity: Option<Number>,
    pub(super) r: Number,
    pub(super) s: Number,
}

/// What is expected of one variant under one fork.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Expectation {
    pub(super) hash: Option<Text<H256>>,
    pub(super) logs: Option<Text<H256>>,
    pub(super) txbytes: Option<Text<Bytes>>,
    pub(super) indexes: Indexes,
    pub(super) state: Option<Accounts>,
    pub(super) expect_exception: Option<String>,
    pub(super) receipt: Option<Receipt>,
}

/// The variant's positions in the template's lists.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Indexes {
    #[serde(deserialize_with = "small")]
    pub(super) data: u64,
    #[serde(deserialize_with = "small")]
    pub(super) gas: u64,
    #[serde(deserialize_with = "small")]
    pub(super) value: u64,
}

/// The parts of an expected receipt that a single transaction determines.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    #[serde(alias = "cumulativeGasUsed")]
    pub(super) gas_used: Option<Number>,
    pub(super) status: Option<Status>,
    pub(super) logs: Option<Vec<ReceiptLog>>,
}

/// Whether the transaction succeeded, as newer receipts say it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Status {
    Flag(bool),
    Number(Number),
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ReceiptLog {
    pub(super) address: Text<Address>,
    pub(super) topics: Vec<Text<H256>>,
    pub(super) data: Text<Bytes>,
}

/// Rules that differ from the fork's own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Config {
    #[serde(alias = "chainId")]
    pub(super) chainid: Option<Number>,
    pub(super) blob_schedule: BTreeMap<String, BlobSchedule>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlobSchedule {
    #[serde(deserialize_with = "small")]
    pub(super) target: u64,
    #[serde(deserialize_with = "small")]
    pub(super) max: u64,
    #[serde(deserialize_with = "small")]
    pub(super) base_fee_update_fraction: u64,
}
