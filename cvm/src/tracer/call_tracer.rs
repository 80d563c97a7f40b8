//! The tree of calls, in the shape of go-ethereum's `callTracer`.

use super::{CallKind, Enter, Exit, Tracer, json, revert_reason};
use crate::{Halt, Log, Outcome};
use alloc::{string::String, vec::Vec};
use bytes::Bytes;
use core::fmt::{self, Write};
use primitive_types::{H160 as Address, U256};

/// Records every call and creation of a transaction, with its result.
///
/// Memory: the inputs and outputs of all calls, so a trace can be larger than the memory that its gas paid for, by the
/// number of calls that pass the same data on.
#[derive(Clone, Debug, Default)]
pub struct CallTracer {
    only_top_call: bool,
    with_logs: bool,
    frames: Vec<CallFrame>,
    /// The frames that have not ended, outermost first.
    open: Vec<OpenFrame>,
}

#[derive(Clone, Copy, Debug)]
struct OpenFrame {
    index: usize,
    calls_made: u64,
}

/// One call, creation or self-destruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFrame {
    /// How it was made; `None` for a self-destruction.
    pub kind: Option<CallKind>,
    /// Calls deep; 1 for the transaction's own.
    pub depth: usize,
    /// The contract that made it, or the transaction's sender.
    pub from: Address,
    /// The account whose code ran, the new contract, or the beneficiary; `None` when nothing was created.
    pub to: Option<Address>,
    /// Wei sent; `None` for a static call.
    pub value: Option<U256>,
    /// Gas given.
    pub gas: u64,
    /// Gas used of it.
    pub gas_used: u64,
    /// Call data, or creation code.
    pub input: Bytes,
    /// How it ended.
    pub outcome: Outcome,
    /// The events that this frame itself emitted; none unless they were asked for and kept.
    pub logs: Vec<CallLog>,
}

/// An event and its place among the calls of its frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLog {
    /// The event.
    pub log: Log,
    /// How many calls the frame had made before.
    pub position: u64,
}

impl CallTracer {
    /// A tracer of all calls, without events.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, recording events as well.
    #[must_use]
    pub const fn with_logs(mut self) -> Self {
        self.with_logs = true;
        self
    }

    /// The same, recording the transaction's own call only.
    #[must_use]
    pub const fn only_top_call(mut self) -> Self {
        self.only_top_call = true;
        self
    }

    /// The calls of the transaction that was traced.
    ///
    /// The outermost call gets the transaction's own figures, as clients expect: its gas limit, and all the gas that was
    /// charged for it.
    #[must_use]
    pub fn into_trace(mut self, gas_limit: u64, gas_used: u64) -> CallTrace {
        if let Some(top) = self.frames.first_mut() {
            (top.gas, top.gas_used) = (gas_limit, gas_used);
        }
        CallTrace { frames: self.frames }
    }

    const fn is_recorded(&self, depth: usize) -> bool {
        !self.only_top_call || depth <= 1
    }

    fn count_call(&mut self) {
        if let Some(parent) = self.open.last_mut() {
            parent.calls_made += 1;
        }
    }

    /// The events of a frame that failed never happened, nor did those of the frames within it.
    fn forget_logs_since(&mut self, index: usize) {
        self.frames[index..].iter_mut().for_each(|frame| frame.logs.clear());
    }
}

impl Tracer for CallTracer {
    fn enter(&mut self, frame: &Enter<'_>) {
        if !self.is_recorded(frame.depth) {
            return;
        }
        let runs_for_its_caller = matches!(frame.kind, CallKind::DelegateCall | CallKind::CallCode);
        self.count_call();
        self.open.push(OpenFrame { index: self.frames.len(), calls_made: 0 });
        self.frames.push(CallFrame {
            kind: Some(frame.kind),
            depth: frame.depth,
            from: if runs_for_its_caller { frame.address } else { frame.caller },
            to: Some(frame.code_address),
            value: (frame.kind != CallKind::StaticCall).then_some(frame.value),
            gas: frame.gas,
            gas_used: 0,
            input: Bytes::copy_from_slice(frame.input),
            outcome: Outcome::Success { output: Bytes::new() },
            logs: Vec::new(),
        });
    }

    fn exit(&mut self, frame: &Exit<'_>) {
        if !self.is_recorded(frame.depth) {
            return;
        }
        let Some(OpenFrame { index, .. }) = self.open.pop() else { return };
        let is_success = frame.outcome.is_success();
        let record = &mut self.frames[index];
        record.gas_used = frame.gas_used;
        record.outcome = frame.outcome.clone();
        if !is_success && record.kind.is_some_and(CallKind::is_create) {
            record.to = None;
        }
        if !is_success {
            self.forget_logs_since(index);
        }
    }

