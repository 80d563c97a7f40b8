//! The names that test files give to the causes of an invalid transaction.

use crate::{InvalidTransaction, Refusal, TransactionKind};

/// Whether a cause is one of those that a file allows, such as `TransactionException.NONCE_IS_MAX|...`.
///
/// Names that no cause here has (of encodings, or of forks to come) allow every cause: then only the refusal counts.
pub(super) fn allows(expected: &str, names_of_cause: &[&str]) -> bool {
    let mut expected =
        expected.split('|').map(|name| name.trim().trim_start_matches("TransactionException."));
    expected.any(|name| names_of_cause.contains(&name) || !is_known(name))
}

fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|names| names.contains(&name))
}

const TYPE_1: &[&str] = &["TYPE_1_TX_PRE_FORK", "TR_TypeNotSupported"];
const TYPE_2: &[&str] = &["TYPE_2_TX_PRE_FORK", "TR_TypeNotSupported"];
const TYPE_3: &[&str] = &["TYPE_3_TX_PRE_FORK", "TR_TypeNotSupportedBlob", "TR_TypeNotSupported"];
const TYPE_4: &[&str] = &["TYPE_4_TX_PRE_FORK", "TR_TypeNotSupported"];
const CHAIN_ID: &[&str] = &["INVALID_CHAINID", "INVALID_SIGNATURE_VRS"];
const SIGNATURE: &[&str] = &["INVALID_SIGNATURE_VRS", "EC_RECOVERY_FAIL"];
const NONCE_MAX: &[&str] = &["NONCE_IS_MAX", "NONCE_TOO_BIG", "TR_NonceHasMaxValue"];
const GAS_CAP: &[&str] = &["GAS_LIMIT_EXCEEDS_MAXIMUM"];
const INTRINSIC: &[&str] = &["INTRINSIC_GAS_TOO_LOW", "TR_IntrinsicGas"];
const FLOOR: &[&str] = &["INTRINSIC_GAS_BELOW_FLOOR_GAS_COST", "INTRINSIC_GAS_TOO_LOW"];
const GAS_COST: &[&str] = &["GASLIMIT_PRICE_PRODUCT_OVERFLOW", "INSUFFICIENT_ACCOUNT_FUNDS"];
const PRIORITY: &[&str] = &[
    "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS",
    "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS_2",
    "TR_TipGtFeeCap",
];
const INIT_CODE: &[&str] = &["INITCODE_SIZE_EXCEEDED", "TR_InitCodeLimitExceeded"];
const BLOB_CREATE: &[&str] = &["TYPE_3_TX_CONTRACT_CREATION", "TR_BLOBCREATE"];
const SET_CODE_CREATE: &[&str] = &["TYPE_4_TX_CONTRACT_CREATION"];
const NO_BLOBS: &[&str] = &["TYPE_3_TX_ZERO_BLOBS", "TR_EMPTYBLOB"];
pub(super) const BLOB_COUNT: &[&str] = &[
    "TYPE_3_TX_BLOB_COUNT_EXCEEDED",
    "TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED",
    "TR_BLOBLIST_OVERSIZE",
];
const BLOB_VERSION: &[&str] = &["TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH", "TR_BLOBVERSION_INVALID"];
const NO_AUTHORIZATIONS: &[&str] = &["TYPE_4_EMPTY_AUTHORIZATION_LIST"];
const NONCE_LOW: &[&str] = &["NONCE_MISMATCH_TOO_LOW", "TR_NonceTooLow"];
const NONCE_HIGH: &[&str] = &["NONCE_MISMATCH_TOO_HIGH", "TR_NonceTooHigh"];
const SENDER: &[&str] = &["SENDER_NOT_EOA", "SenderNotEOA"];
const BLOCK_GAS: &[&str] = &["GAS_ALLOWANCE_EXCEEDED", "TR_GasLimitReached"];
const BASE_FEE: &[&str] = &["INSUFFICIENT_MAX_FEE_PER_GAS", "TR_FeeCapLessThanBlocks"];
const BLOB_FEE: &[&str] = &["INSUFFICIENT_MAX_FEE_PER_BLOB_GAS", "TR_FeeCapLessThanBlocksBlobGas"];
const BALANCE: &[&str] =
    &["INSUFFICIENT_ACCOUNT_FUNDS", "GASLIMIT_PRICE_PRODUCT_OVERFLOW", "TR_NoFunds"];

