//! The fast loop: runs translated code, checking gas and stack once for each basic block.
//!
//! The loop never reports a halt of its own in the middle of a block: it leaves the instruction to the exact loop, see
//! [`leave`].

mod cursor;

use crate::{
    Word,
    context::Context,
    frame::{Exit, Frame, Position},
    instruction::Instruction,
    instructions,
    registers::Registers,
    translation::NO_BLOCK,
};
use cursor::Cursor;

/// A `match` with an arm of its own for each listed instruction, in which the instruction is a constant: so there is one
/// jump to an instruction's body, and not a second one inside of it.
macro_rules! match_each {
    ($value:expr, [$($name:ident),* $(,)?] $constant:ident => $body:expr, $($arms:tt)*) => {
        match $value {
            $(Instruction::$name => {
                const $constant: Instruction = Instruction::$name;
                $body
            })*
            $($arms)*
        }
    };
}

/// The size of a block's header in the stream.
const HEADER_SIZE: usize = 9;

/// Runs the frame from a stream offset, where a block starts, until it gives control back.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each instruction, so that the stack pointer stays in a register"
)]
pub(crate) fn run(frame: &mut Frame, context: &mut Context<'_>, start: usize) -> Exit {
    use Instruction as I;
    let Some(translation) = &frame.program.translation else { return Exit::NeedsExact };
    let mut cursor = Cursor::new(translation.stream(), start);
    let mut r = frame.registers;
    // Each arm goes on with the loop, gives whether a block could be entered, or breaks with an exit.
    let exit = loop {
        let is_entered = match_each! {
            cursor.instruction(),
            [
                Add, Mul, Sub, Div, SDiv, Mod, SMod, AddMod, MulMod, Exp, SignExtend, Lt, Gt, SLt, SGt, Eq, IsZero, And,
                Or, Xor, Not, Byte, Shl, Shr, Sar, Clz, Keccak256, Address, Balance, Origin, Caller, CallValue,
                CallDataLoad, CallDataSize, CallDataCopy, CodeSize, CodeCopy, GasPrice, ExtCodeSize, ExtCodeCopy,
                ReturnDataSize, ReturnDataCopy, ExtCodeHash, BlockHash, Coinbase, Timestamp, Number, Difficulty,
                PrevRandao, GasLimit, ChainId, SelfBalance, BaseFee, BlobHash, BlobBaseFee, Pop, MLoad, MStore, MStore8,
                SLoad, MSize, TLoad, TStore, MCopy, CheckedAdd, CheckedMul, CheckedSub,
            ] INSTRUCTION => match instructions::run(INSTRUCTION, 0, &mut r, frame, context) {
                Ok(()) => {
                    cursor.advance(1);
                    continue;
                }
                Err(Exit::Halt(_)) => break Exit::NeedsExact,
                Err(exit) => break exit,
            },
            I::Block => enter(&mut cursor, &mut r),
            I::Push0 => {
                r.push(Word::ZERO);
                cursor.advance(1);
                continue;
            }
            I::Push1 => {
                r.push(Word::from(cursor.byte(1) as u64));
                cursor.advance(2);
                continue;
            }
            I::Push2 => {
                r.push(Word::from(cursor.short(1)));
                cursor.advance(3);
                continue;
            }
            I::Push4 => {
                r.push(Word::from(u64::from(cursor.offset_immediate(1))));
                cursor.advance(5);
                continue;
            }
            I::Push8 => {
                r.push(Word::from(cursor.constant(1)));
                cursor.advance(9);
                continue;
            }
            I::Push32 => {
                r.push(Word::from_limbs([1, 9, 17, 25].map(|distance| cursor.constant(distance))));
                cursor.advance(33);
                continue;
            }
            I::Dup => {
                r.dup(cursor.byte(1));
                cursor.advance(2);
                continue;
            }
            I::Swap => {
                r.swap(cursor.byte(1));
                cursor.advance(2);
                continue;
            }
            I::GasInBlock => {
                r.push(Word::from(r.gas as u64 + u64::from(cursor.offset_immediate(1))));
                cursor.advance(5);
                continue;
            }

            I::JumpTo => {
                cursor.go_to(cursor.offset_immediate(1));
                enter(&mut cursor, &mut r)
            }
            I::JumpIfNonZero => {
                let is_taken = !r.word(0).is_zero();
                r.pop(1);
                branch(&mut cursor, &mut r, is_taken)
            }
            I::JumpIfZero => {
                let is_taken = r.word(0).is_zero();
                r.pop(1);
                branch(&mut cursor, &mut r, is_taken)
            }
            I::JumpIfLt => compare_and_branch(&mut cursor, &mut r, |a, b| a < b),
            I::JumpIfGt => compare_and_branch(&mut cursor, &mut r, |a, b| a > b),
            I::JumpIfSLt => compare_and_branch(&mut cursor, &mut r, Word::slt),
            I::JumpIfSGt => compare_and_branch(&mut cursor, &mut r, |a, b| b.slt(a)),
            I::JumpIfEq => compare_and_branch(&mut cursor, &mut r, |a, b| a == b),
            I::JumpIfNotLt => compare_and_branch(&mut cursor, &mut r, |a, b| a >= b),
            I::JumpIfNotGt => compare_and_branch(&mut cursor, &mut r, |a, b| a <= b),
            I::JumpIfNotSLt => compare_and_branch(&mut cursor, &mut r, |a, b| !a.slt(b)),
            I::JumpIfNotSGt => compare_and_branch(&mut cursor, &mut r, |a, b| !b.slt(a)),
            I::JumpIfNotEq => compare_and_branch(&mut cursor, &mut r, |a, b| a != b),
            I::JumpIfTopEq => {
                let is_taken = r.word(0) == Word::from(cursor.constant(1));
                branch_by_constant(&mut cursor, &mut r, is_taken)
            }
            I::JumpIfTopBelow => {
                let is_taken = Word::from(cursor.constant(1)) > r.word(0);
                branch_by_constant(&mut cursor, &mut r, is_taken)
            }
            I::Jump => {
                let target = destination(frame, r.word(0));
                if target == NO_BLOCK {
                    break Exit::NeedsExact;
                }
                r.pop(1);
                cursor.go_to(target);
                enter(&mut cursor, &mut r)
            }
            I::JumpI => {
                if r.word(1).is_zero() {
                    cursor.advance(1);
                } else {
                    let target = destination(frame, r.word(0));
                    if target == NO_BLOCK {
                        break Exit::NeedsExact;
                    }
                    cursor.go_to(target);
                }
                r.pop(2);
                enter(&mut cursor, &mut r)
            }

            I::AddImmediate => {
                r.set(0, r.word(0).wrapping_add(Word::from(cursor.constant(1))));
                cursor.advance(9);
                continue;
            }
            I::SubFromImmediate => {
                r.set(0, Word::from(cursor.constant(1)).wrapping_sub(r.word(0)));
                cursor.advance(9);
                continue;
            }
            I::SubImmediate => {
                r.set(0, r.word(0).wrapping_sub(Word::from(cursor.constant(1))));
                cursor.advance(9);
                continue;
            }
            I::MulImmediate => {
                r.set(0, r.word(0).wrapping_mul(Word::from(cursor.constant(1))));
                cursor.advance(9);
                continue;
            }
            I::AndImmediate => {
                r.set(0, Word::from(r.word(0).low_u64() & cursor.constant(1)));
                cursor.advance(9);
                continue;
            }
            I::GtThanImmediate => {
                r.set(0, Word::from(Word::from(cursor.constant(1)) < r.word(0)));
                cursor.advance(9);
                continue;
            }
            I::LtThanImmediate => {
                r.set(0, Word::from(Word::from(cursor.constant(1)) > r.word(0)));
                cursor.advance(9);
                continue;
            }
            I::EqImmediate => {
                r.set(0, Word::from(Word::from(cursor.constant(1)) == r.word(0)));
                cursor.advance(9);
                continue;
            }
            I::ShlImmediate => {
                r.set(0, r.word(0).shl_small(cursor.byte(1) as u32));
                cursor.advance(2);
                continue;
            }
            I::ShrImmediate => {
                r.set(0, r.word(0).shr_small(cursor.byte(1) as u32));
                cursor.advance(2);
                continue;
            }
            I::AndAddressMask => {
                r.set(0, address_part(r.word(0)));
                cursor.advance(1);
                continue;
            }
            I::DupAddressMask => {
                r.push(address_part(r.word(cursor.byte(1) - 1)));
                cursor.advance(2);
                continue;
            }

            I::MLoadImmediate => {
                let offset = cursor.offset_immediate(1) as usize;
                if !reach_word(&mut r, frame, context, offset) {
                    break Exit::NeedsExact;
                }
                r.push(r.load(offset));
                cursor.advance(5);
                continue;
            }
            I::MStoreImmediate => {
                let offset = cursor.offset_immediate(1) as usize;
                if !reach_word(&mut r, frame, context, offset) {
                    break Exit::NeedsExact;
                }
                r.store(offset, r.word(0));
                r.pop(1);
                cursor.advance(5);
                continue;
            }
            I::MStoreConstant => {
                let offset = cursor.offset_immediate(1) as usize;
                if !reach_word(&mut r, frame, context, offset) {
                    break Exit::NeedsExact;
                }
                r.store(offset, Word::from(cursor.constant(5)));
                cursor.advance(13);
                continue;
            }
            I::DupMLoad => {
                let offset = r.word(cursor.byte(1) - 1);
                if !r.holds_word(offset) && instructions::grow_for_word(&mut r, frame, context, offset).is_err() {
                    break Exit::NeedsExact;
                }
                r.push(r.load(offset.low_u64() as usize));
                cursor.advance(2);
                continue;
            }
            I::DupMStore => {
                let offset = r.word(cursor.byte(1) - 1);
                if !r.holds_word(offset) && instructions::grow_for_word(&mut r, frame, context, offset).is_err() {
                    break Exit::NeedsExact;
                }
                r.store(offset.low_u64() as usize, r.word(0));
                r.pop(1);
                cursor.advance(2);
                continue;
            }

            I::DupDup => {
                r.dup(cursor.byte(1));
                r.dup(cursor.byte(2));
                cursor.advance(3);
                continue;
            }
            I::DupSwap => {
                r.dup(cursor.byte(1));
                r.swap(cursor.byte(2));
                cursor.advance(3);
                continue;
            }
            I::SwapSwap => {
                r.swap(cursor.byte(1));
                r.swap(cursor.byte(2));
                cursor.advance(3);
                continue;
            }
            I::SwapPop => {
                r.set(cursor.byte(1), r.word(0));
                r.pop(1);
                cursor.advance(2);
                continue;
            }
            I::SwapPopPop => {
                r.set(cursor.byte(1), r.word(0));
                r.pop(2);
                cursor.advance(2);
                continue;
            }
            I::Pop2 => {
                r.pop(2);
                cursor.advance(1);
                continue;
            }
            I::Pop3 => {
                r.pop(3);
                cursor.advance(1);
                continue;
            }
            I::Swap1Sub => {
                let result = r.word(1).wrapping_sub(r.word(0));
                r.pop(1);
                r.set(0, result);
                cursor.advance(1);
                continue;
            }
            I::AddSwap => {
                r.binary(Word::wrapping_add);
                r.swap(cursor.byte(1));
                cursor.advance(2);
                continue;
            }
            I::IsNonZero => {
                r.unary(|word| Word::from(!word.is_zero()));
                cursor.advance(1);
                continue;
            }
            I::PushDup => {
                r.push(Word::from(cursor.constant(2)));
                r.dup(cursor.byte(1));
                cursor.advance(10);
                continue;
            }
            I::DupAddImmediate => {
                r.push(r.word(cursor.byte(1) - 1).wrapping_add(Word::from(cursor.constant(2))));
                cursor.advance(10);
                continue;
            }
            I::DupAdd => {
                with_dup(&mut cursor, &mut r, Word::wrapping_add);
                continue;
            }
            I::DupSub => {
                with_dup(&mut cursor, &mut r, Word::wrapping_sub);
                continue;
            }
            I::DupMul => {
                with_dup(&mut cursor, &mut r, Word::wrapping_mul);
                continue;
            }
            I::DupAnd => {
                with_dup(&mut cursor, &mut r, |a, b| a & b);
                continue;
            }
            I::DupLt => {
                with_dup(&mut cursor, &mut r, |a, b| Word::from(a < b));
                continue;
            }
            I::DupGt => {
                with_dup(&mut cursor, &mut r, |a, b| Word::from(a > b));
                continue;
            }

            // These end a block, where all gas of the block is due: their halts are exact.
            I::SStore => match instructions::run(I::SStore, 0, &mut r, frame, context) {
                Ok(()) => {
                    cursor.advance(1);
                    enter(&mut cursor, &mut r)
                }
                Err(exit) => break exit,
            },
            I::Extension => match instructions::run(I::Extension, cursor.byte(1) as u8, &mut r, frame, context) {
                Ok(()) => {
                    cursor.advance(2);
                    enter(&mut cursor, &mut r)
                }
                Err(exit) => break exit,
            },
            last @ (I::Stop
            | I::Return
            | I::Revert
            | I::SelfDestruct
            | I::Create
            | I::Create2
            | I::Call
            | I::CallCode
            | I::DelegateCall
            | I::StaticCall) => {
                let done = instructions::run(last, 0, &mut r, frame, context);
                cursor.advance(1);
                break done.err().unwrap_or(Exit::Stop);
            }
            I::Exact => break Exit::NeedsExact,

            I::Log => match instructions::run(I::Log, cursor.byte(1) as u8, &mut r, frame, context) {
                Ok(()) => {
                    cursor.advance(2);
                    continue;
                }
                Err(Exit::Halt(_)) => break Exit::NeedsExact,
                Err(exit) => break exit,
            },
            // Only in code, never in a stream.
            I::Invalid | I::Push | I::Pc | I::Gas | I::JumpDest => break Exit::NeedsExact,
        };
        if !is_entered {
            break Exit::NeedsExact;
        }
    };
    frame.position = Position::Fast(cursor.offset());
    frame.registers = r;
    if exit == Exit::NeedsExact {
        leave(frame, context, cursor.offset());
    }
    exit
}

