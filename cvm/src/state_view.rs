//! The read port: the world as it was before the transaction.

use alloc::boxed::Box;
use bytes::Bytes;
use core::{error::Error, fmt};
use primitive_types::{H160 as Address, H256, U256};

/// The keccak-256 of no bytes: the code hash of an account without code.
pub const EMPTY_CODE_HASH: H256 = H256([
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70,
]);

/// An account without its code and storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AccountInfo {
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// keccak-256 of the code; [`EMPTY_CODE_HASH`] for none.
    pub code_hash: H256,
    /// Whether any storage slot is non-zero, which forbids creating a contract here (EIP-7610).
    pub has_storage: bool,
}

impl Default for AccountInfo {
    fn default() -> Self {
        Self { nonce: 0, balance: U256::zero(), code_hash: EMPTY_CODE_HASH, has_storage: false }
    }
}

/// Reads the state that a transaction starts from.
///
/// Answers must not change while a transaction runs. Each account, slot and code is asked at most once per transaction;
/// code is kept by hash between transactions.
pub trait StateView {
    /// The account at `address`, or `None` when there is none.
    ///
    /// # Errors
    /// [`BackendError`] when the state cannot be read; the transaction is then neither valid nor invalid.
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, BackendError>;

    /// The code whose keccak-256 is `hash`; `address` is an account that has it.
    ///
    /// # Errors
    /// [`BackendError`] when the code cannot be read.
    fn code(&self, address: &Address, hash: &H256) -> Result<Bytes, BackendError>;

    /// The value of a storage slot; zero when it was never written.
    ///
    /// # Errors
    /// [`BackendError`] when the slot cannot be read.
    fn storage(&self, address: &Address, key: &U256) -> Result<U256, BackendError>;

    /// The hash of one of the 256 blocks before the current one.
    ///
    /// # Errors
    /// [`BackendError`] when the hash cannot be read.
    fn block_hash(&self, number: u64) -> Result<H256, BackendError>;
}

/// The state could not be read. Carries the cause that the [`StateView`] gave.
pub struct BackendError(Box<dyn Error + Send + Sync>);

impl BackendError {
    /// Wraps the cause of a failed read.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl fmt::Debug for BackendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the state could not be read: {}", self.0)
    }
}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
