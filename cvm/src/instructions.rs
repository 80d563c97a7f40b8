//! What each instruction does: the one definition that both loops use.
//!
//! Assumptions, which the loops establish before an instruction runs:
//! - the stack holds the words it takes and has room for those it leaves;
//! - its base gas is charged (for its whole basic block, in the fast loop);
//! - the program counter is the loop's business.
//!
//! An instruction that stays within a basic block must check before it acts: when it gives an error, registers, memory
//! and journal are as before, so that the fast loop can hand it to the exact loop. Instructions that end a block
//! (SSTORE, calls, creations, extensions, terminations) may fail half-way, since the frame's effects are undone anyway.

mod access;
mod block;
mod call;
mod copy;
mod create;
mod environment;
mod extension;
mod storage;
mod terminate;

pub(crate) use access::grow_for_word;
pub use extension::{OpcodeContext, SCHEDULED_MAX};

use crate::{
    Halt, Word,
    context::Context,
    frame::{Exit, Frame},
    gas,
    instruction::Instruction,
    registers::Registers,
};

/// Runs one instruction. PUSH, DUP, SWAP, PC, GAS, JUMPDEST and the jumps belong to the loops.
#[inline(always)]
#[expect(clippy::too_many_lines, reason = "one arm for each instruction")]
pub(crate) fn run(
    instruction: Instruction,
    operand: u8,
    registers: &mut Registers,
    frame: &mut Frame,
    context: &mut Context<'_>,
) -> Result<(), Exit> {
    use Instruction as I;
    let r = registers;
    match instruction {
        I::Stop => return Err(Exit::Stop),
        I::Add => r.binary(Word::wrapping_add),
        I::Mul => r.binary(Word::wrapping_mul),
        I::Sub => r.binary(Word::wrapping_sub),
        I::Div => r.binary_called(Word::div),
        I::SDiv => r.binary_called(Word::sdiv),
        I::Mod => r.binary_called(Word::rem),
        I::SMod => r.binary_called(Word::smod),
        I::AddMod => r.ternary(Word::addmod),
        I::MulMod => r.ternary(Word::mulmod),
        I::Exp => {
            charge(r, context.rules.schedule.exp(&r.word(1)))?;
            r.binary_called(Word::exp);
        }
        I::SignExtend => r.binary(|index, word| word.signextend(index)),
        I::Lt => r.binary(|a, b| Word::from(a < b)),
        I::Gt => r.binary(|a, b| Word::from(a > b)),
        I::SLt => r.binary(|a, b| Word::from(a.slt(b))),
        I::SGt => r.binary(|a, b| Word::from(b.slt(a))),
        I::Eq => r.binary(|a, b| Word::from(a == b)),
        I::IsZero => r.unary(|a| Word::from(a.is_zero())),
        I::And => r.binary(|a, b| a & b),
        I::Or => r.binary(|a, b| a | b),
        I::Xor => r.binary(|a, b| a ^ b),
        I::Not => r.unary(|a| !a),
        I::Byte => r.binary(|index, word| word.byte(index)),
        I::Shl => r.binary(|shift, word| word.shl(shift)),
        I::Shr => r.binary(|shift, word| word.shr(shift)),
        I::Sar => r.binary(|shift, word| word.sar(shift)),
        I::Clz => r.unary(|word| Word::from(u64::from(word.leading_zeros()))),
        I::CheckedAdd => checked(r, Word::checked_add)?,
        I::CheckedMul => checked(r, Word::checked_mul)?,
        I::CheckedSub => checked(r, Word::checked_sub)?,

        I::Keccak256 => copy::keccak256(r, frame, context)?,
        I::Address => r.push(Word::from_address(frame.address)),
        I::Origin => r.push(Word::from_address(context.origin)),
        I::Caller => r.push(Word::from_address(frame.caller)),
        I::CallValue => r.push(frame.value),
        I::CallDataLoad => environment::call_data_load(r, frame, context),
        I::CallDataSize => r.push(Word::from(frame.input.size as u64)),
        I::CallDataCopy => copy::call_data(r, frame, context)?,
        I::CodeSize => r.push(Word::from(frame.program.code().len() as u64)),
        I::CodeCopy => copy::code(r, frame, context)?,
        I::GasPrice => r.push(context.gas_price),
        I::ReturnDataSize => r.push(Word::from(context.pools.return_data.len() as u64)),
        I::ReturnDataCopy => copy::return_data(r, frame, context)?,
        I::Balance => environment::balance(r, context)?,
        I::ExtCodeSize => environment::code_size(r, context)?,
        I::ExtCodeHash => environment::code_hash(r, context)?,
        I::ExtCodeCopy => copy::external_code(r, frame, context)?,
        I::SelfBalance => environment::self_balance(r, frame, context)?,

        I::BlockHash => block::hash(r, context)?,
        I::Coinbase => r.push(Word::from_address(context.block.beneficiary)),
        I::Timestamp => r.push(Word::from(context.block.timestamp)),
        I::Number => r.push(Word::from(context.block.number)),
        I::Difficulty => r.push(context.block.difficulty.into()),
        I::PrevRandao => r.push(context.block.prev_randao.into()),
        I::GasLimit => r.push(Word::from(context.block.gas_limit)),
        I::ChainId => r.push(Word::from(context.rules.chain_id())),
        I::BaseFee => r.push(context.block.base_fee.into()),
        I::BlobBaseFee => r.push(context.block.blob_base_fee.into()),
        I::BlobHash => block::blob_hash(r, context),

        I::Pop => r.pop(1),
        I::MLoad => {
            let offset = r.word(0);
            if !r.holds_word(offset) {
                grow_for_word(r, frame, context, offset)?;
            }
            r.set(0, r.load(offset.low_u64() as usize));
        }
        I::MStore => {
            let offset = r.word(0);
            if !r.holds_word(offset) {
                grow_for_word(r, frame, context, offset)?;
            }
            r.store(offset.low_u64() as usize, r.word(1));
            r.pop(2);
        }
        I::MStore8 => {
            let (start, _) = access::reach(r, frame, context, r.word(0), Word::ONE, 0)?;
            r.store_byte(start, r.word(1).low_u64() as u8);
            r.pop(2);
        }
        I::MSize => r.push(Word::from(r.memory_size as u64)),
        I::MCopy => copy::memory(r, frame, context)?,
        I::SLoad => storage::load(r, frame, context)?,
        I::SStore => storage::store(r, frame, context)?,
        I::TLoad => {
            let value = context.pools.journal.transient(frame.account, r.word(0));
            r.set(0, value);
        }
        I::TStore => {
            refuse_static(frame)?;
            context.pools.journal.set_transient(frame.account, r.word(0), r.word(1));
            r.pop(2);
        }
        I::Log => storage::log(r, frame, context, usize::from(operand))?,

        I::Create | I::Create2 => {
            return Err(outlined(r, frame, context, instruction, create::create));
        }
        I::Call | I::CallCode | I::DelegateCall | I::StaticCall => {
            return Err(outlined(r, frame, context, instruction, call::call));
        }
        I::Return => return Err(outlined(r, frame, context, instruction, terminate::finish)),
        I::Revert => return Err(outlined(r, frame, context, instruction, terminate::finish)),
        I::SelfDestruct => {
            return Err(outlined(r, frame, context, instruction, terminate::self_destruct));
        }
        I::Extension => extension::run(r, frame, context, operand)?,
        _ => return Err(Exit::Halt(Halt::InvalidInstruction)),
    }
    Ok(())
}

