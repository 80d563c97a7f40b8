//! Folding constants, and finding sequences for which there is one instruction.

use super::decode::Operation;
use crate::{Word, instruction::Instruction as I};
use alloc::vec::Vec;

/// One instruction in place of several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fused {
    pub(super) instruction: I,
    pub(super) immediates: [Option<Immediate>; 2],
    /// Operations replaced.
    pub(super) length: usize,
}

/// What follows an instruction in the stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum Immediate {
    /// u8: a depth or a shift.
    Byte(u8),
    /// u32: an offset in memory.
    Offset(u32),
    /// u64: a constant.
    Constant(u64),
    /// u32: a stream offset, given as code offset.
    Target(usize),
}

/// Computes operations on constants.
pub(super) fn fold_constants(operations: &[Operation]) -> Vec<Operation> {
    let mut folded: Vec<Operation> = Vec::with_capacity(operations.len());
    for operation in operations {
        let value = match folded.as_slice() {
            [.., second, first]
                if first.instruction == I::Push && second.instruction == I::Push =>
            {
                fold_two(operation.instruction, first.value, second.value).map(|value| (2, value))
            }
            _ => None,
        };
        let value = value.or_else(|| match folded.as_slice() {
            [.., first] if first.instruction == I::Push => {
                fold_one(operation.instruction, first.value).map(|value| (1, value))
            }
            _ => None,
        });
        let Some((count, value)) = value else {
            folded.push(*operation);
            continue;
        };
        folded.truncate(folded.len() + 1 - count);
        if let Some(last) = folded.last_mut() {
            // The first of the constants keeps its place: nothing has happened yet when it is reached.
            last.value = value;
        }
    }
    folded
}

fn fold_one(instruction: I, top: Word) -> Option<Word> {
    match instruction {
        I::Not => Some(!top),
        I::IsZero => Some(Word::from(top.is_zero())),
        _ => None,
    }
}

fn fold_two(instruction: I, top: Word, second: Word) -> Option<Word> {
    match instruction {
        I::Add => Some(top.wrapping_add(second)),
        I::Sub => Some(top.wrapping_sub(second)),
        I::Mul => Some(top.wrapping_mul(second)),
        I::And => Some(top & second),
        I::Or => Some(top | second),
        I::Xor => Some(top ^ second),
        I::Shl => Some(second.shl(top)),
        I::Shr => Some(second.shr(top)),
        _ => None,
    }
}

/// The instruction that stands for the first few operations, if there is one.
pub(super) fn first(
    operations: &[Operation],
    destination: impl Fn(Word) -> Option<usize>,
) -> Option<Fused> {
    branch(operations, &destination)
        .or_else(|| with_constant(operations))
        .or_else(|| address_mask(operations))
        .or_else(|| stack_shuffle(operations))
        .or_else(|| dup_pair(operations))
}

fn fused(
    instruction: I,
    length: usize,
    first: Option<Immediate>,
    second: Option<Immediate>,
) -> Option<Fused> {
    Some(Fused { instruction, immediates: [first, second], length })
}

fn constant(value: Word) -> Option<Immediate> {
    value.to_u64().map(Immediate::Constant)
}

/// The instructions of the first `N` operations.
fn kinds<const N: usize>(operations: &[Operation]) -> Option<[I; N]> {
    let first: &[Operation; N] = operations.first_chunk()?;
    Some(first.map(|operation| operation.instruction))
}

/// Comparison, perhaps negated, and a jump to a constant.
fn branch(operations: &[Operation], destination: &impl Fn(Word) -> Option<usize>) -> Option<Fused> {
    let target = |index: usize| destination(operations[index].value).map(Immediate::Target);
    if let Some([I::Dup, I::Push, compare @ (I::Eq | I::Gt), I::Push, I::JumpI]) =
        kinds::<5>(operations)
        && operations[0].operand == 1
        && let (Some(selector), Some(target)) = (constant(operations[1].value), target(3))
    {
        let instruction = if compare == I::Eq { I::JumpIfTopEq } else { I::JumpIfTopBelow };
        return fused(instruction, 5, Some(selector), Some(target));
    }
    if let Some([compare, I::IsZero, I::Push, I::JumpI]) = kinds::<4>(operations)
        && let Some(instruction) = negated_branch(compare)
        && let Some(target) = target(2)
    {
        return fused(instruction, 4, Some(target), None);
    }
    if let Some([compare, I::Push, I::JumpI]) = kinds::<3>(operations)
        && let Some(instruction) = plain_branch(compare)
        && let Some(target) = target(1)
    {
        return fused(instruction, 3, Some(target), None);
    }
    if let Some([I::Push, jump @ (I::Jump | I::JumpI)]) = kinds::<2>(operations)
        && let Some(target) = target(0)
    {
        let instruction = if jump == I::Jump { I::JumpTo } else { I::JumpIfNonZero };
        return fused(instruction, 2, Some(target), None);
    }
    None
}

const fn plain_branch(compare: I) -> Option<I> {
    match compare {
        I::IsZero => Some(I::JumpIfZero),
        I::Lt => Some(I::JumpIfLt),
        I::Gt => Some(I::JumpIfGt),
        I::SLt => Some(I::JumpIfSLt),
        I::SGt => Some(I::JumpIfSGt),
        I::Eq => Some(I::JumpIfEq),
        I::Sub | I::Xor => Some(I::JumpIfNotEq),
        _ => None,
    }
}

const fn negated_branch(compare: I) -> Option<I> {
    match compare {
        I::IsZero => Some(I::JumpIfNonZero),
        I::Lt => Some(I::JumpIfNotLt),
        I::Gt => Some(I::JumpIfNotGt),
        I::SLt => Some(I::JumpIfNotSLt),
        I::SGt => Some(I::JumpIfNotSGt),
        I::Eq => Some(I::JumpIfNotEq),
        I::Sub | I::Xor => Some(I::JumpIfEq),
        _ => None,
    }
}

