//! Any bytes as code, and programs made from them: both loops agree, and nothing panics, under every revision.

#![no_main]

#[path = "../../tests/programs/mod.rs"]
mod programs;

use cybermiles_cvm::{Executed, FeeTerms, MemoryAccount, MemoryState, Revision, Rules, Translate, Vm};
use libfuzzer_sys::fuzz_target;

fn run(revision: Revision, translate: Translate, state: &MemoryState, gas_limit: u64) -> Executed {
    let mut block = programs::block();
    if revision < Revision::London {
        block.base_fee = 0.into();
    }
    let mut vm = Vm::new(Rules::ethereum(revision)).with_translation(translate);
    let executed = vm.execute(&block, &programs::transaction(gas_limit), &FeeTerms::default(), state);
    executed.expect("the transaction is valid")
}

fuzz_target!(|bytes: &[u8]| {
    let [choice, gas, code @ ..] = bytes else { return };
    let revision = Revision::ALL[usize::from(*choice) % Revision::ALL.len()];
    let gas_limit = 60_000 + u64::from(*gas) * 2000;
    let mut raw = programs::state(&[]);
    raw.insert(programs::FIRST, MemoryAccount { code: code.to_vec().into(), ..MemoryAccount::default() });
    for state in [raw, programs::state(code)] {
        let exact = run(revision, Translate::Never, &state, gas_limit);
        assert_eq!(exact, run(revision, Translate::Always, &state, gas_limit));
    }
});
