//! Calls 1024 deep need little of the thread's stack, and calls need no heap once the machine is warm.

use cybermiles_cvm::{
    Address, Block, FeeTerms, MemoryAccount, MemoryState, Revision, Rules, StepEnd, Target, Tracer,
    Transaction, Vm,
};
use std::thread;

const CONTRACT: Address = Address::repeat_byte(0xc0);
const SENDER: Address = Address::repeat_byte(0x5e);

fn state(code: Vec<u8>) -> MemoryState {
    let mut state = MemoryState::default();
    state.insert(CONTRACT, MemoryAccount { code: code.into(), ..MemoryAccount::default() });
    state
}

fn transaction(gas_limit: u64) -> Transaction {
    Transaction {
        sender: SENDER,
        target: Target::Call(CONTRACT),
        gas_limit,
        ..Transaction::default()
    }
}

/// Before EIP-150 a caller can pass on all gas, and so reach the deepest frame.
fn vm() -> Vm {
    Vm::new(Rules::ethereum(Revision::Homestead))
}

/// Calls itself with all gas but 100,000, then stores how deep it was.
fn recursive() -> Vec<u8> {
    let mut code = vec![0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x73];
    code.extend_from_slice(CONTRACT.as_bytes());
    // PUSH3 100000 GAS SUB CALL
    code.extend_from_slice(&[0x62, 0x01, 0x86, 0xa0, 0x5a, 0x03, 0xf1, 0x00]);
    code
}

#[derive(Default)]
struct Deepest(usize);

impl Tracer for Deepest {
    fn step(&mut self, step: &cybermiles_cvm::Step<'_>) {
        self.0 = self.0.max(step.depth);
    }

    fn step_end(&mut self, _end: &StepEnd) {}
}

#[test]
fn calls_of_full_depth_fit_a_small_thread_stack() {
    let run = || {
        let block = Block { gas_limit: 1 << 40, ..Block::default() };
        let (transaction, state) = (transaction(1 << 30), state(recursive()));
        let mut deepest = Deepest::default();
        let mut vm = vm();
        for _ in 0..3 {
            let executed = vm.execute(&block, &transaction, &FeeTerms::default(), &state).unwrap();
            assert!(executed.outcome.is_success());
        }
        let traced =
            vm.execute_traced(&block, &transaction, &FeeTerms::default(), &state, &mut deepest);
        assert!(traced.unwrap().outcome.is_success());
        deepest.0
    };
    let thread = thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap();
    assert_eq!(thread.join().unwrap(), 1025);
}

/// Calls the identity contract and a contract without code in a loop.
fn looping(rounds: u8) -> Vec<u8> {
    let mut code = vec![0x60, rounds, 0x5b];
    for address in [4, 0xee] {
        code.extend_from_slice(&[
            0x60, 32, 0x60, 0, 0x60, 32, 0x60, 0, 0x60, 0, 0x60, address, 0x61, 0xff, 0xff, 0xf1,
        ]);
        code.push(0x50);
    }
    // PUSH1 1 SWAP1 SUB DUP1 PUSH1 2 JUMPI
    code.extend_from_slice(&[0x60, 1, 0x90, 0x03, 0x80, 0x60, 2, 0x57]);
    code
}

#[test]
fn calls_allocate_nothing_once_the_machine_is_warm() {
    let block = Block { gas_limit: 1 << 40, ..Block::default() };
    let transaction = transaction(100_000_000);
    let mut vm = Vm::new(Rules::ethereum(Revision::Byzantium));
    let mut allocations = |rounds| {
        let state = state(looping(rounds));
        let mut run = || {
            let executed = vm.execute(&block, &transaction, &FeeTerms::default(), &state).unwrap();
            assert!(executed.outcome.is_success());
        };
        run();
        run();
        allocation_counter::measure(run).count_total
    };
    let (few, many) = (allocations(10), allocations(250));
    // The identity contract's output is a value of its own.
    assert!(many <= few + 240, "{few} allocations for 20 calls, {many} for 500");
}
