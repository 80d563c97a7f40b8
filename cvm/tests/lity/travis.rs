//! The opcodes of the original chain, run as code: limits, availability by height, and arguments that hurt it.

use crate::chain::{Chain, SENDER, TestHost};
use cybermiles_cvm::{
    Address, Block, Environment, H256, Halt, MemoryAccount, MemoryState, Message, Outcome,
    Revision, Rules, ScheduledCall, Target, Transaction, Vm, Word,
};

const HEIGHT: u64 = 1_321_176;
const GAS: u64 = 100_000;

/// PUSH32 of each word, the last one on top.
fn push(words: &[Word]) -> Vec<u8> {
    words.iter().flat_map(|word| [&[0x7f][..], &word.to_be_bytes()].concat()).collect()
}

fn store(offset: u64, word: Word) -> Vec<u8> {
    [push(&[word, offset.into()]), vec![0x52]].concat()
}

/// Returns the top word.
const RETURN: [u8; 8] = [0x60, 0, 0x52, 0x60, 0x20, 0x60, 0, 0xf3];

fn run(rules: Rules, code: &[u8]) -> (Outcome, u64) {
    let message =
        Message { code: Some(code.to_vec().into()), gas_limit: GAS, ..Message::default() };
    let called = Vm::new(rules).call(&Block::default(), &message, &MemoryState::default());
    let called = called.expect("the state can be read");
    (called.outcome, called.gas_used)
}

/// Runs one opcode on operands, the first on top. Gives the word it leaves, or the halt.
fn one(opcode: u8, operands: &[Word]) -> Result<Word, Halt> {
    let pushed: Vec<Word> = operands.iter().rev().copied().collect();
    let code = [push(&pushed), vec![opcode], RETURN.to_vec()].concat();
    match run(Rules::travis(HEIGHT), &code).0 {
        Outcome::Success { output } => Ok(Word::from_be_slice(&output)),
        Outcome::Halt(halt) => Err(halt),
        other => panic!("{opcode:#x}: {other:?}"),
    }
}

#[test]
fn arithmetic_halts_at_its_limits() {
    let (zero, one_, two, max) = (Word::ZERO, Word::ONE, Word::from(2), Word::MAX);
    let (least, greatest) = (Word::SIGNED_MIN, Word::SIGNED_MAX);
    let half = Word::ONE.shl(128.into());
    let overflow = Err(Halt::ArithmeticOverflow);
    let by_zero = Err(Halt::DivisionByZero);
    let rows: &[(u8, &[Word], Result<Word, Halt>)] = &[
        (0x01, &[max, zero], Ok(max)),
        (0x01, &[max, one_], overflow),
        (0x02, &[max, one_], Ok(max)),
        (0x02, &[half, half], overflow),
        (0x02, &[max, zero], Ok(zero)),
        (0x03, &[two, two], Ok(zero)),
        (0x03, &[one_, two], overflow),
        (0x0c, &[greatest, one_], overflow),
        (0x0c, &[greatest, zero], Ok(greatest)),
        (0x0c, &[least, max], overflow),
        (0x0c, &[least, greatest], Ok(max)),
        (0x0d, &[least, one_], overflow),
        (0x0d, &[zero, least], overflow),
        (0x0d, &[max, least], Ok(greatest)),
        (0x0d, &[one_, two], Ok(max)),
        (0x0e, &[least, max], overflow),
        (0x0e, &[least, one_], Ok(least)),
        (0x0e, &[max, max], Ok(one_)),
        (0x2a, &[max, max, zero], overflow),
        (0x2a, &[max, 10.into(), one_], Ok(max)),
        (0x2a, &[max, max, 154.into()], Ok(one_)),
        (0x2a, &[max, max, max], Ok(zero)),
        (0x2b, &[max, one_, one_], Ok(max)),
        (0x2b, &[least, max, zero], overflow),
        (0x2b, &[least, one_, zero], Ok(least)),
        (0x2b, &[max, one_, max], Ok(max)),
        (0x2b, &[max, max, max], Ok(zero)),
        (0x2c, &[one_, zero, zero], by_zero),
        (0x2c, &[zero, zero, max], by_zero),
        (0x2c, &[one_, 3.into(), two], Ok(33.into())),
        (0x2c, &[one_, max, max], overflow),
        (0x2c, &[zero, max, max], Ok(zero)),
        (0x2d, &[max, zero, zero], by_zero),
        (0x2d, &[max, two, zero], Ok(max)),
        (0x2d, &[max, two.wrapping_neg(), zero], Ok(one_)),
        (0x2d, &[one_, two.wrapping_neg(), zero], Ok(zero)),
        (0x2d, &[least, max, zero], overflow),
        (0x1b, &[one_, one_], Ok(two)),
        (0x1c, &[one_, two], Ok(one_)),
        (0x1d, &[one_, max], Ok(max)),
    ];
    for (opcode, operands, expected) in rows {
        assert_eq!(&one(*opcode, operands), expected, "{opcode:#x} {operands:?}");
    }
}