const KNOWN: &[&[&str]] = &[
    TYPE_1,
    TYPE_2,
    TYPE_3,
    TYPE_4,
    CHAIN_ID,
    SIGNATURE,
    NONCE_MAX,
    GAS_CAP,
    INTRINSIC,
    FLOOR,
    GAS_COST,
    PRIORITY,
    INIT_CODE,
    BLOB_CREATE,
    SET_CODE_CREATE,
    NO_BLOBS,
    BLOB_COUNT,
    BLOB_VERSION,
    NO_AUTHORIZATIONS,
    NONCE_LOW,
    NONCE_HIGH,
    SENDER,
    BLOCK_GAS,
    BASE_FEE,
    BLOB_FEE,
    BALANCE,
];

/// The names of what makes a transaction invalid whatever the state.
pub(super) const fn names_of_invalid(error: &InvalidTransaction) -> &'static [&'static str] {
    use InvalidTransaction as Invalid;
    match error {
        Invalid::TypeNotSupported { kind, .. } => match kind {
            TransactionKind::Legacy => &[],
            TransactionKind::AccessList => TYPE_1,
            TransactionKind::DynamicFee => TYPE_2,
            TransactionKind::Blob => TYPE_3,
            TransactionKind::SetCode => TYPE_4,
        },
        Invalid::ProtectedTooEarly { .. } | Invalid::ChainId { .. } | Invalid::ChainIdMissing => {
            CHAIN_ID
        }
        Invalid::Signature(_) => SIGNATURE,
        Invalid::NonceMax { .. } => NONCE_MAX,
        Invalid::GasLimitAboveMax { .. } => GAS_CAP,
        Invalid::IntrinsicGas { .. } => INTRINSIC,
        Invalid::FloorGas { .. } => FLOOR,
        Invalid::GasCostOverflow { .. } => GAS_COST,
        Invalid::PriorityFeeAboveFee { .. } => PRIORITY,
        Invalid::InitCodeSize { .. } => INIT_CODE,
        Invalid::CannotCreate { kind: TransactionKind::SetCode } => SET_CODE_CREATE,
        Invalid::CannotCreate { .. } => BLOB_CREATE,
        Invalid::NoBlobs => NO_BLOBS,
        Invalid::BlobCount { .. } => BLOB_COUNT,
        Invalid::BlobHashVersion { .. } => BLOB_VERSION,
        Invalid::NoAuthorizations => NO_AUTHORIZATIONS,
        Invalid::ForeignField { .. } => &[],
    }
}

/// The names of what keeps a transaction out of this block.
pub(super) const fn names_of_refusal(error: &Refusal) -> &'static [&'static str] {
    match error {
        Refusal::NonceTooLow { .. } => NONCE_LOW,
        Refusal::NonceTooHigh { .. } => NONCE_HIGH,
        Refusal::SenderIsContract { .. } => SENDER,
        Refusal::GasLimitAboveBlock { .. } | Refusal::GasLimitAboveMachine { .. } => BLOCK_GAS,
        Refusal::FeeBelowBase { .. } => BASE_FEE,
        Refusal::BlobFeeBelowBase { .. } => BLOB_FEE,
        Refusal::InsufficientBalance { .. } => BALANCE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_name_allows_its_cause_only() {
        let refusal = names_of_invalid(&InvalidTransaction::NoBlobs);
        let rows = [
            ("TransactionException.TYPE_3_TX_ZERO_BLOBS", true),
            ("TransactionException.NONCE_IS_MAX|TransactionException.TYPE_3_TX_ZERO_BLOBS", true),
            ("TransactionException.NONCE_IS_MAX", false),
            ("TransactionException.OF_A_FORK_TO_COME", true),
        ];
        for (expected, is_allowed) in rows {
            assert_eq!(allows(expected, refusal), is_allowed, "{expected}");
        }
    }
}