/// Runs an instruction that ends the loop, with the registers in the frame, so that they need not be in memory
/// elsewhere.
#[inline(always)]
fn outlined(
    registers: &mut Registers,
    frame: &mut Frame,
    context: &mut Context<'_>,
    instruction: Instruction,
    body: fn(&mut Frame, &mut Context<'_>, Instruction) -> Result<Exit, Exit>,
) -> Exit {
    frame.registers = *registers;
    let exit = body(frame, context, instruction).unwrap_or_else(|exit| exit);
    *registers = frame.registers;
    exit
}

/// Takes gas, or halts and takes none.
#[inline(always)]
pub(crate) fn charge(registers: &mut Registers, cost: i64) -> Result<(), Exit> {
    let left = registers.gas.wrapping_sub(cost);
    if left < 0 {
        return Err(Exit::Halt(Halt::OutOfGas));
    }
    registers.gas = left;
    Ok(())
}

/// Halts in a static frame (EIP-214).
#[inline(always)]
fn refuse_static(frame: &Frame) -> Result<(), Exit> {
    if frame.is_static { Err(Exit::Halt(Halt::StaticViolation)) } else { Ok(()) }
}

/// A binary operation that halts when its result has no place in a word (spec section 2.2).
#[inline(always)]
fn checked(
    registers: &mut Registers,
    operation: impl FnOnce(Word, Word) -> Option<Word>,
) -> Result<(), Exit> {
    let result = operation(registers.word(0), registers.word(1)).ok_or(Halt::ArithmeticOverflow)?;
    registers.pop(1);
    registers.set(0, result);
    Ok(())
}

/// A word as an offset or size in memory, if it can be one.
#[inline(always)]
fn small(word: Word) -> Option<usize> {
    let [low, a, b, c] = word.limbs();
    ((low >> 32) | a | b | c == 0 && low < gas::MEMORY_SIZE_MAX).then_some(low as usize)
}