#[test]
fn a_short_stack_is_a_halt() {
    for opcode in Rules::travis(HEIGHT)
        .opcodes()
        .iter()
        .filter(|row| row.since_height.is_some() && row.inputs > 0)
    {
        let words = vec![Word::ONE; usize::from(opcode.inputs) - 1];
        let (outcome, gas) =
            run(Rules::travis(HEIGHT), &[push(&words), vec![opcode.byte]].concat());
        assert_eq!((outcome, gas), (Outcome::Halt(Halt::StackUnderflow), GAS), "{}", opcode.name);
    }
}

#[test]
fn bytes_mean_something_from_their_block_on() {
    let from_genesis = [0x0c, 0x0d, 0x0e, 0xf5, 0xf6];
    let later = [0x2a, 0x2b, 0x2c, 0x2d, 0xf7, 0xf8, 0xf9];
    let has = |height, byte: u8| Rules::travis(height).opcode(byte).is_some();
    assert!(from_genesis.iter().all(|byte| has(0, *byte)));
    assert!(later.iter().all(|byte| !has(HEIGHT - 1, *byte) && has(HEIGHT, *byte)));
    // CREATE2, EXTCODEHASH and everything later never came.
    for byte in [0x1e, 0x3f, 0x46, 0x47, 0x48, 0x5e, 0x5f] {
        assert!(!has(u64::MAX, byte), "{byte:#x}");
    }
    assert_eq!(Rules::travis(0).opcode(0xf5).unwrap().name, "ENI");
    assert_eq!(Rules::travis(0).chain_id(), 18);
    assert!(Rules::ethereum(Revision::Byzantium).opcode(0x0c).is_none());
}

#[test]
fn validators_and_random_values_come_from_the_host() {
    let mut seed = H256::zero();
    seed.0[12..].fill(0x11);
    let host = TestHost { validators: vec![Address::repeat_byte(9)], seed };
    let block = Block::default();
    let mut machine = Vm::new(Rules::travis(HEIGHT));
    let mut answer = |code: Vec<u8>, state: &MemoryState| {
        let message = Message {
            code: Some(code.into()),
            origin: SENDER,
            gas_limit: GAS,
            ..Message::default()
        };
        let environment = Environment { host: &host, ..Environment::new(&block, state) };
        Word::from_be_slice(machine.call_in(environment, &message).unwrap().outcome.output())
    };
    let validator = Word::from_address(Address::repeat_byte(9));
    let dirty = validator | Word::ONE.shl(200.into());
    for (word, expected) in [(validator, 1u64), (dirty, 1), (Word::ONE, 0)] {
        let code = [push(&[word]), vec![0xf6], RETURN.to_vec()].concat();
        assert_eq!(answer(code, &MemoryState::default()), expected.into());
    }
    // The published vectors: origin's nonce 1, code 0x6000 at the running address, first and second value.
    let mut state = MemoryState::default();
    state.insert(SENDER, MemoryAccount { nonce: 1, ..MemoryAccount::default() });
    state.insert(
        Address::zero(),
        MemoryAccount { code: vec![0x60, 0x00].into(), ..MemoryAccount::default() },
    );
    let first = "0xdd9e32dc154f2910ff04175301c619d5cd0b6b7716a948032b59ec62d9940a5a";
    let second = "0x54436fb724307417635704e79f65541f974858dc03a237117bcd81d7d08c6677";
    assert_eq!(answer([vec![0xf9], RETURN.to_vec()].concat(), &state).to_string(), first);
    assert_eq!(
        answer([vec![0xf9, 0x50, 0xf9], RETURN.to_vec()].concat(), &state).to_string(),
        second
    );
}

