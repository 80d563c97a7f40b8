//! What a sender signs, one structure for each type of transaction.

use alloc::vec::Vec;

use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};

use super::{
    DecodeError, Envelope, RlpReader, RlpWriter,
    decode_error::in_field,
    fields::{
        read_access_list, read_authorizations, read_hashes, read_target, write_access_list,
        write_authorizations, write_hashes, write_target,
    },
};
use crate::{
    keccak::keccak256,
    signature::SecretKey,
    transaction::{AccessListItem, Authorization, Target, Transaction, TransactionKind},
};

/// A transaction of the first form, protected by a chain id since EIP-155.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct LegacyTransaction {
    /// The chain it is for; `None` lets it be replayed on every chain.
    pub chain_id: Option<u64>,
    /// How many transactions the sender sent before.
    pub nonce: u64,
    /// Wei per gas.
    pub gas_price: U256,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// What it acts on.
    pub target: Target,
    /// The wei that move.
    pub value: U256,
    /// Call data, or init code.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = arbitrary_bytes))]
    pub input: Bytes,
}

/// A transaction that names what it will touch (EIP-2930).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct AccessListTransaction {
    /// The chain it is for.
    pub chain_id: u64,
    /// How many transactions the sender sent before.
    pub nonce: u64,
    /// Wei per gas.
    pub gas_price: U256,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// What it acts on.
    pub target: Target,
    /// The wei that move.
    pub value: U256,
    /// Call data, or init code.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = arbitrary_bytes))]
    pub input: Bytes,
    /// What is warm from the start.
    pub access_list: Vec<AccessListItem>,
}

/// A transaction that caps its fee and its tip (EIP-1559).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct DynamicFeeTransaction {
    /// The chain it is for.
    pub chain_id: u64,
    /// How many transactions the sender sent before.
    pub nonce: u64,
    /// The most wei per gas for the proposer.
    pub max_priority_fee_per_gas: U256,
    /// The most wei per gas.
    pub max_fee_per_gas: U256,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// What it acts on.
    pub target: Target,
    /// The wei that move.
    pub value: U256,
    /// Call data, or init code.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = arbitrary_bytes))]
    pub input: Bytes,
    /// What is warm from the start.
    pub access_list: Vec<AccessListItem>,
}

/// A transaction that carries blobs (EIP-4844); it cannot create.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct BlobTransaction {
    /// The chain it is for.
    pub chain_id: u64,
    /// How many transactions the sender sent before.
    pub nonce: u64,
    /// The most wei per gas for the proposer.
    pub max_priority_fee_per_gas: U256,
    /// The most wei per gas.
    pub max_fee_per_gas: U256,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// The account it calls.
    pub to: Address,
    /// The wei that move.
    pub value: U256,
    /// Call data.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = arbitrary_bytes))]
    pub input: Bytes,
    /// What is warm from the start.
    pub access_list: Vec<AccessListItem>,
    /// The most wei per blob gas.
    pub max_fee_per_blob_gas: U256,
    /// The versioned hashes of its blobs.
    pub blob_hashes: Vec<H256>,
}

/// A transaction that sets delegations before it runs (EIP-7702); it cannot create.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct SetCodeTransaction {
    /// The chain it is for.
    pub chain_id: u64,
    /// How many transactions the sender sent before.
    pub nonce: u64,
    /// The most wei per gas for the proposer.
    pub max_priority_fee_per_gas: U256,
    /// The most wei per gas.
    pub max_fee_per_gas: U256,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// The account it calls.
    pub to: Address,
    /// The wei that move.
    pub value: U256,
    /// Call data.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = arbitrary_bytes))]
    pub input: Bytes,
    /// What is warm from the start.
    pub access_list: Vec<AccessListItem>,
    /// The delegations to set.
    pub authorizations: Vec<Authorization>,
}

/// What a sender signs, of any type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum UnsignedTransaction {
    /// The first form.
    Legacy(LegacyTransaction),
    /// EIP-2930.
    AccessList(AccessListTransaction),
    /// EIP-1559.
    DynamicFee(DynamicFeeTransaction),
    /// EIP-4844.
    Blob(BlobTransaction),
    /// EIP-7702.
    SetCode(SetCodeTransaction),
}

impl UnsignedTransaction {
    /// Returns the type.
    #[must_use]
    pub const fn kind(&self) -> TransactionKind {
        match self {
            Self::Legacy(_) => TransactionKind::Legacy,
            Self::AccessList(_) => TransactionKind::AccessList,
            Self::DynamicFee(_) => TransactionKind::DynamicFee,
            Self::Blob(_) => TransactionKind::Blob,
            Self::SetCode(_) => TransactionKind::SetCode,
        }
    }

