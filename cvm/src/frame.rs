//! One call: whose code runs, on whose behalf, with what.

use crate::{
    CallKind, Halt, Word,
    code::Program,
    journal::{AccountId, Checkpoint},
    programs::ProgramId,
    registers::Registers,
};
use alloc::sync::Arc;
use primitive_types::H160 as Address;

/// Why a loop gives control back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// STOP, or the end of the code.
    Stop,
    /// RETURN; the frame's `output` is set.
    Return,
    /// REVERT; the frame's `output` is set.
    Revert,
    /// SELFDESTRUCT.
    SelfDestruct,
    /// An exceptional halt.
    Halt(Halt),
    /// A call waits in the context.
    Call,
    /// A creation waits in the context.
    Create,
    /// The fast loop met something that only the exact loop gets right; the frame is set up for it.
    NeedsExact,
    /// The exact loop found the code hot and stands at a jump destination.
    IsHot,
    /// The state could not be read.
    Fault,
}

impl From<crate::journal::Fault> for Exit {
    fn from(_: crate::journal::Fault) -> Self {
        Self::Fault
    }
}

impl From<Halt> for Exit {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// Which loop runs the frame, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// The exact loop, at an offset in the code.
    Exact(usize),
    /// The fast loop, at an offset in the translated code.
    Fast(usize),
}

/// A part of the shared memory, by absolute position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: usize,
    pub(crate) size: usize,
}

/// A call in progress.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Valid while the frame runs; rebuilt when it resumes.
    pub(crate) registers: Registers,
    /// Words on the stack, while the frame waits for a call.
    pub(crate) height: usize,
    pub(crate) position: Position,
    pub(crate) program: Arc<Program>,
    /// The cached program; `None` for creation code.
    pub(crate) program_id: Option<ProgramId>,
    /// Where the stack starts in the shared stack.
    pub(crate) stack_base: usize,
    /// Where the memory starts in the shared memory.
    pub(crate) memory_base: usize,
    /// The call data.
    pub(crate) input: Range,
    /// What RETURN or REVERT gave, in the frame's own memory.
    pub(crate) output: Range,
    /// Where the caller wants the output, in the caller's own memory.
    pub(crate) result: Range,
    pub(crate) kind: CallKind,
    pub(crate) is_static: bool,
    /// 1 for the transaction's own frame.
    pub(crate) depth: usize,
    /// Whose storage the frame works on.
    pub(crate) address: Address,
    pub(crate) account: AccountId,
    pub(crate) caller: Address,
    pub(crate) value: Word,
    /// Gas at the start.
    pub(crate) gas_given: i64,
    /// Gas when the exact loop last took over; what it uses counts as heat.
    pub(crate) exact_since: i64,
    /// The exact loop reports the code as hot when the gas falls below this.
    pub(crate) hot_below: i64,
    /// What to return to when the frame fails.
    pub(crate) checkpoint: Checkpoint,
    /// How many calls were scheduled when the frame started.
    pub(crate) scheduled_before: usize,
}
