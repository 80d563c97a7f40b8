//! Writing translated code.

use super::{
    Location, NO_BLOCK,
    decode::{Block, Operation},
    fuse::{self, Fused, Immediate},
};
use crate::{Word, code::Program, instruction::Instruction};
use alloc::{boxed::Box, vec::Vec};

/// The longest instruction: PUSH32's byte and value.
const INSTRUCTION_SIZE_MAX: usize = 33;

/// Bytes of stack per word, for the heights in block headers.
const WORD_SIZE: usize = 32;

/// Writes instructions, and resolves jumps when all blocks are written.
pub(super) struct Emitter {
    stream: Vec<u8>,
    /// Places of jump targets, and the code offsets that belong there.
    targets: Vec<(usize, usize)>,
    /// Where each instruction starts, and the operation it starts with; kept only to locate.
    record: Option<Vec<(u32, Operation)>>,
}

impl Emitter {
    pub(super) fn new(code_size: usize) -> Self {
        Self { stream: Vec::with_capacity(code_size * 2 + 64), targets: Vec::new(), record: None }
    }

    /// An emitter that remembers which operation each instruction stands for.
    pub(super) fn recording() -> Self {
        Self { stream: Vec::new(), targets: Vec::new(), record: Some(Vec::new()) }
    }

    /// Bytes written.
    pub(super) fn offset(&self) -> u32 {
        self.stream.len() as u32
    }

    /// Writes a block.
    pub(super) fn block(&mut self, block: &Block, program: &Program) {
        let Some(most) = block.stack_most else {
            // At no height can the block run to its end; the exact loop runs it as far as it goes.
            self.byte(Instruction::Exact as u8);
            return;
        };
        self.byte(Instruction::Block as u8);
        self.stream.extend_from_slice(&block.gas.to_le_bytes());
        self.stream.extend_from_slice(&((block.stack_least * WORD_SIZE) as u16).to_le_bytes());
        self.stream
            .extend_from_slice(&(((most - block.stack_least) * WORD_SIZE) as u16).to_le_bytes());
        let operations = fuse::fold_constants(&block.operations);
        let mut rest = operations.as_slice();
        while let Some(first) = rest.first() {
            if let Some(record) = &mut self.record {
                record.push((self.stream.len() as u32, *first));
            }
            let fused = fuse::first(rest, |target| is_destination(program, target));
            match &fused {
                Some(fused) => self.fused(fused),
                None => self.single(first, block),
            }
            rest = &rest[fused.map_or(1, |fused| fused.length)..];
        }
    }

    /// Ends the stream and fills in the targets of jumps.
    pub(super) fn finish(mut self, destinations: &[u32]) -> Box<[u8]> {
        self.byte(Instruction::Exact as u8);
        self.stream.resize(self.stream.len() + INSTRUCTION_SIZE_MAX, Instruction::Exact as u8);
        for (place, pc) in self.targets {
            let offset = destinations.get(pc).copied().unwrap_or(NO_BLOCK);
            assert_ne!(offset, NO_BLOCK, "a fused jump goes to a jump destination");
            self.stream[place..place + 4].copy_from_slice(&offset.to_le_bytes());
        }
        self.stream.into_boxed_slice()
    }

    /// What the instruction at a stream offset stands for.
    ///
    /// # Panics
    /// When the emitter does not record, or no instruction starts there.
    pub(super) fn location(&self, offset: u32, block: &Block) -> Location {
        let record = self.record.as_ref().expect("the emitter was made to record");
        let found = record.binary_search_by_key(&offset, |(offset, _)| *offset);
        let (_, operation) = record[found.expect("the fast loop stands at an instruction")];
        Location {
            pc: operation.pc as usize,
            gas_not_due: i64::from(block.gas - operation.gas_before),
        }
    }

    fn byte(&mut self, byte: u8) {
        self.stream.push(byte);
    }

    fn fused(&mut self, fused: &Fused) {
        self.byte(fused.instruction as u8);
        for immediate in fused.immediates.iter().flatten() {
            match immediate {
                Immediate::Byte(byte) => self.byte(*byte),
                Immediate::Offset(offset) => self.stream.extend_from_slice(&offset.to_le_bytes()),
                Immediate::Constant(value) => self.stream.extend_from_slice(&value.to_le_bytes()),
                Immediate::Target(pc) => {
                    self.targets.push((self.stream.len(), *pc));
                    self.stream.extend_from_slice(&[0; 4]);
                }
            }
        }
    }

    fn single(&mut self, operation: &Operation, block: &Block) {
        use Instruction as I;
        match operation.instruction {
            I::Push => self.push(operation.value),
            I::Gas => {
                // What the block charged in advance for the instructions behind this one.
                let own = 2;
                self.byte(I::GasInBlock as u8);
                self.stream
                    .extend_from_slice(&(block.gas - operation.gas_before - own).to_le_bytes());
            }
            I::Dup | I::Swap | I::Log | I::Extension => {
                self.byte(operation.instruction as u8);
                self.byte(operation.operand);
            }
            I::Invalid => self.byte(I::Exact as u8),
            instruction => self.byte(instruction as u8),
        }
    }

    fn push(&mut self, value: Word) {
        use Instruction as I;
        let low = value.low_u64();
        let (instruction, size) = match value.bits() {
            0 => (I::Push0, 0),
            1..=8 => (I::Push1, 1),
            9..=16 => (I::Push2, 2),
            17..=32 => (I::Push4, 4),
            33..=64 => (I::Push8, 8),
            _ => (I::Push32, 32),
        };
        self.byte(instruction as u8);
        if size == 32 {
            for limb in value.limbs() {
                self.stream.extend_from_slice(&limb.to_le_bytes());
            }
        } else {
            self.stream.extend_from_slice(&low.to_le_bytes()[..size]);
        }
    }
}

/// A constant as a jump destination of the program.
fn is_destination(program: &Program, target: Word) -> Option<usize> {
    let target = target.to_u64()?;
    program.is_jump_destination(target).then_some(target as usize)
}
