//! One JSON line for each step, in the format that clients and fuzzers compare (EIP-3155).

use super::{Step, StepEnd, Tracer, json};
use alloc::string::String;
use core::fmt::{self, Write};

/// Writes each step as a line of JSON.
///
/// A line has, in this order: `pc`, `op`, `gas`, `gasCost`, `memSize`, `stack`, `depth`, `returnData`, `refund`,
/// `opName`, `memory` if it was asked for, and `error` if the frame halts there. Stack and memory are those before the
/// step. The summary line with the state root is the caller's, who alone knows the root.
///
/// # Examples
/// ```
/// use cybermiles_cvm::{Eip3155Tracer, Step, StepEnd, Tracer};
/// let mut lines = String::new();
/// let mut tracer = Eip3155Tracer::new(&mut lines);
/// let step = Step {
///     pc: 0, opcode: 0x60, name: Some("PUSH1"), gas: 100, stack: &[], memory: &[], return_data: &[], depth: 1, refund: 0,
///     address: primitive_types::H160::zero(),
/// };
/// tracer.step(&step);
/// tracer.step_end(&StepEnd { gas_cost: 3, halt: None });
/// tracer.finish().unwrap();
/// assert!(lines.starts_with(r#"{"pc":0,"op":96,"gas":"0x64","gasCost":"0x3","memSize":0,"stack":[],"depth":1,"#));
/// ```
pub struct Eip3155Tracer<'a> {
    out: &'a mut dyn Write,
    with_memory: bool,
    /// The open line, which lacks its cost until the step ends; empty between steps.
    line: String,
    cost_position: usize,
    result: fmt::Result,
}

impl<'a> Eip3155Tracer<'a> {
    /// A tracer that writes to `out`, without memory.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out, with_memory: false, line: String::new(), cost_position: 0, result: Ok(()) }
    }

    /// The same, with the whole memory in each line. Lines are as long as the memory is.
    #[must_use]
    pub const fn with_memory(mut self) -> Self {
        self.with_memory = true;
        self
    }

    /// Ends the trace.
    ///
    /// # Errors
    /// When a line could not be written; nothing was written after it.
    pub fn finish(self) -> fmt::Result {
        self.result
    }

    fn open_line(&mut self, step: &Step<'_>) -> fmt::Result {
        let line = &mut self.line;
        line.clear();
        write!(line, "{{\"pc\":{},\"op\":{},\"gas\":\"{:#x}\"", step.pc, step.opcode, step.gas)?;
        self.cost_position = line.len();
        write!(line, ",\"memSize\":{},\"stack\":[", step.memory.len())?;
        for (index, word) in step.stack.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(line, "{comma}\"{:#x}\"", primitive_types::U256::from(*word))?;
        }
        write!(
            line,
            "],\"depth\":{},\"returnData\":\"{}\"",
            step.depth,
            json::Hex(step.return_data)
        )?;
        write!(line, ",\"refund\":\"{:#x}\",\"opName\":\"", step.refund.max(0))?;
        match step.name {
            Some(name) => line.write_str(name)?,
            None => write!(line, "{:#04x}", step.opcode)?,
        }
        line.write_char('"')?;
        if self.with_memory {
            write!(line, ",\"memory\":\"{}\"", json::Hex(step.memory))?;
        }
        Ok(())
    }

    fn close_line(&mut self, end: &StepEnd) -> fmt::Result {
        let (head, tail) = self.line.split_at(self.cost_position);
        write!(self.out, "{head},\"gasCost\":\"{:#x}\"{tail}", end.gas_cost)?;
        if let Some(halt) = end.halt {
            write!(self.out, ",\"error\":\"{halt}\"")?;
        }
        self.out.write_str("}\n")
    }
}

impl fmt::Debug for Eip3155Tracer<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Eip3155Tracer");
        shown
            .field("with_memory", &self.with_memory)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl Tracer for Eip3155Tracer<'_> {
    fn step(&mut self, step: &Step<'_>) {
        self.result = self.result.and_then(|()| self.open_line(step));
    }

    fn step_end(&mut self, end: &StepEnd) {
        self.result = self.result.and_then(|()| self.close_line(end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Halt, Word};
    use primitive_types::{H160, U256};

    #[test]
    fn a_line_has_the_fields_of_the_standard_in_its_order() {
        let mut out = String::new();
        let mut tracer = Eip3155Tracer::new(&mut out).with_memory();
        let stack = [Word::from(U256::from(1)), Word::from(U256::MAX)];
        let step = Step {
            pc: 7,
            opcode: 0xef,
            name: None,
            gas: 255,
            stack: &stack,
            memory: &[1, 2],
            return_data: &[0xab],
            depth: 2,
            refund: 4800,
            address: H160::zero(),
        };
        tracer.step(&step);
        tracer.step_end(&StepEnd { gas_cost: 0, halt: Some(Halt::InvalidInstruction) });
        tracer.finish().unwrap();
        let expected = concat!(
            r#"{"pc":7,"op":239,"gas":"0xff","gasCost":"0x0","memSize":2,"stack":["0x1","0x"#,
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            r#""],"depth":2,"returnData":"0xab","refund":"0x12c0","opName":"0xef","memory":"0x0102","#,
            r#""error":"invalid instruction"}"#,
            "\n"
        );
        assert_eq!(out, expected);
    }

    #[test]
    fn a_writer_that_fails_is_reported_once() {
        struct Full;
        impl Write for Full {
            fn write_str(&mut self, _: &str) -> fmt::Result {
                Err(fmt::Error)
            }
        }
        let mut full = Full;
        let mut tracer = Eip3155Tracer::new(&mut full);
        tracer.step_end(&StepEnd { gas_cost: 0, halt: None });
        assert_eq!(tracer.finish(), Err(fmt::Error));
    }
}