    fn log(&mut self, log: &Log) {
        let Some(frame) = self.open.last().filter(|_| self.with_logs) else { return };
        self.frames[frame.index]
            .logs
            .push(CallLog { log: log.clone(), position: frame.calls_made });
    }

    fn self_destruct(&mut self, contract: &Address, beneficiary: &Address, balance: &U256) {
        let Some(&parent) = self.open.last().filter(|_| !self.only_top_call) else { return };
        self.count_call();
        self.frames.push(CallFrame {
            kind: None,
            depth: self.frames[parent.index].depth + 1,
            from: *contract,
            to: Some(*beneficiary),
            value: Some(*balance),
            gas: 0,
            gas_used: 0,
            input: Bytes::new(),
            outcome: Outcome::Success { output: Bytes::new() },
            logs: Vec::new(),
        });
    }
}

/// The calls of one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallTrace {
    /// Every call before those it made; [`CallFrame::depth`] tells which made which.
    pub frames: Vec<CallFrame>,
}

impl CallTrace {
    /// The trace as nested JSON objects, in the shape of go-ethereum's `callTracer`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        // Writing to a string cannot fail.
        let _written = self.write_json(&mut json);
        json
    }

    /// Writes what [`CallTrace::to_json`] returns. Needs no stack for deep calls.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_json(&self, out: &mut dyn Write) -> fmt::Result {
        if self.frames.is_empty() {
            return out.write_str("null");
        }
        for (index, frame) in self.frames.iter().enumerate() {
            frame.write_own_fields(out)?;
            let next_depth =
                self.frames.get(index + 1).map_or(self.frames[0].depth, |next| next.depth);
            if next_depth > frame.depth {
                out.write_str(",\"calls\":[")?;
                continue;
            }
            out.write_char('}')?;
            for _ in next_depth..frame.depth {
                out.write_str("]}")?;
            }
            if index + 1 < self.frames.len() {
                out.write_char(',')?;
            }
        }
        Ok(())
    }
}

impl CallFrame {
    /// The name of the instruction that made it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self.kind {
            Some(kind) => kind.name(),
            None => "SELFDESTRUCT",
        }
    }

    fn write_own_fields(&self, out: &mut dyn Write) -> fmt::Result {
        write!(out, "{{\"type\":\"{}\",\"from\":\"{:#x}\"", self.type_name(), self.from)?;
        if let Some(to) = self.to {
            write!(out, ",\"to\":\"{to:#x}\"")?;
        }
        if let Some(value) = self.value {
            write!(out, ",\"value\":\"{value:#x}\"")?;
        }
        let (gas, gas_used) = (self.gas, self.gas_used);
        write!(
            out,
            ",\"gas\":\"{gas:#x}\",\"gasUsed\":\"{gas_used:#x}\",\"input\":\"{}\"",
            json::Hex(&self.input)
        )?;
        let output = self.outcome.output();
        if !output.is_empty() {
            write!(out, ",\"output\":\"{}\"", json::Hex(output))?;
        }
        match &self.outcome {
            Outcome::Success { .. } | Outcome::Created { .. } => {}
            Outcome::Halt(halt) => write!(out, ",\"error\":\"{}\"", client_wording(*halt))?,
            Outcome::Revert { output } => {
                out.write_str(",\"error\":\"execution reverted\"")?;
                if let Some(reason) = revert_reason(output) {
                    write!(out, ",\"revertReason\":{}", json::Quoted(&reason))?;
                }
            }
        }
        self.write_logs(out)
    }

    fn write_logs(&self, out: &mut dyn Write) -> fmt::Result {
        if self.logs.is_empty() {
            return Ok(());
        }
        out.write_str(",\"logs\":[")?;
        for (index, CallLog { log, position }) in self.logs.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(out, "{comma}{{\"address\":\"{:#x}\",\"topics\":[", log.address)?;
            for (index, topic) in log.topics.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                write!(out, "{comma}\"{topic:#x}\"")?;
            }
            write!(
                out,
                "],\"data\":\"{}\",\"position\":\"{position:#x}\"}}",
                json::Hex(&log.data)
            )?;
        }
        out.write_char(']')
    }
}