    /// Returns the chain it is for; `None` for a legacy transaction without EIP-155.
    #[must_use]
    pub const fn chain_id(&self) -> Option<u64> {
        match self {
            Self::Legacy(legacy) => legacy.chain_id,
            Self::AccessList(access_list) => Some(access_list.chain_id),
            Self::DynamicFee(dynamic_fee) => Some(dynamic_fee.chain_id),
            Self::Blob(blob) => Some(blob.chain_id),
            Self::SetCode(set_code) => Some(set_code.chain_id),
        }
    }

    /// Returns the hash to sign: of the type and the list of fields; for legacy, the list ends with the chain id and two
    /// zeros when there is one (EIP-155).
    #[must_use]
    pub fn signing_hash(&self) -> H256 {
        let mut writer = self.writer();
        writer.write_list(|list| {
            self.write(list);
            if let Self::Legacy(LegacyTransaction { chain_id: Some(chain_id), .. }) = self {
                list.write_u64(*chain_id);
                list.write_u64(0);
                list.write_u64(0);
            }
        });
        keccak256(writer.as_bytes())
    }

    /// Signs with `key`.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Envelope {
        let signature = key.sign(self.signing_hash());
        Envelope { unsigned: self, signature }
    }

    /// Returns the executable form as sent by `sender`, which need not have signed: calls and simulations do not.
    #[must_use]
    pub fn into_transaction(self, sender: Address) -> Transaction {
        let mut transaction = Transaction { kind: self.kind(), sender, ..Transaction::default() };
        match self {
            Self::Legacy(legacy) => legacy.fill(&mut transaction),
            Self::AccessList(access_list) => access_list.fill(&mut transaction),
            Self::DynamicFee(dynamic_fee) => dynamic_fee.fill(&mut transaction),
            Self::Blob(blob) => blob.fill(&mut transaction),
            Self::SetCode(set_code) => set_code.fill(&mut transaction),
        }
        transaction
    }

    /// Starts a document with the byte of the type; legacy has none.
    pub(super) fn writer(&self) -> RlpWriter {
        match self.kind() {
            TransactionKind::Legacy => RlpWriter::default(),
            kind => RlpWriter::with_prefix(kind as u8),
        }
    }

    /// Writes the fields before the signature.
    pub(super) fn write(&self, list: &mut RlpWriter) {
        match self {
            Self::Legacy(legacy) => legacy.write(list),
            Self::AccessList(access_list) => access_list.write(list),
            Self::DynamicFee(dynamic_fee) => dynamic_fee.write(list),
            Self::Blob(blob) => blob.write(list),
            Self::SetCode(set_code) => set_code.write(list),
        }
    }

    /// Reads the fields before the signature.
    pub(super) fn read(
        kind: TransactionKind,
        fields: &mut RlpReader<'_>,
    ) -> Result<Self, DecodeError> {
        match kind {
            TransactionKind::Legacy => LegacyTransaction::read(fields).map(Self::Legacy),
            TransactionKind::AccessList => {
                AccessListTransaction::read(fields).map(Self::AccessList)
            }
            TransactionKind::DynamicFee => {
                DynamicFeeTransaction::read(fields).map(Self::DynamicFee)
            }
            TransactionKind::Blob => BlobTransaction::read(fields).map(Self::Blob),
            TransactionKind::SetCode => SetCodeTransaction::read(fields).map(Self::SetCode),
        }
    }
}

impl LegacyTransaction {
    /// Signs with `key`.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Envelope {
        UnsignedTransaction::from(self).sign(key)
    }

    fn write(&self, list: &mut RlpWriter) {
        list.write_u64(self.nonce);
        list.write_word(&self.gas_price);
        list.write_u64(self.gas_limit);
        write_target(list, self.target);
        list.write_word(&self.value);
        list.write_bytes(&self.input);
    }

    pub(super) fn read(fields: &mut RlpReader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            chain_id: None,
            nonce: fields.read_u64().map_err(in_field("nonce"))?,
            gas_price: fields.read_word().map_err(in_field("gasPrice"))?,
            gas_limit: fields.read_u64().map_err(in_field("gas"))?,
            target: read_target(fields).map_err(in_field("to"))?,
            value: fields.read_word().map_err(in_field("value"))?,
            input: Bytes::copy_from_slice(fields.read_bytes().map_err(in_field("input"))?),
        })
    }

    fn fill(self, transaction: &mut Transaction) {
        transaction.chain_id = self.chain_id;
        transaction.nonce = self.nonce;
        transaction.max_fee_per_gas = self.gas_price;
        transaction.max_priority_fee_per_gas = self.gas_price;
        transaction.gas_limit = self.gas_limit;
        transaction.target = self.target;
        transaction.value = self.value;
        transaction.input = self.input;
    }
}

