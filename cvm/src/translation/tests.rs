use super::*;
use crate::{Revision, Word, instruction::Instruction};

fn translated(code: &[u8]) -> (Program, OpcodeTable, Translation) {
    let table = OpcodeTable::ethereum(Revision::Osaka);
    let mut program = Program::new(code);
    program.analyse();
    let translation = translate(&program, &table);
    (program, table, translation)
}

/// The instruction bytes of the first block, without header.
fn first_block(code: &[u8]) -> Vec<u8> {
    let (_, _, translation) = translated(code);
    let end = translation
        .blocks
        .get(1)
        .map_or(translation.stream.len() - 34, |block| block.stream_offset as usize);
    translation.stream()[9..end].to_vec()
}

#[test]
fn a_block_header_sums_gas_and_bounds_the_stack() {
    // ADD ADD DUP1 STOP: takes three words, never grows above the entry.
    let (_, _, translation) = translated(&[0x01, 0x01, 0x80, 0x00]);
    let header = &translation.stream()[..9];
    assert_eq!(header[0], Instruction::Block as u8);
    assert_eq!(u32::from_le_bytes(header[1..5].try_into().unwrap()), 9);
    assert_eq!(u16::from_le_bytes(header[5..7].try_into().unwrap()), 3 * 32);
    assert_eq!(u16::from_le_bytes(header[7..9].try_into().unwrap()), (1024 - 3) * 32);
}

#[test]
fn constants_are_folded_and_sequences_fused() {
    use Instruction as I;
    let rows: [(&[u8], &[u8]); 6] = [
        // PUSH1 1 PUSH1 1 PUSH1 160 SHL SUB AND
        (
            &[0x60, 1, 0x60, 1, 0x60, 160, 0x1b, 0x03, 0x16],
            &[I::AndAddressMask as u8, I::Stop as u8],
        ),
        (&[0x60, 5, 0x01], &[I::AddImmediate as u8, 5, 0, 0, 0, 0, 0, 0, 0, I::Stop as u8]),
        (&[0x90, 0x50], &[I::SwapPop as u8, 1, I::Stop as u8]),
        (&[0x81, 0x83], &[I::DupDup as u8, 2, 4, I::Stop as u8]),
        (&[0x60, 0x40, 0x51], &[I::MLoadImmediate as u8, 0x40, 0, 0, 0, I::Stop as u8]),
        (&[0x5f, 0x15], &[I::Push1 as u8, 1, I::Stop as u8]),
    ];
    for (code, stream) in rows {
        assert_eq!(first_block(code), stream, "{code:02x?}");
    }
}

#[test]
fn jumps_to_constants_carry_the_target() {
    // PUSH1 4 JUMP INVALID JUMPDEST STOP
    let (_, _, translation) = translated(&[0x60, 4, 0x56, 0xfe, 0x5b, 0x00]);
    let target = translation.destination(4);
    assert_ne!(target, NO_BLOCK);
    assert_eq!(translation.stream()[9], Instruction::JumpTo as u8);
    assert_eq!(translation.stream()[10..14], target.to_le_bytes());
    for pc in [0, 1, 3, 5, 6, u64::MAX] {
        assert_eq!(translation.destination(pc), NO_BLOCK, "{pc}");
    }
}

#[test]
fn a_place_in_the_stream_is_found_in_the_code() {
    // PUSH1 1 PUSH1 2 ADD PUSH1 0 MSTORE CALLER KECCAK256: the constants become one MSTORE.
    let (program, table, translation) =
        translated(&[0x60, 1, 0x60, 2, 0x01, 0x60, 0, 0x52, 0x33, 0x20]);
    let locate = |offset| translation.locate(&program, &table, offset);
    assert_eq!(locate(0), Location { pc: 0, gas_not_due: 0 });
    let total = 3 + 3 + 3 + 3 + 3 + 2 + 30;
    assert_eq!(locate(9), Location { pc: 0, gas_not_due: total });
    assert_eq!(locate(9 + 13), Location { pc: 8, gas_not_due: 32 });
    assert_eq!(locate(9 + 13 + 1), Location { pc: 9, gas_not_due: 30 });
}

#[test]
fn a_block_that_never_fits_the_stack_is_left_to_the_exact_loop() {
    let (program, table, translation) = translated(&[0x5f; 1025]);
    assert_eq!(translation.stream()[0], Instruction::Exact as u8);
    assert_eq!(translation.locate(&program, &table, 0), Location { pc: 0, gas_not_due: 0 });
}

#[test]
fn gas_is_corrected_by_what_the_block_paid_in_advance() {
    // GAS ADD KECCAK256
    let stream = first_block(&[0x5a, 0x01, 0x20]);
    assert_eq!(stream[..5], [Instruction::GasInBlock as u8, 33, 0, 0, 0]);
    assert_eq!(Word::from(33u64).low_u64(), 33);
}
