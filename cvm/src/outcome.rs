//! How execution ended.

use crate::{ConsentSeen, ScheduledCall, StateDiff};
use alloc::vec::Vec;
use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};

/// An exceptional halt: the frame's effects are reverted and all its gas is gone (YP 9.4.2, function Z).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[repr(u8)]
pub enum Halt {
    /// The gas left does not cover the next instruction.
    #[error("out of gas")]
    OutOfGas,
    /// The byte is no instruction of these rules, or INVALID (EIP-141).
    #[error("invalid instruction")]
    InvalidInstruction,
    /// The instruction takes more words than the stack holds.
    #[error("stack underflow")]
    StackUnderflow,
    /// The instruction leaves more than 1024 words.
    #[error("stack overflow")]
    StackOverflow,
    /// A jump to something other than a JUMPDEST instruction.
    #[error("invalid jump destination")]
    InvalidJump,
    /// A change of state within a static call (EIP-214).
    #[error("state change in a static call")]
    StaticViolation,
    /// RETURNDATACOPY beyond the end of the data (EIP-211).
    #[error("return data read out of bounds")]
    ReturnDataOutOfBounds,
    /// Contract creation where an account already is (EIP-684, EIP-7610).
    #[error("contract address is taken")]
    CreateCollision,
    /// The new contract's code is longer than the rules allow (EIP-170).
    #[error("contract code is too large")]
    CodeTooLarge,
    /// The new contract's code starts with 0xef (EIP-3541).
    #[error("contract code starts with 0xef")]
    InvalidCodePrefix,
    /// The creation code is longer than the rules allow (EIP-3860).
    #[error("creation code is too large")]
    InitCodeTooLarge,
    /// A precompiled contract refused its input.
    #[error("precompiled contract refused its input")]
    PrecompileFailed,
    /// The account's nonce is 2^64-1 (EIP-2681).
    #[error("nonce overflow")]
    NonceOverflow,
    /// More than 1024 calls deep.
    #[error("call depth exceeded")]
    CallDepth,
    /// The caller cannot pay the value it sends.
    #[error("balance too low for the value sent")]
    InsufficientBalance,
    /// A checked operation left the range of its type (spec section 2.2).
    #[error("arithmetic overflow")]
    ArithmeticOverflow,
    /// A fixed-point division by zero (spec section 2.3).
    #[error("division by zero")]
    DivisionByZero,
    /// A native function was not found, refused its arguments or failed (spec section 2.5).
    #[error("native function failed")]
    NativeFunctionFailed,
    /// The fee terms require the paying contract's consent, and it was not given.
    #[error("the paying contract did not consent")]
    ConsentMissing,
}

/// How a transaction or message call ended. A halt is an outcome, not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Outcome {
    /// The call returned.
    Success {
        /// The returned bytes.
        output: Bytes,
    },
    /// The creation returned and the contract exists.
    Created {
        /// Where the new contract is.
        address: Address,
        /// The code it has.
        code: Bytes,
    },
    /// The call was undone by REVERT; unused gas was given back (EIP-140).
    Revert {
        /// The reason the contract gave, usually ABI-encoded.
        output: Bytes,
    },
    /// The call was undone by an exceptional halt; all gas is used.
    Halt(Halt),
}

impl Outcome {
    /// Whether effects were kept.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Success { .. } | Self::Created { .. })
    }

    /// The returned bytes: output, deployed code, revert reason, or nothing after a halt.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        match self {
            Self::Success { output } | Self::Revert { output } => output,
            Self::Created { code, .. } => code,
            Self::Halt(_) => &[],
        }
    }
}

/// An event emitted by LOG0 ... LOG4.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Log {
    /// The contract that emitted it.
    pub address: Address,
    /// At most four topics.
    pub topics: Vec<H256>,
    /// The data, not interpreted.
    pub data: Bytes,
}

/// What a valid transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Executed {
    /// How it ended.
    pub outcome: Outcome,
    /// Gas to charge: after the refund, not below the calldata floor (EIP-7623).
    pub gas_used: u64,
    /// Gas given back for cleared storage, already subtracted from `gas_used`.
    pub gas_refunded: u64,
    /// The events, in order; none unless the effects were kept.
    pub logs: Vec<Log>,
    /// Every change of state, fees included.
    pub diff: StateDiff,
    /// Who paid what.
    pub fee: FeePaid,
    /// The calls that contracts asked for (SCHEDULE), in order; what becomes of them is up to the chain.
    pub scheduled: Vec<ScheduledCall>,
}

/// The fee of an executed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeePaid {
    /// The account that paid; `None` when nobody did.
    pub payer: Option<Address>,
    /// Wei per gas.
    pub price: U256,
    /// Wei taken from the payer for gas, after the refund (blob fee not included).
    pub amount: U256,
    /// Wei taken from the payer for blobs (EIP-4844), all burned.
    pub blob_amount: U256,
    /// Where consent to pay was given.
    pub consent: ConsentSeen,
}
