//! Why bytes are not a signed transaction.

use primitive_types::U256;

use super::RlpError;

/// Why bytes are not the canonical encoding of one signed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There are no bytes.
    #[error("no bytes")]
    Empty,
    /// The first byte is no list and no type of EIP-2718 that is known.
    #[error("unknown transaction type {found:#04x}")]
    UnknownType {
        /// The first byte.
        found: u8,
    },
    /// A field is not canonical RLP, or does not fit.
    #[error("field {field}")]
    Field {
        /// Its name in JSON-RPC.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        source: RlpError,
    },
    /// The `v` of a legacy transaction is neither 27, 28, nor that of a chain id of 64 bits (EIP-155).
    #[error("v {found} is neither 27, 28, nor 35 and above for a chain id of 64 bits")]
    V {
        /// The value found.
        found: U256,
    },
    /// The parity of a typed transaction is neither 0 nor 1.
    #[error("parity of y is {found}, expected 0 or 1")]
    Parity {
        /// The value found.
        found: u64,
    },
    /// A blob transaction comes with its blobs where only the canonical form may stand.
    #[error("blob transaction with a sidecar, expected the canonical form")]
    UnexpectedSidecar,
    /// The sidecar has a wrapper version that is not known (EIP-7594).
    #[error("unknown sidecar version {found}")]
    SidecarVersion {
        /// The version found.
        found: u64,
    },
}

/// Names the field that an error is about.
pub(super) const fn in_field(field: &'static str) -> impl Fn(RlpError) -> DecodeError {
    move |source| DecodeError::Field { field, source }
}