#[test]
fn scheduled_calls_are_left_to_the_chain_unless_reverted() {
    let schedule =
        [push(&[Word::from_address(Address::repeat_byte(3)), 1000.into(), 5.into()]), vec![0xf7]]
            .concat();
    let expected = ScheduledCall {
        sender: SENDER,
        data: 5.into(),
        timestamp: 1000.into(),
        receiver: Address::repeat_byte(3),
    };
    let revert = [0x60, 0, 0x60, 0, 0xfd];
    let rows = [
        (Rules::travis(HEIGHT), schedule.clone(), vec![]),
        (Rules::travis(HEIGHT).with_strict_consent(), schedule.clone(), vec![expected]),
        (Rules::travis(HEIGHT).with_strict_consent(), [&schedule[..], &revert].concat(), vec![]),
    ];
    for (rules, code, scheduled) in rows {
        let mut chain = Chain::new(rules);
        let contract = Address::repeat_byte(0xaa);
        chain.state.account_mut(contract).code = code.into();
        let transaction = Transaction { target: Target::Call(contract), ..chain.transaction() };
        assert_eq!(
            chain.execute(&transaction, &cybermiles_cvm::FeeTerms::default()).scheduled,
            scheduled
        );
    }
}

fn name(text: &[u8]) -> Word {
    let mut bytes = [0; 32];
    bytes[..text.len()].copy_from_slice(text);
    Word::from_be_bytes(bytes)
}

#[test]
fn hostile_arguments_of_eni_are_halts() {
    let (types, data) = (0x80u64, 0x100u64);
    // One string argument "hello" and a string result.
    let sound = [
        store(types, Word::ONE),
        store(types + 32, name(&[4])),
        store(types + 64, Word::ONE),
        store(types + 96, name(&[4])),
        store(data, 64.into()),
        store(data + 32, 5.into()),
        store(data + 64, name(b"hello")),
    ]
    .concat();
    let call = |function: &[u8], types: Word, data: Word| {
        [push(&[data, types, name(function)]), vec![0xf5]].concat()
    };
    let plain = call(b"reverse", types.into(), data.into());
    let check = |what: &str, code: Vec<u8>, expected: Result<(), Halt>| {
        for rules in [Rules::travis(HEIGHT), Rules::travis(HEIGHT).with_strict_consent()] {
            let found = match run(rules, &code).0 {
                Outcome::Success { .. } => Ok(()),
                Outcome::Halt(halt) => Err(halt),
                other => panic!("{what}: {other:?}"),
            };
            assert_eq!(found, expected, "{what}");
        }
    };
    let failed = Err(Halt::NativeFunctionFailed);
    check("sound", [sound.clone(), plain.clone()].concat(), Ok(()));
    for offset in [
        Word::MAX,
        Word::SIGNED_MIN,
        u64::MAX.into(),
        (1u64 << 40).into(),
        0x160.into(),
        0x15f.into(),
    ] {
        check("types", [sound.clone(), call(b"reverse", offset, data.into())].concat(), failed);
        check("data", [sound.clone(), call(b"reverse", types.into(), offset)].concat(), failed);
    }
    for function in [&b""[..], b"nothing", b"revers", b"reverse\0x", b"REVERSE"] {
        check("name", [sound.clone(), call(function, types.into(), data.into())].concat(), failed);
    }
    for word in [Word::MAX, Word::SIGNED_MIN, u64::MAX.into(), (1u64 << 33).into()] {
        for slot in [types, types + 64, data, data + 32] {
            check("length", [sound.clone(), store(slot, word), plain.clone()].concat(), failed);
        }
    }
    for codes in [&[0][..], &[1], &[2], &[3], &[6], &[42], &[8], &[107], &[255]] {
        check(
            "argument type",
            [sound.clone(), store(types + 32, name(codes)), plain.clone()].concat(),
            failed,
        );
    }
    for codes in [&[0][..], &[1], &[9], &[42], &[5], &[7], &[8]] {
        check(
            "result type",
            [sound.clone(), store(types + 96, name(codes)), plain.clone()].concat(),
            failed,
        );
    }
    // A declared length that only gas can pay for.
    let long = [sound, store(data, (1u64 << 31).into()), plain].concat();
    check("long", long, Err(Halt::OutOfGas));
}
