//! The executable form of a transaction: decoded, its sender known, nothing left to parse.

use alloc::vec::Vec;

use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};

/// What a transaction acts on.
///
/// A rule that needs an account to call must say what it does for a creation: there is no address to fall back on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The input is init code; its address follows from the sender and the nonce.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TransactionKind {
    /// The untyped form, with or without the chain id of EIP-155.
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
pub struct Authorization {
    /// The chain it is for; zero means every chain.
    pub chain_id: U256,
    /// The account whose code shall run; zero removes a delegation.
    pub address: Address,
    /// The nonce that the authority must have.
    pub nonce: u64,
    /// The parity of the y coordinate; only 0 and 1 can be recovered.
    pub y_parity: u8,
    /// The x coordinate of the signature's point, as a scalar.
    pub r: U256,
    /// The signature's proof, as a scalar.
    pub s: U256,
}

/// A transaction as the executor takes it.
///
/// Every field is public: tests, calls and simulations build one directly. A transaction from outside is an
/// [`Envelope`](crate::Envelope) first. Fields that a type does not have hold their empty value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transaction {
    /// The type it was signed as.
    pub kind: TransactionKind,
    /// The chain it is for; `None` for a legacy transaction without EIP-155.
    pub chain_id: Option<u64>,
    /// Who signed it.
    pub sender: Address,
    /// How many transactions the sender sent before.
    pub nonce: u64,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// What it acts on.
    pub target: Target,
    /// The wei that move from the sender to the target.
    pub value: U256,
    /// Call data, or init code.
    pub input: Bytes,
    /// The most wei per gas; the gas price for legacy and access-list transactions.
    pub max_fee_per_gas: U256,
    /// The most wei per gas for the proposer; the gas price for legacy and access-list transactions.
    pub max_priority_fee_per_gas: U256,
    /// What is warm from the start.
    pub access_list: Vec<AccessListItem>,
    /// The most wei per blob gas.
    pub max_fee_per_blob_gas: U256,
    /// The versioned hashes of its blobs.
    pub blob_hashes: Vec<H256>,
    /// The delegations to set before it runs.
    pub authorizations: Vec<Authorization>,
}
