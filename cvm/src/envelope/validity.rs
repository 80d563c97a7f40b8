//! The rules of validity that need no state.

use primitive_types::{H160 as Address, H256, U256};

use super::{Envelope, IntrinsicGas};
use crate::{
    revision::Revision,
    signature::{ScalarRule, SignatureError},
    transaction::{Target, Transaction, TransactionKind},
};

/// The figures that the rules compare with.
///
/// A chain with its own limits changes the fields of [`Self::ethereum`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvelopeRules {
    /// Which types, prices and checks are in force.
    pub revision: Revision,
    /// The chain that transactions must be for; legacy ones may name none.
    pub chain_id: u64,
    /// The most gas that one transaction may ask for (EIP-7825).
    pub gas_limit_max: u64,
    /// The most bytes of init code (EIP-3860).
    pub init_code_size_max: usize,
    /// The most blobs in one transaction (EIP-4844, EIP-7691, EIP-7594).
    pub blob_count_max: usize,
}

/// The first byte of a blob's versioned hash (EIP-4844 `VERSIONED_HASH_VERSION_KZG`).
pub(super) const BLOB_HASH_VERSION: u8 = 0x01;

impl EnvelopeRules {
    /// Returns Ethereum's figures at a revision.
    #[must_use]
    pub const fn ethereum(revision: Revision, chain_id: u64) -> Self {
        Self {
            revision,
            chain_id,
            gas_limit_max: match revision {
                Revision::Osaka => 1 << 24,
                _ => u64::MAX,
            },
            init_code_size_max: if revision as u8 >= Revision::Shanghai as u8 {
                2 * 24_576
            } else {
                usize::MAX
            },
            blob_count_max: match revision {
                Revision::Prague => 9,
                _ => 6,
            },
        }
    }
}

/// Why no block may hold a transaction, whatever the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTransaction {
    /// The type came with a later revision.
    #[error("transaction type {kind:?} is not known in {revision}")]
    TypeNotSupported {
        /// The transaction's type.
        kind: TransactionKind,
        /// The revision in force.
        revision: Revision,
    },
    /// A chain id is signed before EIP-155.
    #[error("legacy transaction with chain id {found} before SpuriousDragon")]
    ProtectedTooEarly {
        /// The transaction's chain id.
        found: u64,
    },
    /// It is for another chain.
    #[error("chain id is {found}, expected {expected}")]
    ChainId {
        /// This chain.
        expected: u64,
        /// The transaction's chain.
        found: u64,
    },
    /// A typed transaction, built by hand, names no chain.
    #[error("typed transaction without a chain id")]
    ChainIdMissing,
    /// A transaction built by hand has a field that its type does not have.
    #[error("transaction type {kind:?} has no {field}")]
    ForeignField {
        /// The transaction's type.
        kind: TransactionKind,
        /// The name of the field in JSON-RPC.
        field: &'static str,
    },
    /// Nobody can have signed it, or `s` is high (EIP-2).
    #[error("signature")]
    Signature(#[source] SignatureError),
    /// The nonce cannot be incremented (EIP-2681).
    #[error("nonce {nonce} is the largest, it cannot be incremented")]
    NonceMax {
        /// The transaction's nonce.
        nonce: u64,
    },
    /// The gas limit is above the cap (EIP-7825).
    #[error("gas limit {found} is above {max}")]
    GasLimitAboveMax {
        /// The cap.
        max: u64,
        /// The transaction's gas limit.
        found: u64,
    },
    /// The gas limit does not cover the cost of being a transaction.
    #[error("gas limit {found} is below the intrinsic gas {required}")]
    IntrinsicGas {
        /// The cost before execution.
        required: u64,
        /// The transaction's gas limit.
        found: u64,
    },
    /// The gas limit does not cover the floor of the calldata's price (EIP-7623).
    #[error("gas limit {found} is below the calldata floor {required}")]
    FloorGas {
        /// The floor.
        required: u64,
        /// The transaction's gas limit.
        found: u64,
    },
    /// Gas limit times price does not fit 256 bits; no balance can pay it.
    #[error("gas limit {gas_limit} times {max_fee_per_gas} overflows")]
    GasCostOverflow {
        /// The transaction's gas limit.
        gas_limit: u64,
        /// The most wei per gas.
        max_fee_per_gas: U256,
    },
    /// The tip is above the fee that contains it (EIP-1559).
    #[error("priority fee {max_priority_fee_per_gas} is above the fee {max_fee_per_gas}")]
    PriorityFeeAboveFee {
        /// The most wei per gas for the proposer.
        max_priority_fee_per_gas: U256,
        /// The most wei per gas.
        max_fee_per_gas: U256,
    },
    /// The init code is too long (EIP-3860).
    #[error("init code of {found} bytes, at most {max} are allowed")]
    InitCodeSize {
        /// The most bytes allowed.
        max: usize,
        /// The size of the input.
        found: usize,
    },
    /// A type that cannot create has no target (EIP-4844, EIP-7702).
    #[error("transaction type {kind:?} cannot create")]
    CannotCreate {
        /// The transaction's type.
        kind: TransactionKind,
    },
    /// A blob transaction has no blobs.
    #[error("blob transaction without blobs")]
    NoBlobs,
    /// A blob transaction has too many blobs.
    #[error("{found} blobs, at most {max} are allowed")]
    BlobCount {
        /// The most blobs allowed.
        max: usize,
        /// The number found.
        found: usize,
    },
    /// A versioned hash is not of the known version.
    #[error("blob hash {hash:?} at index {index} is not of version 1")]
    BlobHashVersion {
        /// Its place.
        index: usize,
        /// The hash found.
        hash: H256,
    },
    /// A set-code transaction sets nothing.
    #[error("set-code transaction without authorizations")]
    NoAuthorizations,
}

