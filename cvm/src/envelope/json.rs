//! The JSON-RPC form: quantities and bytes in hexadecimal, names in camelCase.

use alloc::{string::String, vec::Vec};

use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{
    AccessListTransaction, BlobTransaction, DynamicFeeTransaction, Envelope, LegacyTransaction,
    SetCodeTransaction, join_v, split_v,
};
use crate::{
    signature::Signature,
    transaction::{AccessListItem, Authorization, Target, TransactionKind},
};

/// An unsigned integer as `0x` and digits without leading zeros.
pub(crate) mod quantity {
    use super::{Deserialize, Deserializer, Error, Serialize, Serializer, U256};

    pub(crate) fn serialize<T: Copy + Into<U256>, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        (*value).into().serialize(to)
    }

    pub(crate) fn deserialize<'de, T: TryFrom<U256>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        narrow(U256::deserialize(from)?)
    }

    pub(crate) fn narrow<T: TryFrom<U256>, E: Error>(value: U256) -> Result<T, E> {
        match T::try_from(value) {
            Ok(narrow) => Ok(narrow),
            Err(_) => Err(E::custom(format_args!("quantity {value:#x} is too large"))),
        }
    }
}

/// As [`quantity`], or null.
pub(crate) mod quantity_option {
    use super::{Deserialize, Deserializer, Serialize, Serializer, U256, quantity};

    pub(crate) fn serialize<S: Serializer>(value: &Option<u64>, to: S) -> Result<S::Ok, S::Error> {
        value.map(U256::from).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
        Option::<U256>::deserialize(from)?.map(quantity::narrow).transpose()
    }
}

/// Bytes as `0x` and two digits each.
pub(crate) mod hex_bytes {
    use super::{Bytes, Deserialize, Deserializer, Error, Serializer, String};

    pub(crate) fn serialize<S: Serializer>(value: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        let digits = hex::encode(value);
        to.collect_str(&format_args!("0x{digits}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(from)?;
        let digits = text.strip_prefix("0x").ok_or_else(|| D::Error::custom("bytes without 0x"))?;
        hex::decode(digits).map(Bytes::from).map_err(D::Error::custom)
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.address().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Option::<Address>::deserialize(from)?.map_or(Self::Create, Self::Call))
    }
}

impl Serialize for TransactionKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        U256::from(*self as u8).serialize(to)
    }
}

impl<'de> Deserialize<'de> for TransactionKind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let found = U256::deserialize(from)?;
        let kinds = [Self::Legacy, Self::AccessList, Self::DynamicFee, Self::Blob, Self::SetCode];
        let known = kinds.into_iter().find(|kind| U256::from(*kind as u8) == found);
        known.ok_or_else(|| D::Error::custom(format_args!("unknown transaction type {found:#x}")))
    }
}

/// Every field that a signed transaction of some type has.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonEnvelope {
    #[serde(rename = "type", default)]
    kind: TransactionKind,
    #[serde(default, with = "quantity_option", skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    #[serde(with = "quantity")]
    nonce: u64,
    #[serde(with = "quantity")]
    gas: u64,
    #[serde(default)]
    to: Target,
    value: U256,
    #[serde(with = "hex_bytes", alias = "data")]
    input: Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    gas_price: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fee_per_gas: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_priority_fee_per_gas: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_list: Option<Vec<AccessListItem>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fee_per_blob_gas: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_versioned_hashes: Option<Vec<H256>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_list: Option<Vec<Authorization>>,
    #[serde(default, with = "quantity_option", skip_serializing_if = "Option::is_none")]
    y_parity: Option<u64>,
    v: Option<U256>,
    r: U256,
    s: U256,
    #[serde(skip_deserializing)]
    hash: H256,
}

impl JsonEnvelope {
    /// The fields that every type has; the rest is absent.
    fn new(envelope: &Envelope) -> Self {
        let transaction = envelope.unsigned.clone().into_transaction(Address::zero());
        let Signature { is_y_odd, r, s } = envelope.signature;
        let is_legacy = transaction.kind == TransactionKind::Legacy;
        let v = if is_legacy {
            join_v(transaction.chain_id, is_y_odd)
        } else {
            U256::from(u8::from(is_y_odd))
        };
        let has_dynamic_fee = transaction.kind >= TransactionKind::DynamicFee;
        let is_blob = transaction.kind == TransactionKind::Blob;
        let is_set_code = transaction.kind == TransactionKind::SetCode;
        Self {
            kind: transaction.kind,
            chain_id: transaction.chain_id,
            nonce: transaction.nonce,
            gas: transaction.gas_limit,
            to: transaction.target,
            value: transaction.value,
            input: transaction.input,
            gas_price: (!has_dynamic_fee).then_some(transaction.max_fee_per_gas),
            max_fee_per_gas: has_dynamic_fee.then_some(transaction.max_fee_per_gas),
            max_priority_fee_per_gas: has_dynamic_fee
                .then_some(transaction.max_priority_fee_per_gas),
            access_list: (!is_legacy).then_some(transaction.access_list),
            max_fee_per_blob_gas: is_blob.then_some(transaction.max_fee_per_blob_gas),
            blob_versioned_hashes: is_blob.then_some(transaction.blob_hashes),
            authorization_list: is_set_code.then_some(transaction.authorizations),
            y_parity: (!is_legacy).then_some(u64::from(is_y_odd)),
            v: Some(v),
            r,
            s,
            hash: envelope.hash(),
        }
    }

