//! Runs a contract that counts its calls, twice, and shows what it used and changed.
//!
//! `cargo run --release -p cybermiles-examples --example run_bytecode`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use cybermiles_cvm::{
    Address, Block, FeeTerms, MemoryAccount, MemoryState, Revision, Rules, Target, Transaction, Vm,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // PUSH0 SLOAD PUSH1 1 ADD DUP1 PUSH0 SSTORE PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
    let code = hex::decode("5f546001018060005560005260206000f3")?;
    let (alice, counter) = (Address::repeat_byte(0xa1), Address::repeat_byte(0xc0));
    let mut state = MemoryState::default();
    state
        .insert(counter, MemoryAccount { nonce: 1, code: code.into(), ..MemoryAccount::default() });

    let mut vm = Vm::new(Rules::ethereum(Revision::Osaka));
    let block = Block { number: 1, gas_limit: 30_000_000, ..Block::default() };
    for nonce in 0..2 {
        let (target, gas_limit) = (Target::Call(counter), 100_000);
        let transaction =
            Transaction { sender: alice, nonce, target, gas_limit, ..Transaction::default() };
        let executed = vm.execute(&block, &transaction, &FeeTerms::default(), &state)?;
        println!("call {}: {:?}", nonce + 1, executed.outcome);
        println!("  gas used {}, refunded {}", executed.gas_used, executed.gas_refunded);
        for change in &executed.diff.accounts {
            println!(
                "  {:?} now has nonce {:?}",
                change.address,
                change.account.map(|account| account.nonce)
            );
            for (key, value) in &change.storage {
                println!("    slot {key} = {value}");
            }
        }
        state.apply(&executed.diff);
    }
    Ok(())
}
