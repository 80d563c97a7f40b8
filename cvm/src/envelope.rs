//! The signed form of a transaction: what users send, pools keep and blocks hold.
//!
//! | step | call | refuses |
//! |---|---|---|
//! | bytes to fields | [`Envelope::decode`] | everything but the one canonical spelling, with [`DecodeError`] |
//! | fields to meaning | [`Envelope::validate`] | what the rules forbid whatever the state, with [`InvalidTransaction`] |
//! | meaning to effects | the executor | what the state forbids: balance, nonce, code |

mod decode_error;
mod fields;
mod intrinsic_gas;
#[cfg(feature = "serde")]
pub(crate) mod json;
mod rlp_reader;
mod rlp_writer;
mod sidecar;
mod unsigned;
mod validity;

use alloc::vec::Vec;

use primitive_types::{H160 as Address, H256, U256};

use self::decode_error::in_field;
#[cfg(feature = "arbitrary")]
pub(crate) use self::unsigned::arbitrary_bytes;
pub use self::{
    decode_error::DecodeError,
    intrinsic_gas::IntrinsicGas,
    rlp_reader::{RlpError, RlpItem, RlpReader},
    rlp_writer::RlpWriter,
    sidecar::{BLOB_SIZE, BlobSidecar, NetworkEnvelope, SidecarError, SidecarVersion},
    unsigned::{
        AccessListTransaction, BlobTransaction, DynamicFeeTransaction, LegacyTransaction,
        SetCodeTransaction, UnsignedTransaction,
    },
    validity::{EnvelopeRules, InvalidTransaction},
};
use crate::{
    keccak::keccak256,
    signature::{ScalarRule, Signature, SignatureError},
    transaction::{Transaction, TransactionKind},
};

/// A signed transaction of any type.
///
/// # Examples
///
/// ```
/// use cybermiles_cvm::{Address, DynamicFeeTransaction, Envelope, EnvelopeRules, Revision, SecretKey, Target, U256};
///
/// let key = SecretKey::from_bytes(&[7; 32])?;
/// let envelope = DynamicFeeTransaction {
///     chain_id: 18,
///     gas_limit: 21_000,
///     max_fee_per_gas: U256::from(1_000_000_000),
///     target: Target::Call(Address::repeat_byte(0x11)),
///     value: U256::from(5),
///     ..DynamicFeeTransaction::default()
/// }
/// .sign(&key);
///
/// let bytes = envelope.encode();
/// let decoded = Envelope::decode(&bytes)?;
/// let transaction = decoded.validate(&EnvelopeRules::ethereum(Revision::Osaka, 18))?;
/// assert_eq!(transaction.sender, key.address());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Envelope {
    /// What was signed.
    pub unsigned: UnsignedTransaction,
    /// By whom, as decoded.
    pub signature: Signature,
}

