//! A state that cannot be read gives an error, and leaves a machine that can be used again. So does a panic that the
//! embedder contains.

use cybermiles_cvm::{
    AccountInfo, Address, BackendError, Block, ExecuteError, ExtensionOpcode, FeeTerms, H256,
    MemoryAccount, MemoryState, Revision, Rules, StateView, Target, Transaction, Translate, U256,
    Vm,
};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// A state whose reads fail after a number of them.
struct Failing<'a> {
    state: &'a MemoryState,
    reads_left: Cell<usize>,
}

impl Failing<'_> {
    fn read(&self) -> Result<(), BackendError> {
        let left = self.reads_left.get();
        self.reads_left.set(left.saturating_sub(1));
        if left == 0 { Err(BackendError::new("the disk is gone")) } else { Ok(()) }
    }
}

impl StateView for Failing<'_> {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, BackendError> {
        self.read()?;
        self.state.account(address)
    }

    fn code(&self, address: &Address, hash: &H256) -> Result<bytes::Bytes, BackendError> {
        self.read()?;
        self.state.code(address, hash)
    }

    fn storage(&self, address: &Address, key: &U256) -> Result<U256, BackendError> {
        self.read()?;
        self.state.storage(address, key)
    }

    fn block_hash(&self, number: u64) -> Result<H256, BackendError> {
        self.read()?;
        self.state.block_hash(number)
    }
}

/// A read that failed inside of a nested call left that call's frames on the machine's stack, where the next
/// transaction found them.
#[test]
fn a_machine_survives_a_failed_read_anywhere() {
    let (outer, inner) = (Address::repeat_byte(0x0a), Address::repeat_byte(0x0b));
    // SLOAD slot 0, then CALL the inner contract with all gas; BLOCKHASH of 9; return the success flag.
    let mut code = vec![0x5f, 0x54, 0x50, 0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x73];
    code.extend_from_slice(inner.as_bytes());
    code.extend_from_slice(&[0x5a, 0xf1, 0x60, 9, 0x40, 0x50, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3]);
    let storage = [(U256::zero(), U256::one())];
    let mut state = MemoryState::default();
    state.insert(
        outer,
        MemoryAccount { code: code.into(), storage: storage.into(), ..MemoryAccount::default() },
    );
    // SLOAD, BALANCE of address 7, SELFBALANCE.
    let code = vec![0x5f, 0x54, 0x60, 7, 0x31, 0x47, 0x00];
    state.insert(
        inner,
        MemoryAccount { code: code.into(), storage: storage.into(), ..MemoryAccount::default() },
    );
    let block = Block { number: 10, gas_limit: 30_000_000, ..Block::default() };
    let transaction =
        Transaction { target: Target::Call(outer), gas_limit: 1_000_000, ..Transaction::default() };
    let cancun = [(Revision::Cancun, Translate::Never), (Revision::Cancun, Translate::Always)];
    let osaka = [(Revision::Osaka, Translate::Never), (Revision::Osaka, Translate::Always)];
    // Before Prague, code is first read when the frame starts; since then, by the call instruction.
    for (revision, translate) in cancun.into_iter().chain(osaka) {
        let new = || Vm::new(Rules::ethereum(revision)).with_translation(translate);
        let expected = new().execute(&block, &transaction, &FeeTerms::default(), &state);
        let expected = expected.expect("the transaction is valid");
        assert_eq!(expected.outcome.output()[31], 1, "the inner call succeeds");
        let mut failures = 0;
        for reads in 0.. {
            let mut vm = new();
            let failing = Failing { state: &state, reads_left: Cell::new(reads) };
            let done = vm.execute(&block, &transaction, &FeeTerms::default(), &failing);
            match done {
                Err(ExecuteError::Backend(error)) => {
                    failures += 1;
                    assert!(error.to_string().contains("the disk is gone"), "{error}");
                }
                Ok(executed) => {
                    assert_eq!(executed, expected);
                    break;
                }
                Err(error) => panic!("{error}"),
            }
            let again = vm.execute(&block, &transaction, &FeeTerms::default(), &state);
            assert_eq!(again.expect("the state can be read again"), expected, "{reads} reads");
        }
        assert!(failures >= 8, "{failures}");
    }
}

/// A node contains panics per transaction; what the panic left half-done must not show in the next one.
#[test]
fn a_machine_survives_a_contained_panic() {
    let faulty = ExtensionOpcode {
        byte: 0x0c,
        name: "FAULT",
        inputs: 0,
        outputs: 0,
        gas: 3,
        since_height: 0,
        run: |_| panic!("planted"),
    };
    let (outer, inner) = (Address::repeat_byte(0x0a), Address::repeat_byte(0x0b));
    // Store 7 in slot 0, then call the inner contract.
    let mut code = vec![0x60, 7, 0x5f, 0x55, 0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x73];
    code.extend_from_slice(inner.as_bytes());
    code.extend_from_slice(&[0x5a, 0xf1, 0x00]);
    let mut state = MemoryState::default();
    state.insert(outer, MemoryAccount { code: code.into(), ..MemoryAccount::default() });
    state.insert(inner, MemoryAccount { code: vec![0x0c].into(), ..MemoryAccount::default() });
    let rules = || Rules::ethereum(Revision::Cancun).with_opcode(faulty);
    let block = Block { gas_limit: 30_000_000, ..Block::default() };
    let transaction =
        Transaction { target: Target::Call(inner), gas_limit: 1_000_000, ..Transaction::default() };
    let nested = Transaction { target: Target::Call(outer), ..transaction.clone() };
    let harmless =
        Transaction { target: Target::Call(Address::repeat_byte(1)), ..transaction.clone() };
    let mut vm = Vm::new(rules());
    let mut run = |transaction: &Transaction| {
        let fee = FeeTerms::default();
        let run =
            || vm.execute(&block, transaction, &fee, &state).map_err(|error| error.to_string());
        catch_unwind(AssertUnwindSafe(run))
    };
    for _ in 0..2 {
        assert!(run(&nested).is_err(), "the planted panic comes through");
        assert!(run(&transaction).is_err(), "the planted panic comes through");
        let expected = Vm::new(rules()).execute(&block, &harmless, &FeeTerms::default(), &state);
        assert_eq!(run(&harmless).ok(), Some(expected.map_err(|error| error.to_string())));
    }
}
