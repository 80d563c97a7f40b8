//! Execute EVM bytecode and transactions, exactly and fast, with extra instructions by table.
#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

mod envelope;
mod keccak;
mod revision;
mod signature;
#[cfg(feature = "cli")]
pub mod tool;
mod transaction;

pub use envelope::{
    AccessListTransaction, BLOB_SIZE, BlobSidecar, BlobTransaction, DecodeError,
    DynamicFeeTransaction, Envelope, EnvelopeRules, IntrinsicGas, InvalidTransaction,
    LegacyTransaction, NetworkEnvelope, RlpError, RlpItem, RlpReader, RlpWriter,
    SetCodeTransaction, SidecarError, SidecarVersion, UnsignedTransaction,
};
pub use primitive_types::{H160 as Address, H256, U256};
pub use revision::{Revision, UnknownRevision};
pub use signature::{
    InvalidSecretKey, ScalarRule, SecretKey, Signature, SignatureError, public_key_address,
};
pub use transaction::{AccessListItem, Authorization, Target, Transaction, TransactionKind};
