//! The executable form of a transaction: decoded, its sender known, nothing left to parse.

use alloc::vec::Vec;

use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};

use crate::{
    envelope::RlpWriter,
    keccak::keccak256,
    signature::{ScalarRule, SecretKey, Signature, SignatureError},
};

/// What a transaction acts on.
///
/// A rule that needs an account to call must say what it does for a creation: there is no address to fall back on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Target {
    /// The input is init code; its address follows from the sender and the nonce.
    #[default]
    Create,
    /// The account that receives the value and whose code runs.
    Call(Address),
}

impl Target {
    /// Returns the called account, or `None` for a creation.
    #[must_use]
    pub const fn address(&self) -> Option<Address> {
        match self {
            Self::Create => None,
            Self::Call(address) => Some(*address),
        }
    }
}

/// The types of EIP-2718 transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[repr(u8)]
pub enum TransactionKind {
    /// The untyped form, with or without the chain id of EIP-155.
    #[default]
    Legacy = 0,
    /// EIP-2930.
    AccessList = 1,
    /// EIP-1559.
    DynamicFee = 2,
    /// EIP-4844.
    Blob = 3,
    /// EIP-7702.
    SetCode = 4,
}

/// An account and its storage slots that a transaction warms before it runs (EIP-2930).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
pub struct AccessListItem {
    /// The account.
    pub address: Address,
    /// The slots, in the order given; duplicates are allowed and paid for.
    pub storage_keys: Vec<H256>,
}

/// A signed wish of an account to run the code of another one (EIP-7702).
///
/// Its fields are as decoded: an authorization that proves nothing is skipped, it does not make the transaction invalid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
pub struct Authorization {
    /// The chain it is for; zero means every chain.
    pub chain_id: U256,
    /// The account whose code shall run; zero removes a delegation.
    pub address: Address,
    /// The nonce that the authority must have.
    #[cfg_attr(feature = "serde", serde(with = "crate::envelope::json::quantity"))]
    pub nonce: u64,
    /// The parity of the y coordinate; only 0 and 1 can be recovered.
    #[cfg_attr(feature = "serde", serde(with = "crate::envelope::json::quantity"))]
    pub y_parity: u8,
    /// The x coordinate of the signature's point, as a scalar.
    pub r: U256,
    /// The signature's proof, as a scalar.
    pub s: U256,
}

/// The first byte of what an authority signs (EIP-7702 `MAGIC`).
const AUTHORIZATION_MAGIC: u8 = 0x05;

impl Authorization {
    /// Returns the account that signed, or `None` when the signature is malformed, not low-s, or recovers to nothing.
    #[must_use]
    pub fn authority(&self) -> Option<Address> {
        self.recover().ok()
    }

    /// Returns the hash that the authority signs: the magic byte and the list of chain id, address and nonce.
    #[must_use]
    pub fn signing_hash(&self) -> H256 {
        let mut writer = RlpWriter::with_prefix(AUTHORIZATION_MAGIC);
        writer.write_list(|list| {
            list.write_word(&self.chain_id);
            list.write_bytes(self.address.as_bytes());
            list.write_u64(self.nonce);
        });
        keccak256(writer.as_bytes())
    }

    /// Fills in the signature of `key`.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Self {
        let Signature { is_y_odd, r, s } = key.sign(self.signing_hash());
        Self { y_parity: u8::from(is_y_odd), r, s, ..self }
    }

    fn recover(&self) -> Result<Address, SignatureError> {
        let is_y_odd = match self.y_parity {
            0 => false,
            1 => true,
            found => return Err(SignatureError::Parity { found }),
        };
        Signature { is_y_odd, r: self.r, s: self.s }
            .recover(self.signing_hash(), ScalarRule::LowOnly)
    }
}

/// A transaction as the executor takes it.
///
/// Every field is public: tests, calls and simulations build one directly. A transaction from outside is an
/// [`Envelope`](crate::Envelope) first. Fields that a type does not have hold their empty value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
pub struct Transaction {
    /// The type it was signed as.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub kind: TransactionKind,
    /// The chain it is for; `None` for a legacy transaction without EIP-155.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::envelope::json::quantity_option"))]
    pub chain_id: Option<u64>,
    /// Who signed it.
    #[cfg_attr(feature = "serde", serde(rename = "from"))]
    pub sender: Address,
    /// How many transactions the sender sent before.
    #[cfg_attr(feature = "serde", serde(with = "crate::envelope::json::quantity"))]
    pub nonce: u64,
    /// The most gas it may use.
    #[cfg_attr(feature = "serde", serde(rename = "gas", with = "crate::envelope::json::quantity"))]
    pub gas_limit: u64,
    /// What it acts on.
    #[cfg_attr(feature = "serde", serde(rename = "to", default))]
    pub target: Target,
    /// The wei that move from the sender to the target.
    pub value: U256,
    /// Call data, or init code.
    #[cfg_attr(feature = "serde", serde(with = "crate::envelope::json::hex_bytes"))]
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::envelope::arbitrary_bytes))]
    pub input: Bytes,
    /// The most wei per gas; the gas price for legacy and access-list transactions.
    pub max_fee_per_gas: U256,
    /// The most wei per gas for the proposer; the gas price for legacy and access-list transactions.
    pub max_priority_fee_per_gas: U256,
    /// What is warm from the start.
    #[cfg_attr(feature = "serde", serde(default))]
    pub access_list: Vec<AccessListItem>,
    /// The most wei per blob gas.
    #[cfg_attr(feature = "serde", serde(default))]
    pub max_fee_per_blob_gas: U256,
    /// The versioned hashes of its blobs.
    #[cfg_attr(feature = "serde", serde(rename = "blobVersionedHashes", default))]
    pub blob_hashes: Vec<H256>,
    /// The delegations to set before it runs.
    #[cfg_attr(feature = "serde", serde(rename = "authorizationList", default))]
    pub authorizations: Vec<Authorization>,
}