    fn signature<E: Error>(&self) -> Result<(Option<u64>, Signature), E> {
        let (chain_id, is_y_odd) = match (self.kind, self.y_parity, self.v) {
            (TransactionKind::Legacy, _, Some(v)) => split_v(v).map_err(E::custom)?,
            (TransactionKind::Legacy, _, None) => return Err(E::missing_field("v")),
            (_, Some(parity), _) => (self.chain_id, parse_parity(U256::from(parity))?),
            (_, None, Some(v)) => (self.chain_id, parse_parity(v)?),
            (_, None, None) => return Err(E::missing_field("yParity")),
        };
        Ok((chain_id, Signature { is_y_odd, r: self.r, s: self.s }))
    }

    fn account<E: Error>(&self) -> Result<Address, E> {
        self.to.address().ok_or_else(|| E::missing_field("to"))
    }

    fn parse<E: Error>(self) -> Result<Envelope, E> {
        let (signed_chain_id, signature) = self.signature::<E>()?;
        if self.chain_id.is_some() && self.chain_id != signed_chain_id {
            return Err(E::custom("chainId contradicts v"));
        }
        let unsigned = match self.kind {
            TransactionKind::Legacy => self.legacy(signed_chain_id)?.into(),
            TransactionKind::AccessList => self.access_list()?.into(),
            TransactionKind::DynamicFee => self.dynamic_fee()?.into(),
            TransactionKind::Blob => self.blob()?.into(),
            TransactionKind::SetCode => self.set_code()?.into(),
        };
        Ok(Envelope { unsigned, signature })
    }

    fn legacy<E: Error>(self, chain_id: Option<u64>) -> Result<LegacyTransaction, E> {
        Ok(LegacyTransaction {
            chain_id,
            nonce: self.nonce,
            gas_price: required(self.gas_price, "gasPrice")?,
            gas_limit: self.gas,
            target: self.to,
            value: self.value,
            input: self.input,
        })
    }

    fn access_list<E: Error>(self) -> Result<AccessListTransaction, E> {
        Ok(AccessListTransaction {
            chain_id: required(self.chain_id, "chainId")?,
            nonce: self.nonce,
            gas_price: required(self.gas_price, "gasPrice")?,
            gas_limit: self.gas,
            target: self.to,
            value: self.value,
            input: self.input,
            access_list: self.access_list.unwrap_or_default(),
        })
    }

    fn dynamic_fee<E: Error>(self) -> Result<DynamicFeeTransaction, E> {
        Ok(DynamicFeeTransaction {
            chain_id: required(self.chain_id, "chainId")?,
            nonce: self.nonce,
            max_priority_fee_per_gas: required(
                self.max_priority_fee_per_gas,
                "maxPriorityFeePerGas",
            )?,
            max_fee_per_gas: required(self.max_fee_per_gas, "maxFeePerGas")?,
            gas_limit: self.gas,
            target: self.to,
            value: self.value,
            input: self.input,
            access_list: self.access_list.unwrap_or_default(),
        })
    }

    fn blob<E: Error>(self) -> Result<BlobTransaction, E> {
        Ok(BlobTransaction {
            to: self.account()?,
            chain_id: required(self.chain_id, "chainId")?,
            nonce: self.nonce,
            max_priority_fee_per_gas: required(
                self.max_priority_fee_per_gas,
                "maxPriorityFeePerGas",
            )?,
            max_fee_per_gas: required(self.max_fee_per_gas, "maxFeePerGas")?,
            gas_limit: self.gas,
            value: self.value,
            input: self.input,
            access_list: self.access_list.unwrap_or_default(),
            max_fee_per_blob_gas: required(self.max_fee_per_blob_gas, "maxFeePerBlobGas")?,
            blob_hashes: required(self.blob_versioned_hashes, "blobVersionedHashes")?,
        })
    }

    fn set_code<E: Error>(self) -> Result<SetCodeTransaction, E> {
        Ok(SetCodeTransaction {
            to: self.account()?,
            chain_id: required(self.chain_id, "chainId")?,
            nonce: self.nonce,
            max_priority_fee_per_gas: required(
                self.max_priority_fee_per_gas,
                "maxPriorityFeePerGas",
            )?,
            max_fee_per_gas: required(self.max_fee_per_gas, "maxFeePerGas")?,
            gas_limit: self.gas,
            value: self.value,
            input: self.input,
            access_list: self.access_list.unwrap_or_default(),
            authorizations: required(self.authorization_list, "authorizationList")?,
        })
    }
}

fn required<T, E: Error>(field: Option<T>, name: &'static str) -> Result<T, E> {
    field.ok_or_else(|| E::missing_field(name))
}

fn parse_parity<E: Error>(value: U256) -> Result<bool, E> {
    match value {
        value if value.is_zero() => Ok(false),
        value if value == U256::one() => Ok(true),
        value => Err(E::custom(format_args!("parity of y is {value}, expected 0 or 1"))),
    }
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        JsonEnvelope::new(self).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Envelope {
    /// Reads the fields that the type has and ignores the others, such as the hash and the block.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        JsonEnvelope::deserialize(from)?.parse()
    }
}