/// The words that go-ethereum has for a halt, which explorers match on; our own where it has none.
const fn client_wording(halt: Halt) -> &'static str {
    match halt {
        Halt::OutOfGas => "out of gas",
        Halt::InvalidInstruction => "invalid opcode",
        Halt::StackUnderflow => "stack underflow",
        Halt::StackOverflow => "stack limit reached 1024 (1023)",
        Halt::InvalidJump => "invalid jump destination",
        Halt::StaticViolation => "write protection",
        Halt::ReturnDataOutOfBounds => "return data out of bounds",
        Halt::CreateCollision => "contract address collision",
        Halt::CodeTooLarge => "max code size exceeded",
        Halt::InvalidCodePrefix => "invalid code: must not begin with 0xef",
        Halt::InitCodeTooLarge => "max initcode size exceeded",
        Halt::PrecompileFailed => "precompiled contract failed",
        Halt::NonceOverflow => "nonce uint64 overflow",
        Halt::CallDepth => "max call depth exceeded",
        Halt::InsufficientBalance => "insufficient balance for transfer",
        Halt::ArithmeticOverflow => "arithmetic overflow",
        Halt::DivisionByZero => "division by zero",
        Halt::NativeFunctionFailed => "native function failed",
        Halt::ConsentMissing => "the paying contract did not consent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn address(low: u64) -> Address {
        Address::from_low_u64_be(low)
    }

    fn enter(tracer: &mut CallTracer, kind: CallKind, depth: usize) {
        let (caller, address, code_address) = (address(1), address(2), address(3));
        let value = U256::from(5);
        tracer.enter(&Enter {
            kind,
            depth,
            caller,
            address,
            code_address,
            value,
            gas: 16,
            input: &[0xaa],
        });
    }

    fn exit(tracer: &mut CallTracer, depth: usize, outcome: &Outcome) {
        tracer.exit(&Exit { depth, gas_used: 7, outcome });
    }

    fn emit(tracer: &mut CallTracer) {
        tracer.log(&Log { address: address(2), topics: Vec::new(), data: Bytes::new() });
    }

    fn success() -> Outcome {
        Outcome::Success { output: Bytes::new() }
    }

    #[test]
    fn frames_nest_and_close_in_order() {
        let mut tracer = CallTracer::new();
        enter(&mut tracer, CallKind::Call, 1);
        enter(&mut tracer, CallKind::StaticCall, 2);
        enter(&mut tracer, CallKind::Create, 3);
        exit(&mut tracer, 3, &Outcome::Halt(Halt::OutOfGas));
        exit(&mut tracer, 2, &success());
        tracer.self_destruct(&address(2), &address(9), &U256::from(1));
        exit(&mut tracer, 1, &success());
        let json = tracer.into_trace(100, 50).to_json();
        let tree: Vec<&str> =
            json.split(|c| "[]".contains(c)).filter(|part| part.len() > 2).collect();
        assert_eq!(tree.len(), 4, "{json}");
        assert!(
            json.starts_with(
                r#"{"type":"CALL","from":"0x0000000000000000000000000000000000000001","#
            ),
            "{json}"
        );
        assert!(tree[0].contains(r#""gas":"0x64","gasUsed":"0x32""#), "{json}");
        assert!(tree[1].contains("STATICCALL") && !tree[1].contains("value"), "{json}");
        assert!(
            tree[2].contains(r#""error":"out of gas""#) && !tree[2].contains("\"to\""),
            "{json}"
        );
        assert!(tree[3].contains("SELFDESTRUCT"), "{json}");
        assert_eq!(json.matches('{').count(), json.matches('}').count());
    }

    #[test]
    fn logs_know_their_place_and_vanish_with_their_frame() {
        let mut tracer = CallTracer::new().with_logs();
        enter(&mut tracer, CallKind::Call, 1);
        emit(&mut tracer);
        enter(&mut tracer, CallKind::DelegateCall, 2);
        emit(&mut tracer);
        exit(&mut tracer, 2, &Outcome::Revert { output: Bytes::new() });
        emit(&mut tracer);
        exit(&mut tracer, 1, &success());
        let trace = tracer.into_trace(1, 1);
        let positions: Vec<u64> = trace.frames[0].logs.iter().map(|log| log.position).collect();
        assert_eq!(positions, [0, 1]);
        assert!(trace.frames[1].logs.is_empty());
        assert_eq!(
            trace.frames[1].from,
            address(2),
            "a delegated call is made by the contract itself"
        );
    }

    #[test]
    fn only_the_top_call_on_request_and_no_trace_is_null() {
        let mut tracer = CallTracer::new().only_top_call();
        enter(&mut tracer, CallKind::Call, 1);
        enter(&mut tracer, CallKind::Call, 2);
        exit(&mut tracer, 2, &success());
        exit(&mut tracer, 1, &Outcome::Revert { output: Bytes::from_static(&[1]) });
        let trace = tracer.into_trace(1, 1);
        assert_eq!(trace.frames.len(), 1);
        assert!(trace.to_json().contains(r#""output":"0x01","error":"execution reverted""#));
        assert_eq!(CallTrace::default().to_json(), "null");
    }

    #[test]
    fn a_thousand_nested_calls_need_no_stack() {
        let mut tracer = CallTracer::new();
        (1..=1024).for_each(|depth| enter(&mut tracer, CallKind::Call, depth));
        (1..=1024).rev().for_each(|depth| exit(&mut tracer, depth, &success()));
        let json = tracer.into_trace(1, 1).to_json();
        assert!(json.ends_with(&format!("}}{}", "]}".repeat(1023))));
    }
}
