//! The exact loop: runs code as it is, checking gas and stack before each instruction.

use crate::{
    Halt, Step, StepEnd, Word,
    code::Program,
    context::Context,
    frame::{Exit, Frame, Position},
    instruction::Instruction,
    instructions,
    registers::Registers,
};
use alloc::sync::Arc;

/// Runs the frame from `pc` until it gives control back. `TRACED` reports every step to the context's tracer.
pub(crate) fn run<const TRACED: bool>(
    frame: &mut Frame,
    context: &mut Context<'_>,
    start: usize,
) -> Exit {
    let mut registers = frame.registers;
    let mut pc = start;
    let exit = loop {
        let gas_before = registers.gas;
        if TRACED {
            report_step(&registers, frame, context, pc);
        }
        let done = step(&mut registers, frame, context, pc);
        if TRACED {
            let halt = if let Err(Exit::Halt(halt)) = done { Some(halt) } else { None };
            let gas_cost = (gas_before - registers.gas.max(0)) as u64;
            context.tracer.step_end(&StepEnd { gas_cost, halt });
        }
        match done {
            Ok(next) => pc = next,
            Err(exit) => break exit,
        }
        if !TRACED && registers.gas < frame.hot_below && is_at_destination(frame, pc) {
            break Exit::IsHot;
        }
    };
    // A frame that waits goes on behind the call; a hot one at the destination it stands on.
    let next = if matches!(exit, Exit::Call | Exit::Create) { pc + 1 } else { pc };
    frame.position = Position::Exact(next);
    frame.registers = registers;
    exit
}

#[cold]
fn is_at_destination(frame: &Frame, pc: usize) -> bool {
    frame.program.is_jump_destination(pc as u64)
}

/// Checks and runs one instruction; gives the offset of the next.
#[inline(always)]
fn step(
    r: &mut Registers,
    frame: &mut Frame,
    context: &mut Context<'_>,
    pc: usize,
) -> Result<usize, Exit> {
    let opcode = frame.program.padded()[pc];
    let cell = context.rules.table.cell(opcode);
    let height = r.height();
    if height < usize::from(cell.stack_least) {
        return Err(Exit::Halt(Halt::StackUnderflow));
    }
    if height > usize::from(cell.stack_most) {
        return Err(Exit::Halt(Halt::StackOverflow));
    }
    instructions::charge(r, i64::from(cell.gas))?;
    let operand = cell.operand;
    match cell.instruction {
        Instruction::Push => {
            let size = usize::from(operand);
            let immediate = &frame.program.padded()[pc + 1..];
            r.push(push_value(immediate, size));
            return Ok(pc + 1 + size);
        }
        Instruction::Dup => r.dup(usize::from(operand)),
        Instruction::Swap => r.swap(usize::from(operand)),
        Instruction::JumpDest => {}
        Instruction::Pc => r.push(Word::from(pc as u64)),
        Instruction::Gas => r.push(Word::from(r.gas as u64)),
        Instruction::Jump => {
            let target = jump_target(frame, r.word(0))?;
            r.pop(1);
            return Ok(target);
        }
        Instruction::JumpI => {
            let is_taken = !r.word(1).is_zero();
            let target = if is_taken { jump_target(frame, r.word(0))? } else { pc + 1 };
            r.pop(2);
            return Ok(target);
        }
        instruction => instructions::run(instruction, operand, r, frame, context)?,
    }
    Ok(pc + 1)
}

/// The big-endian value of a PUSH; the padding gives zeros beyond the end of the code.
#[inline(always)]
fn push_value(immediate: &[u8], size: usize) -> Word {
    match (size, immediate) {
        (1, [byte, ..]) => Word::from(u64::from(*byte)),
        (2, [high, low, ..]) => Word::from(u64::from(u16::from_be_bytes([*high, *low]))),
        _ => Word::from_be_slice(&immediate[..size]),
    }
}

/// Checks a jump's target (YP 9.4.2).
#[inline(always)]
fn jump_target(frame: &mut Frame, target: Word) -> Result<usize, Exit> {
    if !frame.program.is_analysed() {
        analyse(&mut frame.program);
    }
    let target = target.as_u64_saturating();
    if frame.program.is_jump_destination(target) {
        Ok(target as usize)
    } else {
        Err(Exit::Halt(Halt::InvalidJump))
    }
}

/// Creation code is analysed at its first jump; only this frame has it.
#[cold]
fn analyse(program: &mut Arc<Program>) {
    Arc::make_mut(program).analyse();
}

#[cold]
fn report_step(registers: &Registers, frame: &Frame, context: &mut Context<'_>, pc: usize) {
    let opcode = frame.program.padded()[pc];
    let name = context.rules.table.row(opcode).map(|row| row.name);
    context.tracer.step(&Step {
        pc,
        opcode,
        name,
        gas: registers.gas as u64,
        stack: registers.stack(),
        memory: registers.memory(),
        return_data: &context.pools.return_data,
        depth: frame.depth,
        refund: context.pools.journal.refund,
        address: frame.address,
    });
}