/// Judges the cheap rules first and recovers the sender last, so that garbage costs its sender more than us.
pub(super) fn validate_envelope(
    envelope: &Envelope,
    rules: &EnvelopeRules,
) -> Result<Transaction, InvalidTransaction> {
    let mut transaction = envelope.unsigned.clone().into_transaction(Address::zero());
    transaction.validate(rules)?;
    let scalars =
        if rules.revision >= Revision::Homestead { ScalarRule::LowOnly } else { ScalarRule::Any };
    let recovered = envelope.signature.recover(envelope.signing_hash(), scalars);
    transaction.sender = recovered.map_err(InvalidTransaction::Signature)?;
    Ok(transaction)
}

impl Transaction {
    /// Judges everything that needs neither state nor signature, and returns the intrinsic gas.
    ///
    /// # Errors
    /// When a block under these rules must not hold the transaction, whatever the state.
    pub fn validate(&self, rules: &EnvelopeRules) -> Result<IntrinsicGas, InvalidTransaction> {
        check_kind(self.kind, rules)?;
        check_fields(self)?;
        check_chain(self.kind, self.chain_id, rules)?;
        check_nonce(self)?;
        check_fees(self)?;
        check_target(self, rules)?;
        check_blobs(self, rules)?;
        if self.kind == TransactionKind::SetCode && self.authorizations.is_empty() {
            return Err(InvalidTransaction::NoAuthorizations);
        }
        check_gas(self, rules)
    }
}

fn check_kind(kind: TransactionKind, rules: &EnvelopeRules) -> Result<(), InvalidTransaction> {
    let first = match kind {
        TransactionKind::Legacy => Revision::Frontier,
        TransactionKind::AccessList => Revision::Berlin,
        TransactionKind::DynamicFee => Revision::London,
        TransactionKind::Blob => Revision::Cancun,
        TransactionKind::SetCode => Revision::Prague,
    };
    if rules.revision < first {
        return Err(InvalidTransaction::TypeNotSupported { kind, revision: rules.revision });
    }
    Ok(())
}