/// Enters the block under the cursor, or changes nothing if its gas or stack are not right.
#[inline(always)]
fn enter(cursor: &mut Cursor, r: &mut Registers) -> bool {
    if cursor.instruction() != Instruction::Block {
        return false;
    }
    let left = r.gas - i64::from(cursor.offset_immediate(1));
    let above_least = r.height_bytes().wrapping_sub(cursor.short(5) as usize);
    if left < 0 || above_least > cursor.short(7) as usize {
        return false;
    }
    r.gas = left;
    cursor.advance(HEADER_SIZE);
    true
}

/// Goes to the target that follows the instruction, or to the next instruction.
#[inline(always)]
fn branch(cursor: &mut Cursor, r: &mut Registers, is_taken: bool) -> bool {
    if is_taken {
        cursor.go_to(cursor.offset_immediate(1));
    } else {
        cursor.advance(5);
    }
    enter(cursor, r)
}

#[inline(always)]
fn branch_by_constant(cursor: &mut Cursor, r: &mut Registers, is_taken: bool) -> bool {
    if is_taken {
        cursor.go_to(cursor.offset_immediate(9));
    } else {
        cursor.advance(13);
    }
    enter(cursor, r)
}

#[inline(always)]
fn compare_and_branch(
    cursor: &mut Cursor,
    r: &mut Registers,
    compare: impl FnOnce(Word, Word) -> bool,
) -> bool {
    let is_taken = compare(r.word(0), r.word(1));
    r.pop(2);
    branch(cursor, r, is_taken)
}

