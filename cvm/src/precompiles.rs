//! The precompiled contracts of Ethereum, from Frontier to Osaka.
//!
//! A precompile is a pure function of its input and the gas it may use. The gas is computed before any work that the
//! input's size or values could make long, so time and memory are bounded by what was paid.
//!
//! # Examples
//!
//! ```
//! use cybermiles_cvm::{Revision, precompiles};
//!
//! let identity = precompiles::for_revision(Revision::Frontier)[3];
//! let output = (identity.run)(b"hello", 100).unwrap();
//! assert_eq!((output.gas_used, &output.output[..]), (18, &b"hello"[..]));
//!
//! // The point evaluation came with Cancun.
//! let address = primitive_types::H160::from_low_u64_be(10);
//! assert!(precompiles::at(Revision::Shanghai, address).is_none());
//! assert_eq!(precompiles::at(Revision::Cancun, address).unwrap().name, "KZG_POINT_EVALUATION");
//! ```

mod blake2f;
mod bls12_381;
mod bn254;
mod ecrecover;
mod hashes;
mod modexp;
mod p256_verify;
mod padded_input;
mod point_evaluation;
mod table;

use bytes::Bytes;
use primitive_types::H160;

pub use ecrecover::recover_address;
pub(crate) use modexp::raise;
pub use table::{at, for_revision};

/// Runs a precompile on `input` with at most `gas_limit` gas.
pub type PrecompileFn =
    fn(input: &[u8], gas_limit: u64) -> Result<PrecompileOutput, PrecompileError>;

/// A precompiled contract as one revision has it.
#[derive(Clone, Copy, Debug)]
pub struct Precompile {
    /// The name, as in EIP-7910.
    pub name: &'static str,
    /// Where it is called.
    pub address: H160,
    /// What it does.
    pub run: PrecompileFn,
}

/// What a precompile returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrecompileOutput {
    /// The gas used; at most the limit.
    pub gas_used: u64,
    /// The returned data.
    pub output: Bytes,
}

/// Why a precompile failed. The call then fails and uses all of its gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PrecompileError {
    /// The gas limit is below the price.
    #[error("out of gas")]
    OutOfGas,
    /// The input has a length that the precompile does not take.
    #[error("input of {found} bytes")]
    InputLength {
        /// The length found, in bytes.
        found: usize,
    },
    /// A number of the input has more bytes than allowed (EIP-7823).
    #[error("operand longer than {limit} bytes")]
    OperandLength {
        /// The longest allowed, in bytes.
        limit: u64,
    },
    /// The flag that marks the last block is neither zero nor one (EIP-152).
    #[error("final block flag is {found}")]
    FinalFlag {
        /// The byte found.
        found: u8,
    },
    /// A field element or scalar is not encoded, or not below its modulus.
    #[error("field element out of range")]
    FieldElement,
    /// The coordinates are not those of a point on the curve.
    #[error("point not on the curve")]
    NotOnCurve,
    /// The point is on the curve, but not in the subgroup of prime order.
    #[error("point not in the subgroup")]
    NotInSubgroup,
    /// The versioned hash is not that of the commitment (EIP-4844).
    #[error("versioned hash of another commitment")]
    VersionedHash,
    /// The proof does not show the claimed evaluation (EIP-4844).
    #[error("proof refused")]
    Proof,
}

impl PrecompileOutput {
    fn new(gas_used: u64, output: impl Into<Bytes>) -> Self {
        Self { gas_used, output: output.into() }
    }
}

/// Refuses when `price` is above `gas_limit`.
#[inline]
fn charge(price: u64, gas_limit: u64) -> Result<u64, PrecompileError> {
    if price > gas_limit { Err(PrecompileError::OutOfGas) } else { Ok(price) }
}