impl From<LegacyTransaction> for UnsignedTransaction {
    fn from(transaction: LegacyTransaction) -> Self {
        Self::Legacy(transaction)
    }
}

impl AccessListTransaction {
    /// Signs with `key`.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Envelope {
        UnsignedTransaction::from(self).sign(key)
    }

    fn write(&self, list: &mut RlpWriter) {
        list.write_u64(self.chain_id);
        list.write_u64(self.nonce);
        list.write_word(&self.gas_price);
        list.write_u64(self.gas_limit);
        write_target(list, self.target);
        list.write_word(&self.value);
        list.write_bytes(&self.input);
        write_access_list(list, &self.access_list);
    }

    fn read(fields: &mut RlpReader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            chain_id: fields.read_u64().map_err(in_field("chainId"))?,
            nonce: fields.read_u64().map_err(in_field("nonce"))?,
            gas_price: fields.read_word().map_err(in_field("gasPrice"))?,
            gas_limit: fields.read_u64().map_err(in_field("gas"))?,
            target: read_target(fields).map_err(in_field("to"))?,
            value: fields.read_word().map_err(in_field("value"))?,
            input: Bytes::copy_from_slice(fields.read_bytes().map_err(in_field("input"))?),
            access_list: read_access_list(fields).map_err(in_field("accessList"))?,
        })
    }

    fn fill(self, transaction: &mut Transaction) {
        transaction.chain_id = Some(self.chain_id);
        transaction.nonce = self.nonce;
        transaction.max_fee_per_gas = self.gas_price;
        transaction.max_priority_fee_per_gas = self.gas_price;
        transaction.gas_limit = self.gas_limit;
        transaction.target = self.target;
        transaction.value = self.value;
        transaction.input = self.input;
        transaction.access_list = self.access_list;
    }
}

impl From<AccessListTransaction> for UnsignedTransaction {
    fn from(transaction: AccessListTransaction) -> Self {
        Self::AccessList(transaction)
    }
}

impl DynamicFeeTransaction {
    /// Signs with `key`.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Envelope {
        UnsignedTransaction::from(self).sign(key)
    }

    fn write(&self, list: &mut RlpWriter) {
        list.write_u64(self.chain_id);
        list.write_u64(self.nonce);
        list.write_word(&self.max_priority_fee_per_gas);
        list.write_word(&self.max_fee_per_gas);
        list.write_u64(self.gas_limit);
        write_target(list, self.target);
        list.write_word(&self.value);
        list.write_bytes(&self.input);
        write_access_list(list, &self.access_list);
    }

    fn read(fields: &mut RlpReader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            chain_id: fields.read_u64().map_err(in_field("chainId"))?,
            nonce: fields.read_u64().map_err(in_field("nonce"))?,
            max_priority_fee_per_gas: fields
                .read_word()
                .map_err(in_field("maxPriorityFeePerGas"))?,
            max_fee_per_gas: fields.read_word().map_err(in_field("maxFeePerGas"))?,
            gas_limit: fields.read_u64().map_err(in_field("gas"))?,
            target: read_target(fields).map_err(in_field("to"))?,
            value: fields.read_word().map_err(in_field("value"))?,
            input: Bytes::copy_from_slice(fields.read_bytes().map_err(in_field("input"))?),
            access_list: read_access_list(fields).map_err(in_field("accessList"))?,
        })
    }

    fn fill(self, transaction: &mut Transaction) {
        transaction.chain_id = Some(self.chain_id);
        transaction.nonce = self.nonce;
        transaction.max_priority_fee_per_gas = self.max_priority_fee_per_gas;
        transaction.max_fee_per_gas = self.max_fee_per_gas;
        transaction.gas_limit = self.gas_limit;
        transaction.target = self.target;
        transaction.value = self.value;
        transaction.input = self.input;
        transaction.access_list = self.access_list;
    }
}

impl From<DynamicFeeTransaction> for UnsignedTransaction {
    fn from(transaction: DynamicFeeTransaction) -> Self {
        Self::DynamicFee(transaction)
    }
}

