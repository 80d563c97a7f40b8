//! Watching execution: every step, call, log and self-destruct as the instruction itself reports it.

mod call_tracer;
mod eip3155;
mod json;
mod revert_reason;

pub use call_tracer::{CallFrame, CallLog, CallTrace, CallTracer};
pub use eip3155::Eip3155Tracer;
pub use revert_reason::revert_reason;

use crate::{Halt, Log, Outcome, Word};
use primitive_types::{H160 as Address, U256};

/// How a frame was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum CallKind {
    /// CALL, or a transaction to an account.
    Call,
    /// CALLCODE: another account's code on the caller's storage.
    CallCode,
    /// DELEGATECALL: CALLCODE that keeps caller and value.
    DelegateCall,
    /// STATICCALL: a call that may not change state.
    StaticCall,
    /// CREATE, or a transaction without a target.
    Create,
    /// CREATE2: the address depends on salt and code.
    Create2,
}

impl CallKind {
    /// The name of the instruction.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "CALL",
            Self::CallCode => "CALLCODE",
            Self::DelegateCall => "DELEGATECALL",
            Self::StaticCall => "STATICCALL",
            Self::Create => "CREATE",
            Self::Create2 => "CREATE2",
        }
    }

    /// Whether the frame runs creation code.
    #[must_use]
    pub const fn is_create(self) -> bool {
        matches!(self, Self::Create | Self::Create2)
    }
}

/// The machine before an instruction.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Offset of the instruction in the code.
    pub pc: usize,
    /// The instruction's byte; STOP beyond the end of the code.
    pub opcode: u8,
    /// Its mnemonic; `None` for an invalid byte.
    pub name: Option<&'static str>,
    /// Gas left before the instruction.
    pub gas: u64,
    /// The stack, top last.
    pub stack: &'a [Word],
    /// The frame's memory.
    pub memory: &'a [u8],
    /// The data that the last call returned.
    pub return_data: &'a [u8],
    /// Calls deep; 1 for the transaction's own frame.
    pub depth: usize,
    /// The refund counter.
    pub refund: i64,
    /// Whose storage the frame works on.
    pub address: Address,
}

/// The machine after an instruction; for calls, before the called frame starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepEnd {
    /// Gas that the instruction used; for calls it includes what was passed on.
    pub gas_cost: u64,
    /// Why the frame halts, if it does.
    pub halt: Option<Halt>,
}

/// A frame about to run.
#[derive(Clone, Copy, Debug)]
pub struct Enter<'a> {
    /// How it was entered.
    pub kind: CallKind,
    /// Calls deep; 1 for the transaction's own frame.
    pub depth: usize,
    /// Who called.
    pub caller: Address,
    /// Whose storage the frame works on; for creations the new contract.
    pub address: Address,
    /// Whose code runs; for creations the new contract.
    pub code_address: Address,
    /// Wei sent (for DELEGATECALL the caller's own value).
    pub value: U256,
    /// Gas given.
    pub gas: u64,
    /// Call data, or creation code.
    pub input: &'a [u8],
}

/// A frame that ended.
#[derive(Clone, Copy, Debug)]
pub struct Exit<'a> {
    /// Calls deep; 1 for the transaction's own frame.
    pub depth: usize,
    /// Gas used of what was given.
    pub gas_used: u64,
    /// How it ended; the output of a successful creation is the new code.
    pub outcome: &'a Outcome,
}

/// Watches execution. Every method does nothing unless implemented.
///
/// Tracing runs in its own instance of the exact loop; without a tracer there is no cost.
/// Calls to accounts without code and to precompiled contracts report `enter` and `exit` as well.
pub trait Tracer {
    /// An instruction is about to run.
    fn step(&mut self, step: &Step<'_>) {
        let _ = step;
    }

    /// The instruction ran.
    fn step_end(&mut self, end: &StepEnd) {
        let _ = end;
    }

    /// A frame starts.
    fn enter(&mut self, frame: &Enter<'_>) {
        let _ = frame;
    }

    /// A frame ended.
    fn exit(&mut self, frame: &Exit<'_>) {
        let _ = frame;
    }

    /// A contract emitted an event. It is void if a frame around it reverts later.
    fn log(&mut self, log: &Log) {
        let _ = log;
    }

    /// A contract destroyed itself, or under EIP-6780 only sent its balance away.
    fn self_destruct(&mut self, contract: &Address, beneficiary: &Address, balance: &U256) {
        let _ = (contract, beneficiary, balance);
    }
}

/// The tracer that watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTracer;

impl Tracer for NoTracer {}
