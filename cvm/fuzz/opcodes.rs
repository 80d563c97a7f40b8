//! Runs any bytes as code under the rules that have chain-specific opcodes, and checks what must hold whatever they do.

use cybermiles_cvm::{
    Address, Block, Called, Environment, H256, Host, MemoryAccount, MemoryState, Message, Rules,
    U256, Vm,
};

/// Enough for loops, far too little for memory that hurts: a mebibyte costs more.
const GAS: u64 = 200_000;

/// Where the code is; what it calls by pushing small numbers.
const CONTRACT: u64 = 1;

struct FixedHost;

impl Host for FixedHost {
    fn is_validator(&self, address: &Address) -> bool {
        address.0[19] % 2 == 1
    }

    fn random_seed(&self) -> H256 {
        H256::from_low_u64_be(0x1234)
    }
}

/// The rules that the first byte chooses.
fn rules(choice: u8) -> Rules {
    match choice % 4 {
        0 => Rules::travis(u64::MAX),
        1 => Rules::travis(0),
        2 => Rules::travis(u64::MAX).with_strict_consent(),
        _ => Rules::miles(),
    }
}

/// Runs the bytes after the first as a contract, twice: both runs must agree and stay within their gas.
pub(crate) fn run(data: &[u8]) {
    let Some((&choice, code)) = data.split_first() else { return };
    let rules = rules(choice);
    let address = Address::from_low_u64_be(0xc0de_0000 + CONTRACT);
    let mut state = MemoryState::default();
    let account = MemoryAccount {
        nonce: 1,
        balance: U256::from(1u64 << 40),
        code: code.to_vec().into(),
        ..MemoryAccount::default()
    };
    state.insert(address, account);
    let mut machine = Vm::new(rules.clone());
    let first = call(&mut machine, address, &state);
    let again = call(&mut machine, address, &state);
    let fresh = call(&mut Vm::new(rules), address, &state);
    assert_eq!(first, again, "a machine that ran before gives the same");
    assert_eq!(first, fresh, "a fresh machine gives the same");
    assert!(first.gas_used <= GAS);
    if !first.outcome.is_success() {
        assert!(first.logs.is_empty());
    }
}

fn call(machine: &mut Vm, address: Address, state: &MemoryState) -> Called {
    let block = Block { number: 1, timestamp: 1, gas_limit: u64::MAX, ..Block::default() };
    let message =
        Message { address, gas_limit: GAS, input: vec![7; 100].into(), ..Message::default() };
    let environment = Environment { host: &FixedHost, ..Environment::new(&block, state) };
    machine.call_in(environment, &message).expect("the state can be read")
}