impl BlobTransaction {
    /// Signs with `key`.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Envelope {
        UnsignedTransaction::from(self).sign(key)
    }

    fn write(&self, list: &mut RlpWriter) {
        list.write_u64(self.chain_id);
        list.write_u64(self.nonce);
        list.write_word(&self.max_priority_fee_per_gas);
        list.write_word(&self.max_fee_per_gas);
        list.write_u64(self.gas_limit);
        list.write_bytes(self.to.as_bytes());
        list.write_word(&self.value);
        list.write_bytes(&self.input);
        write_access_list(list, &self.access_list);
        list.write_word(&self.max_fee_per_blob_gas);
        write_hashes(list, &self.blob_hashes);
    }

    fn read(fields: &mut RlpReader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            chain_id: fields.read_u64().map_err(in_field("chainId"))?,
            nonce: fields.read_u64().map_err(in_field("nonce"))?,
            max_priority_fee_per_gas: fields
                .read_word()
                .map_err(in_field("maxPriorityFeePerGas"))?,
            max_fee_per_gas: fields.read_word().map_err(in_field("maxFeePerGas"))?,
            gas_limit: fields.read_u64().map_err(in_field("gas"))?,
            to: Address::from(fields.read_array().map_err(in_field("to"))?),
            value: fields.read_word().map_err(in_field("value"))?,
            input: Bytes::copy_from_slice(fields.read_bytes().map_err(in_field("input"))?),
            access_list: read_access_list(fields).map_err(in_field("accessList"))?,
            max_fee_per_blob_gas: fields.read_word().map_err(in_field("maxFeePerBlobGas"))?,
            blob_hashes: read_hashes(fields).map_err(in_field("blobVersionedHashes"))?,
        })
    }

    fn fill(self, transaction: &mut Transaction) {
        transaction.chain_id = Some(self.chain_id);
        transaction.nonce = self.nonce;
        transaction.max_priority_fee_per_gas = self.max_priority_fee_per_gas;
        transaction.max_fee_per_gas = self.max_fee_per_gas;
        transaction.gas_limit = self.gas_limit;
        transaction.target = Target::Call(self.to);
        transaction.value = self.value;
        transaction.input = self.input;
        transaction.access_list = self.access_list;
        transaction.max_fee_per_blob_gas = self.max_fee_per_blob_gas;
        transaction.blob_hashes = self.blob_hashes;
    }
}

impl From<BlobTransaction> for UnsignedTransaction {
    fn from(transaction: BlobTransaction) -> Self {
        Self::Blob(transaction)
    }
}

impl SetCodeTransaction {
    /// Signs with `key`.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Envelope {
        UnsignedTransaction::from(self).sign(key)
    }

    fn write(&self, list: &mut RlpWriter) {
        list.write_u64(self.chain_id);
        list.write_u64(self.nonce);
        list.write_word(&self.max_priority_fee_per_gas);
        list.write_word(&self.max_fee_per_gas);
        list.write_u64(self.gas_limit);
        list.write_bytes(self.to.as_bytes());
        list.write_word(&self.value);
        list.write_bytes(&self.input);
        write_access_list(list, &self.access_list);
        write_authorizations(list, &self.authorizations);
    }

    fn read(fields: &mut RlpReader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            chain_id: fields.read_u64().map_err(in_field("chainId"))?,
            nonce: fields.read_u64().map_err(in_field("nonce"))?,
            max_priority_fee_per_gas: fields
                .read_word()
                .map_err(in_field("maxPriorityFeePerGas"))?,
            max_fee_per_gas: fields.read_word().map_err(in_field("maxFeePerGas"))?,
            gas_limit: fields.read_u64().map_err(in_field("gas"))?,
            to: Address::from(fields.read_array().map_err(in_field("to"))?),
            value: fields.read_word().map_err(in_field("value"))?,
            input: Bytes::copy_from_slice(fields.read_bytes().map_err(in_field("input"))?),
            access_list: read_access_list(fields).map_err(in_field("accessList"))?,
            authorizations: read_authorizations(fields).map_err(in_field("authorizationList"))?,
        })
    }

    fn fill(self, transaction: &mut Transaction) {
        transaction.chain_id = Some(self.chain_id);
        transaction.nonce = self.nonce;
        transaction.max_priority_fee_per_gas = self.max_priority_fee_per_gas;
        transaction.max_fee_per_gas = self.max_fee_per_gas;
        transaction.gas_limit = self.gas_limit;
        transaction.target = Target::Call(self.to);
        transaction.value = self.value;
        transaction.input = self.input;
        transaction.access_list = self.access_list;
        transaction.authorizations = self.authorizations;
    }
}

impl From<SetCodeTransaction> for UnsignedTransaction {
    fn from(transaction: SetCodeTransaction) -> Self {
        Self::SetCode(transaction)
    }
}

#[cfg(feature = "arbitrary")]
pub(crate) fn arbitrary_bytes(
    random: &mut arbitrary::Unstructured<'_>,
) -> arbitrary::Result<Bytes> {
    random.arbitrary::<Vec<u8>>().map(Bytes::from)
}