/// An operation on a copied word and the top.
#[inline(always)]
fn with_dup(cursor: &mut Cursor, r: &mut Registers, operation: impl FnOnce(Word, Word) -> Word) {
    r.set(0, operation(r.word(cursor.byte(1) - 1), r.word(0)));
    cursor.advance(2);
}

/// The low 160 bits.
#[inline(always)]
const fn address_part(word: Word) -> Word {
    let [a, b, c, _] = word.limbs();
    Word::from_limbs([a, b, c & 0xffff_ffff, 0])
}

/// The stream offset of a jump's target, if a block starts there.
#[inline(always)]
fn destination(frame: &Frame, target: Word) -> u32 {
    let translation = frame.program.translation.as_ref();
    translation.map_or(NO_BLOCK, |translation| translation.destination(target.as_u64_saturating()))
}

/// Makes the word at a constant offset accessible.
#[inline(always)]
fn reach_word(r: &mut Registers, frame: &Frame, context: &mut Context<'_>, offset: usize) -> bool {
    offset + 32 <= r.memory_size
        || instructions::grow_for_word(r, frame, context, Word::from(offset as u64)).is_ok()
}

/// Sets the frame up for the exact loop at the instruction at a stream offset.
#[cold]
fn leave(frame: &mut Frame, context: &Context<'_>, stream_offset: usize) {
    let program = &frame.program;
    let Some(translation) = &program.translation else { return };
    let location = translation.locate(program, &context.rules.table, stream_offset);
    frame.registers.gas += location.gas_not_due;
    frame.position = Position::Exact(location.pc);
}
