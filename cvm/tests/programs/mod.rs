//! Random programs that do something: made from bytes, so that fuzzers and property tests share them.

use cybermiles_cvm::{
    Address, Block, MemoryAccount, MemoryState, Target, Transaction, U256, keccak256,
};

/// Who sends the transactions.
pub(crate) const SENDER: Address = Address::repeat_byte(0x11);
/// Where the first program is; the others follow, one higher in the last byte.
pub(crate) const FIRST: Address = Address::repeat_byte(0x20);
/// Programs in a state.
pub(crate) const PROGRAMS: usize = 3;

/// A source of choices; zeros behind the end.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }
}

/// Turns bytes into code that mostly has what it needs on the stack, jumps to jump destinations and calls the other
/// programs; some bytes are taken as they are.
pub(crate) fn code(bytes: &[u8]) -> Vec<u8> {
    let mut choices = Choices(bytes);
    let mut code = Vec::new();
    for value in 0..20 {
        push(&mut code, value);
    }
    while !choices.0.is_empty() && code.len() < 2000 {
        fragment(&mut choices, &mut code);
    }
    code
}

fn push(code: &mut Vec<u8>, value: u8) {
    code.extend_from_slice(&[0x60, value]);
}

fn fragment(choices: &mut Choices<'_>, code: &mut Vec<u8>) {
    let kind = choices.byte();
    let value = choices.byte();
    match kind % 16 {
        0..=2 => push(code, value),
        3 => {
            let size = value % 32 + 1;
            code.push(0x5f + size);
            code.extend((0..size).map(|_| choices.byte()));
        }
        // Arithmetic, comparison, bits.
        4..=6 => {
            push(code, choices.byte());
            code.push(
                [
                    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11,
                    0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e,
                ][usize::from(value) % 26],
            );
        }
        7 => code.push(0x80 + value % 16),
        8 => code.push(0x90 + value % 16),
        // Memory at small offsets.
        9 => {
            push(code, choices.byte());
            push(code, value);
            code.push([0x51, 0x52, 0x53, 0x20, 0xa0, 0xa1][usize::from(value) % 6]);
        }
        10 => {
            push(code, choices.byte() % 64);
            push(code, choices.byte());
            push(code, value);
            code.push([0x37, 0x39, 0x3e, 0x5e][usize::from(value) % 4]);
        }
        // Storage with few keys and values.
        11 => {
            push(code, choices.byte() % 3);
            push(code, value % 4);
            code.push([0x54, 0x55, 0x5c, 0x5d][usize::from(value / 4) % 4]);
        }
        // The machine and its surroundings.
        12 => code.push(
            [
                0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x38, 0x3a, 0x3b, 0x3d, 0x3f, 0x40, 0x41,
                0x42, 0x43, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x58, 0x59, 0x5a, 0x50,
            ][usize::from(value) % 26],
        ),
        13 => jump(choices, code, value),
        14 => call(choices, code, value),
        // Anything, now and then.
        _ if value < 8 => code.push(choices.byte()),
        _ => push(code, value),
    }
}

/// A jump over a few bytes, taken or not.
fn jump(choices: &mut Choices<'_>, code: &mut Vec<u8>, value: u8) {
    if value.is_multiple_of(4) {
        code.push(0x5b);
        return;
    }
    let skipped = usize::from(value % 3);
    let is_conditional = value & 8 != 0;
    if is_conditional {
        push(code, choices.byte() % 2);
    }
    let target = code.len() + 4 + skipped;
    code.extend_from_slice(&[
        0x61,
        (target >> 8) as u8,
        target as u8,
        if is_conditional { 0x57 } else { 0x56 },
    ]);
    code.extend((0..skipped).map(|_| 0x50));
    code.push(0x5b);
}

/// A call of one of the programs or of a precompiled contract, or an end.
fn call(choices: &mut Choices<'_>, code: &mut Vec<u8>, value: u8) {
    let instruction =
        [0xf1, 0xf2, 0xf4, 0xfa, 0xf0, 0xf5, 0xf3, 0xfd, 0xff][usize::from(value) % 9];
    match instruction {
        0xf1 | 0xf2 | 0xf4 | 0xfa => {
            for _ in 0..4 {
                push(code, choices.byte() % 70);
            }
            if instruction < 0xf4 {
                push(code, choices.byte() % 2);
            }
            let which = choices.byte();
            if which.is_multiple_of(4) {
                push(code, which / 4 % 20);
            } else {
                code.push(0x73);
                let mut address = FIRST;
                address.0[19] += which % 4;
                code.extend_from_slice(address.as_bytes());
            }
            code.extend_from_slice(&[0x61, choices.byte(), choices.byte(), instruction]);
        }
        0xf0 | 0xf5 => {
            push(code, choices.byte());
            push(code, choices.byte() % 40);
            push(code, choices.byte() % 40);
            push(code, 0);
            code.push(instruction);
        }
        0xff => code.extend_from_slice(&[0x33, 0xff]),
        _ => {
            push(code, choices.byte() % 70);
            push(code, choices.byte());
            code.push(instruction);
        }
    }
}

/// A state with a rich sender and programs made from three parts of the bytes.
pub(crate) fn state(bytes: &[u8]) -> MemoryState {
    let mut state = MemoryState::default();
    state.insert(
        SENDER,
        MemoryAccount { balance: U256::from(10).pow(30.into()), ..MemoryAccount::default() },
    );
    let size = bytes.len().div_ceil(PROGRAMS).max(1);
    for (index, part) in bytes.chunks(size).enumerate() {
        let mut address = FIRST;
        address.0[19] += index as u8;
        let storage = [(U256::zero(), U256::from(5)), (U256::one(), U256::from(7))].into();
        let code = code(part).into();
        state.insert(address, MemoryAccount { nonce: 1, balance: 1000.into(), code, storage });
    }
    state
}

/// A call of the first program, with some data.
pub(crate) fn transaction(gas_limit: u64) -> Transaction {
    Transaction {
        sender: SENDER,
        target: Target::Call(FIRST),
        gas_limit,
        input: keccak256(b"call data").as_bytes().to_vec().into(),
        max_fee_per_gas: 10.into(),
        max_priority_fee_per_gas: 10.into(),
        ..Transaction::default()
    }
}

/// A block in the present.
pub(crate) fn block() -> Block {
    Block {
        number: 1000,
        timestamp: 1_700_000_000,
        gas_limit: 30_000_000,
        beneficiary: Address::repeat_byte(0x99),
        base_fee: 7.into(),
        blob_base_fee: 1.into(),
        ..Block::default()
    }
}
