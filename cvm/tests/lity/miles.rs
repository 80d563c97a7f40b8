//! System contracts reached from stock Solidity: `tests/contracts/Sponsor.sol`, compiled by `build.mjs` beside it.

use crate::chain::{Abi, BENEFICIARY, Chain, SENDER};
use cybermiles_cvm::{
    Address, Consent, ConsentSeen, Executed, FeeTerms, GasPrice, H256, Halt, Outcome, Payer, Rules,
    Target, Transaction, U256, keccak256, revert_reason,
};

const ARTEFACT: &str = include_str!("../contracts/Sponsor.json");
const COIN: u64 = 1_000_000_000_000_000_000;
const PRICE: u64 = 2_000_000_000;

/// A chain with two Sponsor contracts that own a coin each.
fn sponsors() -> (Chain, Address, Address) {
    let artefact: serde_json::Value = serde_json::from_str(ARTEFACT).expect("the artefact is JSON");
    let code = artefact["bytecode"].as_str().expect("the artefact has code");
    let code = hex::decode(code.trim_start_matches("0x")).expect("code is hexadecimal");
    let mut chain = Chain::new(Rules::miles());
    let (first, second) = (chain.deploy(&code), chain.deploy(&code));
    for address in [first, second] {
        chain.state.account_mut(address).balance = COIN.into();
    }
    (chain, first, second)
}

fn call(chain: &mut Chain, contract: Address, input: Vec<u8>) -> Executed {
    let fee = FeeTerms {
        payer: Payer::Account(contract),
        price: GasPrice::Fixed(PRICE.into()),
        consent: Consent::Required,
    };
    let transaction = Transaction {
        target: Target::Call(contract),
        gas_limit: 1_000_000,
        input: input.into(),
        ..chain.transaction()
    };
    chain.execute(&transaction, &fee)
}

/// The counter is the contract's first slot.
fn counter(chain: &Chain, contract: Address) -> U256 {
    chain.state.accounts()[&contract].storage.get(&U256::zero()).copied().unwrap_or_default()
}

#[test]
fn a_contract_that_consents_pays() {
    let (mut chain, sponsor, _) = sponsors();
    let before = chain.balance(SENDER);
    let executed = call(&mut chain, sponsor, Abi::call("sponsored()").finish());
    assert!(executed.outcome.is_success(), "{:?}", executed.outcome);
    assert_eq!((executed.fee.consent, executed.fee.payer), (ConsentSeen::OwnFrame, Some(sponsor)));
    let fee = U256::from(executed.gas_used) * PRICE;
    assert_eq!(executed.fee.amount, fee);
    assert_eq!(chain.balance(SENDER), before);
    assert_eq!(chain.balance(sponsor), U256::from(COIN) - fee);
    assert_eq!(chain.balance(BENEFICIARY), fee);
    assert_eq!(counter(&chain, sponsor), U256::one());
}

#[test]
fn without_its_own_consent_nothing_happens_and_nobody_pays() {
    let (mut chain, sponsor, other) = sponsors();
    let missing = Outcome::Halt(Halt::ConsentMissing);
    let rows = [
        (Abi::call("notSponsored()"), ConsentSeen::Nowhere, Some(&missing)),
        (Abi::call("asksAnother(address)").address(other), ConsentSeen::Elsewhere, Some(&missing)),
        (Abi::call("delegates(address)").address(other), ConsentSeen::Elsewhere, Some(&missing)),
        (Abi::call("delegatesConsent()"), ConsentSeen::Nowhere, Some(&missing)),
        (Abi::call("nothing()"), ConsentSeen::Nowhere, None),
        (Abi::call("sponsoredThenReverts()"), ConsentSeen::Nowhere, None),
    ];
    for (call_data, seen, outcome) in rows {
        let (balance, nonce) = (chain.balance(SENDER), chain.transaction().nonce);
        let executed = call(&mut chain, sponsor, call_data.finish());
        assert!(!executed.outcome.is_success());
        if let Some(outcome) = outcome {
            assert_eq!(&executed.outcome, outcome);
        }
        assert_eq!((executed.fee.consent, executed.fee.payer), (seen, None));
        assert_eq!(executed.fee.amount, U256::zero());
        assert!(executed.logs.is_empty());
        assert_eq!(chain.balance(sponsor), COIN.into());
        assert_eq!(chain.balance(other), COIN.into());
        assert_eq!((chain.balance(SENDER), chain.transaction().nonce), (balance, nonce + 1));
        assert_eq!(
            (counter(&chain, sponsor), counter(&chain, other)),
            (U256::zero(), U256::zero())
        );
    }
}