/// A PUSH and what uses the constant.
fn with_constant(operations: &[Operation]) -> Option<Fused> {
    let first = operations.first()?;
    if let Some([I::Dup, I::Push, I::Add]) = kinds::<3>(operations)
        && let Some(value) = constant(operations[1].value)
    {
        return fused(I::DupAddImmediate, 3, Some(Immediate::Byte(first.operand)), Some(value));
    }
    if first.instruction != I::Push {
        return None;
    }
    if let Some([I::Push, I::Push, I::MStore]) = kinds::<3>(operations)
        && let (Some(offset), Some(value)) =
            (memory_offset(operations[1].value), constant(first.value))
    {
        return fused(I::MStoreConstant, 3, Some(offset), Some(value));
    }
    if let Some([I::Push, I::Swap, I::Sub]) = kinds::<3>(operations)
        && operations[1].operand == 1
        && let Some(value) = constant(first.value)
    {
        return fused(I::SubImmediate, 3, Some(value), None);
    }
    let second = operations.get(1)?;
    let instruction = match second.instruction {
        I::Add => I::AddImmediate,
        I::Sub => I::SubFromImmediate,
        I::Mul => I::MulImmediate,
        I::And => I::AndImmediate,
        I::Lt => I::GtThanImmediate,
        I::Gt => I::LtThanImmediate,
        I::Eq => I::EqImmediate,
        I::Shl | I::Shr => {
            let amount = first.value.to_u64().and_then(|amount| u8::try_from(amount).ok())?;
            let instruction =
                if second.instruction == I::Shl { I::ShlImmediate } else { I::ShrImmediate };
            return fused(instruction, 2, Some(Immediate::Byte(amount)), None);
        }
        I::MLoad => return fused(I::MLoadImmediate, 2, Some(memory_offset(first.value)?), None),
        I::MStore => return fused(I::MStoreImmediate, 2, Some(memory_offset(first.value)?), None),
        I::Dup => {
            let depth = Immediate::Byte(second.operand);
            return fused(I::PushDup, 2, Some(depth), Some(constant(first.value)?));
        }
        _ => return None,
    };
    fused(instruction, 2, Some(constant(first.value)?), None)
}

fn memory_offset(value: Word) -> Option<Immediate> {
    let offset = value.to_u64().and_then(|offset| u32::try_from(offset).ok())?;
    // So that adding a word's size stays within 32 bits.
    (offset <= u32::MAX - 32).then_some(Immediate::Offset(offset))
}

/// AND with the mask of an address.
fn address_mask(operations: &[Operation]) -> Option<Fused> {
    let mask = Word::from_limbs([u64::MAX, u64::MAX, 0xffff_ffff, 0]);
    let is_mask = |index: usize| operations[index].value == mask;
    match kinds::<3>(operations) {
        Some([I::Dup, I::Push, I::And]) if is_mask(1) => {
            return fused(I::DupAddressMask, 3, Some(Immediate::Byte(operations[0].operand)), None);
        }
        Some([I::Push, I::Dup, I::And]) if is_mask(0) && operations[1].operand > 1 => {
            return fused(
                I::DupAddressMask,
                3,
                Some(Immediate::Byte(operations[1].operand - 1)),
                None,
            );
        }
        _ => {}
    }
    match kinds::<2>(operations) {
        Some([I::Push, I::And]) if is_mask(0) => fused(I::AndAddressMask, 2, None, None),
        _ => None,
    }
}

/// Runs of SWAP and POP.
fn stack_shuffle(operations: &[Operation]) -> Option<Fused> {
    let depth = |index: usize| Some(Immediate::Byte(operations[index].operand));
    match kinds::<3>(operations) {
        Some([I::Pop, I::Pop, I::Pop]) => return fused(I::Pop3, 3, None, None),
        Some([I::Swap, I::Pop, I::Pop]) if operations[0].operand > 1 => {
            return fused(I::SwapPopPop, 3, depth(0), None);
        }
        _ => {}
    }
    match kinds::<2>(operations)? {
        [I::Pop, I::Pop] => fused(I::Pop2, 2, None, None),
        [I::Swap, I::Pop] => fused(I::SwapPop, 2, depth(0), None),
        [I::Swap, I::Sub] if operations[0].operand == 1 => fused(I::Swap1Sub, 2, None, None),
        [I::Swap, I::Swap] => fused(I::SwapSwap, 2, depth(0), depth(1)),
        [I::Add, I::Swap] => fused(I::AddSwap, 2, depth(1), None),
        [I::IsZero, I::IsZero] => fused(I::IsNonZero, 2, None, None),
        _ => None,
    }
}

/// A DUP and what follows it.
fn dup_pair(operations: &[Operation]) -> Option<Fused> {
    let [I::Dup, second] = kinds::<2>(operations)? else { return None };
    let instruction = match second {
        I::Dup => I::DupDup,
        I::Swap => I::DupSwap,
        I::Add => I::DupAdd,
        I::Sub => I::DupSub,
        I::Mul => I::DupMul,
        I::And => I::DupAnd,
        I::Lt => I::DupLt,
        I::Gt => I::DupGt,
        I::MLoad => I::DupMLoad,
        I::MStore => I::DupMStore,
        _ => return None,
    };
    let second =
        matches!(second, I::Dup | I::Swap).then_some(Immediate::Byte(operations[1].operand));
    fused(instruction, 2, Some(Immediate::Byte(operations[0].operand)), second)
}
