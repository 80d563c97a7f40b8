//! Contracts compiled by the Lity compiler for the original chain (spec sections 3.9 and 11.4).

use crate::chain::{Abi, Chain, SENDER, contract};
use cybermiles_cvm::{
    Address, Consent, ConsentSeen, FeeTerms, GasPrice, Halt, Outcome, Payer, Rules, Target,
    Transaction, U256,
};

/// The price at which contracts pay: 2 gwei.
const PRICE: u64 = 2_000_000_000;
const GAS: u64 = 1_000_000;
const COIN: u64 = 1_000_000_000_000_000_000;
const HEIGHT: u64 = 1_321_176;

fn terms(contract: Address) -> FeeTerms {
    FeeTerms {
        payer: Payer::Account(contract),
        price: GasPrice::Fixed(PRICE.into()),
        consent: Consent::Required,
    }
}

/// A chain with the `FreeGas` contract, which owns a coin.
fn free_gas(rules: Rules) -> Option<(Chain, Address)> {
    let mut chain = Chain::new(rules);
    let address = chain.deploy(&contract("FreeGas")?);
    chain.state.account_mut(address).balance = COIN.into();
    Some((chain, address))
}

fn call(chain: &mut Chain, contract: Address, signature: &str) -> cybermiles_cvm::Executed {
    let input = Abi::call(signature).word(7.into()).finish();
    let transaction = Transaction {
        target: Target::Call(contract),
        gas_limit: GAS,
        input: input.into(),
        ..chain.transaction()
    };
    chain.execute(&transaction, &terms(contract))
}

#[test]
fn a_free_gas_function_is_paid_by_the_contract() {
    let historical = Rules::travis(HEIGHT);
    for (rules, is_burned) in
        [(historical.clone(), true), (historical.with_strict_consent(), false)]
    {
        let Some((mut chain, address)) = free_gas(rules) else { return };
        let before = chain.balance(SENDER);
        let executed = call(&mut chain, address, "testFreeGas(int256)");
        assert!(executed.outcome.is_success(), "{:?}", executed.outcome);
        assert_eq!(executed.fee.consent, ConsentSeen::OwnFrame);
        assert_eq!(executed.fee.payer, Some(address));
        assert_eq!(chain.balance(SENDER), before);
        let fee = U256::from(executed.gas_used) * PRICE;
        assert_eq!(chain.balance(address), U256::from(COIN) - fee);
        // In history, what the contract paid was burned.
        let earned = if is_burned { U256::zero() } else { fee };
        assert_eq!(chain.balance(crate::chain::BENEFICIARY), earned);
    }
}

#[test]
fn another_function_fails_and_keeps_its_effects_only_in_history() {
    for (rules, keeps_effects) in
        [(Rules::travis(HEIGHT), true), (Rules::travis(HEIGHT).with_strict_consent(), false)]
    {
        let Some((mut chain, address)) = free_gas(rules) else { return };
        let nonce = chain.transaction().nonce;
        let executed = call(&mut chain, address, "testNonFreeGas(int256)");
        assert_eq!(executed.outcome, Outcome::Halt(Halt::ConsentMissing));
        assert_eq!((executed.fee.consent, executed.fee.payer), (ConsentSeen::Nowhere, None));
        assert_eq!(executed.fee.amount, U256::zero());
        assert_eq!(chain.balance(address), COIN.into());
        assert_eq!(chain.transaction().nonce, nonce + 1);
        assert_eq!(!chain.state.accounts()[&address].storage.is_empty(), keeps_effects);
    }
}

#[test]
fn before_the_opcode_existed_it_was_invalid() {
    let Some((mut chain, address)) = free_gas(Rules::travis(HEIGHT - 1)) else { return };
    let executed = call(&mut chain, address, "testFreeGas(int256)");
    assert_eq!(executed.outcome, Outcome::Halt(Halt::InvalidInstruction));
}

#[test]
fn reverse_gives_the_text_backwards() {
    let Some(code) = contract("Reverse") else { return };
    let mut chain = Chain::new(Rules::travis(0));
    let address = chain.deploy(&code);
    let output = chain.call(address, Abi::call("reverse(string)").string(b"hello").finish());
    assert_eq!(Abi::read_string(&output), b"olleh");
    let long = vec![b'x'; 1000];
    let output = chain.call(address, Abi::call("reverse(string)").string(&long).finish());
    assert_eq!(Abi::read_string(&output), long);
}

#[test]
fn a_dogecoin_block_is_verified() {
    let Some(code) = contract("Dogecoin") else { return };
    let mut chain = Chain::new(Rules::travis(0));
    let address = chain.deploy(&code);
    for (nonce, is_right) in [(3_404_207_872u64, 1), (3_404_207_871, 0)] {
        let input = Abi::call("verifyBlock(uint256,string,string,uint256,string,uint256)")
            .word(1.into())
            .string(b"82bc68038f6034c0596b6e313729793a887fded6e92a31fbdf70863f89d9bea2")
            .string(b"3b14b76d22a3f2859d73316002bc1b9bfc7f37e2c3393be9b722b62bbd786983")
            .word(1_386_474_933u64.into())
            .string(b"1e0ffff0")
            .word(nonce.into())
            .finish();
        assert_eq!(
            U256::from_big_endian(&chain.call(address, input)),
            is_right.into(),
            "nonce {nonce}"
        );
    }
}

#[test]
fn json_values_are_found() {
    let Some(code) = contract("JsonTest") else { return };
    let mut chain = Chain::new(Rules::travis(HEIGHT));
    let address = chain.deploy(&code);
    let rows = [
        ("testAsString(string)", r#""text""#, "text"),
        ("testAsInt(string)", "42", "42"),
        ("testArrayGet(string)", r#"["hello", "world"]"#, "world"),
        ("testNestedArrayGet(string)", r#"["a", ["b", "c"]]"#, "b"),
        ("testObjectGet(string)", r#"{"x": [1, "hello"], "hello": "there"}"#, "there"),
        ("testAsBool(string)", "[true, false]", "[true, false]"),
        ("testGetType(string)", r#"[true, 1, "s", [], {}]"#, r#"[true, 1, "s", [], {}]"#),
    ];
    for (signature, raw, expected) in rows {
        let output = chain.call(address, Abi::call(signature).string(raw.as_bytes()).finish());
        assert_eq!(
            String::from_utf8_lossy(&Abi::read_string(&output)),
            expected,
            "{signature} {raw}"
        );
    }
    let input = Abi::call("testObjectGet(string)").string(b"{}").finish();
    assert_eq!(chain.outcome(address, input), Outcome::Halt(Halt::NativeFunctionFailed));
}

#[test]
fn the_token_moves_coins_and_refuses_overdrafts() {
    let Some(code) = contract("ETHToken") else { return };
    let mut chain = Chain::new(Rules::travis(HEIGHT));
    let address = chain.deploy(&code);
    let balance = |chain: &mut Chain, owner: Address| {
        let input = Abi::call("balanceOf(address)").address(owner).finish();
        U256::from_big_endian(&chain.call(address, input))
    };
    let supply = balance(&mut chain, SENDER);
    assert!(!supply.is_zero());
    let receiver = Address::repeat_byte(0x77);
    let transfer =
        |amount| Abi::call("transfer(address,uint256)").address(receiver).word(amount).finish();
    let output = chain.call(address, transfer(1000.into()));
    assert_eq!(U256::from_big_endian(&output), U256::one());
    assert_eq!(
        (balance(&mut chain, receiver), balance(&mut chain, SENDER)),
        (1000.into(), supply - 1000)
    );
    assert!(!chain.outcome(address, transfer(supply)).is_success());
}
