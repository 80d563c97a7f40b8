//! Reading one basic block of code.

use crate::{
    Word,
    code::Program,
    instruction::Instruction,
    opcode::{Cell, OpcodeTable, STACK_WORDS_MAX},
};
use alloc::vec::Vec;

/// An instruction of the code, not yet translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) instruction: Instruction,
    /// Depth, topics or extension; see [`Instruction`].
    pub(super) operand: u8,
    /// What a PUSH, or PC, puts on the stack.
    pub(super) value: Word,
    pub(super) pc: u32,
    /// The base gas of the block's instructions before this one.
    pub(super) gas_before: u32,
}

/// A run of instructions that is entered at its start only, and left at its end only.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) operations: Vec<Operation>,
    /// Base gas of all of them.
    pub(super) gas: u32,
    /// Least height of the stack on entry, in words.
    pub(super) stack_least: usize,
    /// Greatest height of the stack on entry, in words; `None` if no height is right.
    pub(super) stack_most: Option<usize>,
    /// The code offset behind it.
    pub(super) end: usize,
    /// Whether control may go on behind it.
    pub(super) falls_through: bool,
}

/// A block's gas stays below this, so that it fits its field.
const GAS_MAX: u32 = 1 << 30;

/// How an instruction ends a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    No,
    FallsThrough,
    Leaves,
}

const fn ending(instruction: Instruction) -> Ending {
    use Instruction as I;
    match instruction {
        I::Stop | I::Jump | I::Return | I::Revert | I::SelfDestruct | I::Invalid => Ending::Leaves,
        I::JumpI
        | I::SStore
        | I::Create
        | I::Create2
        | I::Call
        | I::CallCode
        | I::DelegateCall
        | I::StaticCall
        | I::Extension => Ending::FallsThrough,
        _ => Ending::No,
    }
}

/// Reads the block that starts at `pc`.
pub(super) fn block(program: &Program, table: &OpcodeTable, pc: usize) -> Block {
    let padded = program.padded();
    let size = program.code().len();
    let mut operations = Vec::new();
    let mut heights = Heights::default();
    let mut gas = 0;
    let mut next = pc;
    let falls_through = loop {
        let is_destination = program.is_jump_destination(next as u64);
        if next != pc && (is_destination || gas > GAS_MAX) {
            break true;
        }
        // Beyond the end there are zeros, which stop.
        let opcode = padded[next.min(size)];
        let cell = table.cell(opcode);
        let at = next;
        next += 1;
        let mut value = Word::ZERO;
        if cell.instruction == Instruction::Push {
            let immediate = usize::from(cell.operand);
            value = Word::from_be_slice(&padded[next..next + immediate]);
            next += immediate;
        } else if cell.instruction == Instruction::Pc {
            value = Word::from(at as u64);
        }
        heights.add(cell, table.row(opcode).map_or(0, |row| row.outputs));
        if cell.instruction != Instruction::JumpDest {
            let (instruction, operand) = match cell.instruction {
                Instruction::Pc => (Instruction::Push, 0),
                instruction => (instruction, cell.operand),
            };
            operations.push(Operation {
                instruction,
                operand,
                value,
                pc: at as u32,
                gas_before: gas,
            });
        }
        gas += u32::from(cell.gas);
        match ending(cell.instruction) {
            Ending::No => {}
            Ending::FallsThrough => break true,
            Ending::Leaves => break false,
        }
    };
    Block {
        operations,
        gas,
        stack_least: heights.least,
        stack_most: STACK_WORDS_MAX
            .checked_sub(heights.growth_most)
            .filter(|most| *most >= heights.least),
        end: next,
        falls_through,
    }
}

/// The stack needed and used by a run of instructions.
#[derive(Default)]
struct Heights {
    /// Height now, relative to the entry.
    height: isize,
    least: usize,
    growth_most: usize,
}

impl Heights {
    fn add(&mut self, cell: &Cell, outputs: u8) {
        let inputs = cell.stack_least as isize;
        self.least = self.least.max((inputs - self.height).max(0).unsigned_abs());
        self.height += isize::from(outputs) - inputs;
        self.growth_most = self.growth_most.max(self.height.max(0).unsigned_abs());
    }
}
