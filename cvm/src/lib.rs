//! Execute EVM bytecode and transactions, exactly and fast, with extra instructions by table.
//!
//! # Execution model
//! [`Vm::execute`] is a function of its arguments: rules, block, transaction, fee terms and a [`StateView`] of the world
//! before the transaction. It gives what happened ([`Executed`]) and what changed ([`StateDiff`]), and changes nothing
//! itself. A halt is an [`Outcome`]; `Err` means that the transaction may not be in the block, or that the state could not
//! be read. The machine keeps prepared code and buffers between transactions, never state.
//!
//! # Reading order
//! `revision`, `opcode` and `gas` are tables. `instructions` says what each instruction does. `exact` and `fast` are the
//! two loops that run them; `translation` makes the form that the fast loop runs. `journal` is the state during a
//! transaction, `call_stack` runs frames, `execute` a whole transaction.
//!
//! # Deviations
//! - A gas limit above 2^63 - 1 is refused.
//! - Memory offsets of 2^32 and above run out of gas, whatever gas is left.
//! - The touch of the RIPEMD-160 contract survives a revert, as on mainnet since block 2,675,119.

#![cfg_attr(not(any(feature = "std", test)), no_std)]

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

extern crate alloc;

mod block;
mod call_stack;
mod code;
mod context;
mod contract_address;
mod envelope;
mod error;
mod exact;
mod execute;
mod fast;
mod fee_terms;
mod frame;
mod gas;
mod host;
mod instruction;
mod instructions;
mod journal;
mod keccak;
mod memory;
mod memory_state;
mod miles;
mod native;
mod opcode;
mod outcome;
mod precompile_table;
pub mod precompiles;
mod programs;
mod registers;
mod revision;
mod rules;
mod signature;
mod state_diff;
mod state_view;
mod system_contract;
#[cfg(feature = "cli")]
pub mod tool;
mod tracer;
mod transaction;
mod translation;
mod travis;
mod vm;
mod word;

pub use block::{Block, blob_base_fee, blob_base_fee_with_fraction};
pub use envelope::{
    AccessListTransaction, BLOB_SIZE, BlobSidecar, BlobTransaction, DecodeError,
    DynamicFeeTransaction, Envelope, EnvelopeRules, IntrinsicGas, InvalidTransaction,
    LegacyTransaction, NetworkEnvelope, RlpError, RlpItem, RlpReader, RlpWriter,
    SetCodeTransaction, SidecarError, SidecarVersion, UnsignedTransaction,
};
pub use error::{ExecuteError, Refusal};
pub use fee_terms::{Consent, ConsentSeen, FeeTerms, GasPrice, Payer};
pub use host::{Host, NoHost, ScheduledCall};
pub use instructions::{OpcodeContext, SCHEDULED_MAX};
pub use keccak::{EMPTY_KECCAK, KeccakMemo, keccak256};
pub use memory_state::{MemoryAccount, MemoryState};
pub use native::{Integer, NativeError, NativeFunction, NativeSignature, NativeType, NativeValue};
pub use opcode::{ExtensionOpcode, Opcode};
pub use outcome::{Executed, FeePaid, Halt, Log, Outcome};
pub use precompiles::{Precompile, PrecompileError, PrecompileOutput};
pub use primitive_types::{H160 as Address, H256, U256};
pub use programs::Translate;
pub use revision::{Revision, UnknownRevision};
pub use rules::Rules;
pub use signature::{
    InvalidSecretKey, ScalarRule, SecretKey, Signature, SignatureError, public_key_address,
};
pub use state_diff::{AccountDiff, StateDiff};
pub use state_view::{AccountInfo, BackendError, EMPTY_CODE_HASH, StateView};
pub use system_contract::{SystemContext, SystemContract, SystemFailure};
pub use tracer::{
    CallFrame, CallKind, CallLog, CallTrace, CallTracer, Eip3155Tracer, Enter, Exit, NoTracer,
    Step, StepEnd, Tracer, revert_reason,
};
pub use transaction::{AccessListItem, Authorization, Target, Transaction, TransactionKind};
pub use vm::{Called, Environment, Message, Vm};
pub use word::{ParseWordError, Word};