/// A field of another type would be priced or executed although nobody can have signed it.
fn check_fields(transaction: &Transaction) -> Result<(), InvalidTransaction> {
    let kind = transaction.kind;
    let has_one_price = transaction.max_priority_fee_per_gas == transaction.max_fee_per_gas;
    let rows = [
        ("maxPriorityFeePerGas", kind >= TransactionKind::DynamicFee, has_one_price),
        ("accessList", kind >= TransactionKind::AccessList, transaction.access_list.is_empty()),
        (
            "maxFeePerBlobGas",
            kind == TransactionKind::Blob,
            transaction.max_fee_per_blob_gas.is_zero(),
        ),
        ("blobVersionedHashes", kind == TransactionKind::Blob, transaction.blob_hashes.is_empty()),
        (
            "authorizationList",
            kind == TransactionKind::SetCode,
            transaction.authorizations.is_empty(),
        ),
    ];
    match rows.into_iter().find(|(_, is_of_type, is_absent)| !is_of_type && !is_absent) {
        Some((field, _, _)) => Err(InvalidTransaction::ForeignField { kind, field }),
        None => Ok(()),
    }
}

fn check_chain(
    kind: TransactionKind,
    chain_id: Option<u64>,
    rules: &EnvelopeRules,
) -> Result<(), InvalidTransaction> {
    let Some(found) = chain_id else {
        return match kind {
            TransactionKind::Legacy => Ok(()),
            _ => Err(InvalidTransaction::ChainIdMissing),
        };
    };
    if rules.revision < Revision::SpuriousDragon {
        return Err(InvalidTransaction::ProtectedTooEarly { found });
    }
    if found != rules.chain_id {
        return Err(InvalidTransaction::ChainId { expected: rules.chain_id, found });
    }
    Ok(())
}

fn check_nonce(transaction: &Transaction) -> Result<(), InvalidTransaction> {
    match transaction.nonce {
        u64::MAX => Err(InvalidTransaction::NonceMax { nonce: u64::MAX }),
        _ => Ok(()),
    }
}

fn check_fees(transaction: &Transaction) -> Result<(), InvalidTransaction> {
    let Transaction { gas_limit, max_fee_per_gas, max_priority_fee_per_gas, .. } = *transaction;
    if max_priority_fee_per_gas > max_fee_per_gas {
        return Err(InvalidTransaction::PriorityFeeAboveFee {
            max_priority_fee_per_gas,
            max_fee_per_gas,
        });
    }
    match max_fee_per_gas.checked_mul(U256::from(gas_limit)) {
        Some(_) => Ok(()),
        None => Err(InvalidTransaction::GasCostOverflow { gas_limit, max_fee_per_gas }),
    }
}

fn check_target(
    transaction: &Transaction,
    rules: &EnvelopeRules,
) -> Result<(), InvalidTransaction> {
    if transaction.target != Target::Create {
        return Ok(());
    }
    if matches!(transaction.kind, TransactionKind::Blob | TransactionKind::SetCode) {
        return Err(InvalidTransaction::CannotCreate { kind: transaction.kind });
    }
    let found = transaction.input.len();
    if found > rules.init_code_size_max {
        return Err(InvalidTransaction::InitCodeSize { max: rules.init_code_size_max, found });
    }
    Ok(())
}

fn check_blobs(transaction: &Transaction, rules: &EnvelopeRules) -> Result<(), InvalidTransaction> {
    if transaction.kind != TransactionKind::Blob {
        return Ok(());
    }
    match transaction.blob_hashes.len() {
        0 => return Err(InvalidTransaction::NoBlobs),
        found if found > rules.blob_count_max => {
            return Err(InvalidTransaction::BlobCount { max: rules.blob_count_max, found });
        }
        _ => {}
    }
    let mut hashes = transaction.blob_hashes.iter().copied().enumerate();
    match hashes.find(|(_, hash)| hash[0] != BLOB_HASH_VERSION) {
        Some((index, hash)) => Err(InvalidTransaction::BlobHashVersion { index, hash }),
        None => Ok(()),
    }
}

fn check_gas(
    transaction: &Transaction,
    rules: &EnvelopeRules,
) -> Result<IntrinsicGas, InvalidTransaction> {
    let found = transaction.gas_limit;
    if found > rules.gas_limit_max {
        return Err(InvalidTransaction::GasLimitAboveMax { max: rules.gas_limit_max, found });
    }
    let gas = IntrinsicGas::of(rules.revision, transaction);
    if gas.initial > found {
        return Err(InvalidTransaction::IntrinsicGas { required: gas.initial, found });
    }
    if gas.floor > found {
        return Err(InvalidTransaction::FloorGas { required: gas.floor, found });
    }
    Ok(gas)
}

#[cfg(test)]
mod tests;