#[test]
fn consent_is_reported_as_elsewhere_when_the_frame_reverts_after_it() {
    // CALL 0xcc01 with the selector of consent(), then REVERT: PUSH4 PUSH0 MSTORE, five PUSHes, PUSH2, GAS, CALL.
    let selector = &keccak256(b"consent()").0[..4];
    let code =
        [&[0x63], selector, &hex::decode("5f525f5f6004601c5f61cc015af15f5ffd").unwrap()].concat();
    let mut chain = Chain::new(Rules::miles());
    let contract = Address::repeat_byte(0xaa);
    chain.state.account_mut(contract).code = code.into();
    chain.state.account_mut(contract).balance = COIN.into();
    let executed = call(&mut chain, contract, Vec::new());
    assert!(matches!(executed.outcome, Outcome::Revert { .. }));
    assert_eq!((executed.fee.consent, executed.fee.payer), (ConsentSeen::Elsewhere, None));
    assert_eq!(chain.balance(contract), COIN.into());
}

#[test]
fn a_creation_cannot_be_sponsored_and_still_costs_its_nonce() {
    let (mut chain, sponsor, _) = sponsors();
    let fee = FeeTerms {
        payer: Payer::Account(sponsor),
        price: GasPrice::Fixed(PRICE.into()),
        consent: Consent::Required,
    };
    let nonce = chain.transaction().nonce;
    let transaction = Transaction { gas_limit: 100_000, ..chain.transaction() };
    let executed = chain.execute(&transaction, &fee);
    assert_eq!(executed.outcome, Outcome::Halt(Halt::ConsentMissing));
    assert_eq!(chain.transaction().nonce, nonce + 1);
    assert_eq!(chain.balance(sponsor), COIN.into());
}

#[test]
fn validators_native_functions_and_random_values_are_reached() {
    let (mut chain, sponsor, other) = sponsors();
    chain.host.validators.push(other);
    chain.host.seed = H256::repeat_byte(7);
    for (account, expected) in [(other, 1), (sponsor, 0)] {
        let output =
            chain.call(sponsor, Abi::call("isValidator(address)").address(account).finish());
        assert_eq!(U256::from_big_endian(&output), expected.into());
    }
    let output = chain.call(sponsor, Abi::call("reverse(string)").string(b"hello").finish());
    assert_eq!(Abi::read_string(&output), b"olleh");
    let element =
        Abi::call("elementOf(string,uint256)").string(br#"["hello", "world"]"#).word(1.into());
    assert_eq!(Abi::read_string(&chain.call(sponsor, element.finish())), b"0000000a00000011");
    let output = chain.call(sponsor, Abi::call("unknownFunction()").finish());
    assert_eq!(U256::from_big_endian(&output), U256::zero());
    let output = chain.call(sponsor, Abi::call("twoRandomValues()").finish());
    let (first, second) = output.split_at(32);
    assert_ne!(first, second);
    let last = chain.state.accounts()[&sponsor].storage[&U256::one()];
    assert_eq!(last, U256::from_big_endian(second));
}

#[test]
fn malformed_calls_are_reverted_with_a_reason() {
    let mut chain = Chain::new(Rules::miles());
    let at = |number: u64| Address::from_low_u64_be(0xcc00 + number);
    let run = |arguments: Vec<u8>| [&keccak256(b"run(string,bytes)").0[..4], &arguments].concat();
    let word = |value: U256| value.to_big_endian().to_vec();
    let rows = [
        (1, vec![], "no such function"),
        (1, Abi::call("refuse()").finish(), "no such function"),
        (2, Abi::call("isValidator(address)").finish(), "malformed arguments"),
        (2, Abi::call("isValidator(address)").word(U256::MAX).finish(), "malformed arguments"),
        (3, run(vec![]), "malformed arguments"),
        (3, run([word(U256::MAX), word(U256::MAX)].concat()), "malformed arguments"),
        (
            3,
            run([word(64.into()), word(64.into()), word(U256::MAX)].concat()),
            "malformed arguments",
        ),
        (
            3,
            Abi::call("run(string,bytes)").string(b"nothing").string(b"").finish(),
            "no such native function",
        ),
        (
            3,
            Abi::call("run(string,bytes)").string(b"reverse").string(b"").finish(),
            "malformed arguments",
        ),
    ];
    for (number, input, reason) in rows {
        match chain.outcome(at(number), input) {
            Outcome::Revert { output } => {
                assert_eq!(revert_reason(&output).as_deref(), Some(reason));
            }
            other => panic!("{number}: {other:?}"),
        }
    }
    let transaction = Transaction {
        target: Target::Call(at(1)),
        value: U256::one(),
        input: Abi::call("consent()").finish().into(),
        ..chain.transaction()
    };
    let executed = chain.execute(&transaction, &FeeTerms::default());
    assert!(matches!(executed.outcome, Outcome::Revert { .. }), "coins are refused");
    assert_eq!(chain.balance(at(1)), U256::zero());
}
