//! Why a transaction did not execute.

use crate::{BackendError, InvalidTransaction};
use primitive_types::{H160 as Address, U256};

/// The transaction did not execute, and changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// No block may hold the transaction, whatever the state.
    #[error("invalid transaction: {0}")]
    Invalid(#[from] InvalidTransaction),
    /// The transaction may not be in this block, on this state.
    #[error("transaction refused: {0}")]
    Refused(#[from] Refusal),
    /// The state could not be read; nothing is known about the transaction.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a well-formed transaction may not be in this block, on this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The sender used the nonce already.
    #[error("nonce {found} of {sender:?} is used, the next one is {expected}")]
    NonceTooLow {
        /// Who sent the transaction.
        sender: Address,
        /// The sender's nonce.
        expected: u64,
        /// The transaction's nonce.
        found: u64,
    },
    /// Transactions of the sender are missing before this one.
    #[error("nonce {found} of {sender:?} is ahead, the next one is {expected}")]
    NonceTooHigh {
        /// Who sent the transaction.
        sender: Address,
        /// The sender's nonce.
        expected: u64,
        /// The transaction's nonce.
        found: u64,
    },
    /// The sender is a contract (EIP-3607).
    #[error("sender {sender:?} is a contract")]
    SenderIsContract {
        /// Who sent the transaction.
        sender: Address,
    },
    /// The transaction wants more gas than the block has.
    #[error("gas limit {found} is above the block's {available}")]
    GasLimitAboveBlock {
        /// The block's gas limit.
        available: u64,
        /// The transaction's gas limit.
        found: u64,
    },
    /// The transaction wants more gas than the machine counts: 2^63 - 1.
    #[error("gas limit {found} is above 2^63 - 1")]
    GasLimitAboveMachine {
        /// The transaction's gas limit.
        found: u64,
    },
    /// The most that the transaction pays per gas is below the block's base fee (EIP-1559).
    #[error("fee {found} per gas is below the base fee {required}")]
    FeeBelowBase {
        /// The block's base fee.
        required: U256,
        /// The transaction's fee.
        found: U256,
    },
    /// The most that the transaction pays per blob gas is below the block's blob base fee (EIP-4844).
    #[error("fee {found} per blob gas is below the blob base fee {required}")]
    BlobFeeBelowBase {
        /// The block's blob base fee.
        required: U256,
        /// The transaction's fee.
        found: U256,
    },
    /// An account cannot pay what falls to it: value, gas or blobs.
    #[error("{account:?} has {available} wei of {required} that may be due")]
    InsufficientBalance {
        /// Who is to pay.
        account: Address,
        /// The most that may be due; the largest word if it is even more.
        required: U256,
        /// The account's balance.
        available: U256,
    },
}