impl Envelope {
    /// Decodes the canonical form, as in a block.
    ///
    /// Allocates in proportion to `bytes`. A blob transaction with its sidecar is for
    /// [`NetworkEnvelope::decode`].
    ///
    /// # Errors
    /// When `bytes` are anything but the canonical encoding of one transaction.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (kind, mut document) = split_type(bytes)?;
        let fields = document.read_list().map_err(in_field("transaction"))?;
        document.finish().map_err(in_field("transaction"))?;
        if kind == TransactionKind::Blob && fields.is_list_next() {
            return Err(DecodeError::UnexpectedSidecar);
        }
        Self::read(kind, fields)
    }

    /// Encodes the canonical form, as in a block.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = self.unsigned.writer();
        writer.write_list(|list| self.write(list));
        writer.into_bytes()
    }

    /// Returns the transaction's hash: of the canonical form, for every type.
    #[must_use]
    pub fn hash(&self) -> H256 {
        keccak256(&self.encode())
    }

    /// Returns the hash that the sender signed.
    #[must_use]
    pub fn signing_hash(&self) -> H256 {
        self.unsigned.signing_hash()
    }

    /// Returns who signed, whatever the half of `s`.
    ///
    /// # Errors
    /// When nobody can have made the signature.
    pub fn sender(&self) -> Result<Address, SignatureError> {
        self.signature.recover(self.signing_hash(), ScalarRule::Any)
    }

    /// Recovers the sender and returns the executable form, judged by no rule; see [`Self::validate`].
    ///
    /// # Errors
    /// When nobody can have made the signature.
    pub fn into_transaction(self) -> Result<Transaction, SignatureError> {
        let sender = self.sender()?;
        Ok(self.unsigned.into_transaction(sender))
    }

    /// Judges everything that needs no state and returns the executable form.
    ///
    /// # Errors
    /// When a block under these rules must not hold the transaction, whatever the state.
    pub fn validate(&self, rules: &EnvelopeRules) -> Result<Transaction, InvalidTransaction> {
        validity::validate_envelope(self, rules)
    }

    /// Reads the fields inside the list.
    fn read(kind: TransactionKind, mut fields: RlpReader<'_>) -> Result<Self, DecodeError> {
        let envelope = match kind {
            TransactionKind::Legacy => Self::read_legacy(&mut fields)?,
            _ => {
                let unsigned = UnsignedTransaction::read(kind, &mut fields)?;
                let is_y_odd = match fields.read_u64().map_err(in_field("yParity"))? {
                    0 => false,
                    1 => true,
                    found => return Err(DecodeError::Parity { found }),
                };
                let (r, s) = read_scalars(&mut fields)?;
                Self { unsigned, signature: Signature { is_y_odd, r, s } }
            }
        };
        fields.finish().map_err(in_field("transaction"))?;
        Ok(envelope)
    }

    fn read_legacy(fields: &mut RlpReader<'_>) -> Result<Self, DecodeError> {
        let mut legacy = LegacyTransaction::read(fields)?;
        let v = fields.read_word().map_err(in_field("v"))?;
        let (chain_id, is_y_odd) = split_v(v)?;
        legacy.chain_id = chain_id;
        let (r, s) = read_scalars(fields)?;
        Ok(Self { unsigned: legacy.into(), signature: Signature { is_y_odd, r, s } })
    }

    /// Writes the fields inside the list.
    fn write(&self, list: &mut RlpWriter) {
        self.unsigned.write(list);
        match &self.unsigned {
            UnsignedTransaction::Legacy(legacy) => {
                list.write_word(&join_v(legacy.chain_id, self.signature.is_y_odd));
            }
            UnsignedTransaction::AccessList(_)
            | UnsignedTransaction::DynamicFee(_)
            | UnsignedTransaction::Blob(_)
            | UnsignedTransaction::SetCode(_) => list.write_u64(u64::from(self.signature.is_y_odd)),
        }
        list.write_word(&self.signature.r);
        list.write_word(&self.signature.s);
    }
}

/// Tells the types of EIP-2718 apart: a list header is legacy, a byte below 0x80 is a type.
fn split_type(bytes: &[u8]) -> Result<(TransactionKind, RlpReader<'_>), DecodeError> {
    let (first, rest) = bytes.split_first().ok_or(DecodeError::Empty)?;
    match *first {
        0xc0.. => Ok((TransactionKind::Legacy, RlpReader::new(bytes))),
        0x01 => Ok((TransactionKind::AccessList, RlpReader::new(rest))),
        0x02 => Ok((TransactionKind::DynamicFee, RlpReader::new(rest))),
        0x03 => Ok((TransactionKind::Blob, RlpReader::new(rest))),
        0x04 => Ok((TransactionKind::SetCode, RlpReader::new(rest))),
        found => Err(DecodeError::UnknownType { found }),
    }
}

fn read_scalars(fields: &mut RlpReader<'_>) -> Result<(U256, U256), DecodeError> {
    let r = fields.read_word().map_err(in_field("r"))?;
    let s = fields.read_word().map_err(in_field("s"))?;
    Ok((r, s))
}

/// Splits the legacy `v`: 27 + parity, or 35 + twice the chain id + parity (EIP-155).
pub(crate) fn split_v(v: U256) -> Result<(Option<u64>, bool), DecodeError> {
    if v == U256::from(27) || v == U256::from(28) {
        return Ok((None, !v.bit(0)));
    }
    let protected = v.checked_sub(U256::from(35)).ok_or(DecodeError::V { found: v })?;
    let chain_id = protected >> 1;
    if chain_id > U256::from(u64::MAX) {
        return Err(DecodeError::V { found: v });
    }
    Ok((Some(chain_id.low_u64()), protected.bit(0)))
}

/// The inverse of [`split_v`].
pub(crate) fn join_v(chain_id: Option<u64>, is_y_odd: bool) -> U256 {
    let base = match chain_id {
        None => 27,
        Some(chain_id) => 35 + 2 * u128::from(chain_id),
    };
    U256::from(base + u128::from(is_y_odd))
}
