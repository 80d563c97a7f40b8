//! The transactions of `vectors.json` and the expectations of the original project's own tests.

use std::{env, fs, path::PathBuf};

use cybermiles_gas_policy::{
    Calldata, Callee, Code, ConsentSeen, Decision, Execution, Offer, Outcome, Payer, Request, Rule,
    Rules, Stage, Status, StrictRules, Target, TravisRules, Usage, decide, settle,
};
use primitive_types::{H160, U256};
use serde_json::Value;

const HEIGHT: u64 = 1_724_748;

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn vectors() -> Option<Value> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let folder =
        env::var_os("CYBERMILES_FIXTURES").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let Ok(text) = fs::read_to_string(folder.join("data/vectors.json")) else {
        println!("skipped: no data/vectors.json in {}", folder.display());
        return None;
    };
    Some(serde_json::from_str(&text).expect("vectors are JSON"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("the field is text")
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.trim_start_matches("0x")).expect("the text is hexadecimal")
}

fn travis_017() -> Rules {
    Rules::Travis017(TravisRules::default())
}

fn hotfix() -> Rules {
    Rules::TravisHotfix(TravisRules::default())
}

fn strict() -> Rules {
    Rules::Strict(StrictRules::default())
}

/// The facts of a signed transaction of the nine-field form, from a sender who owns nothing.
fn request(sender: H160, raw: &[u8], stage: Stage) -> Request {
    let transaction = rlp::Rlp::new(raw);
    let number = |index: usize| -> U256 {
        U256::from_big_endian(transaction.at(index).expect("nine fields").data().expect("a number"))
    };
    let to = transaction.at(3).expect("nine fields").data().expect("an address or nothing");
    let data = transaction.at(5).expect("nine fields").data().expect("bytes");
    let (price, gas_limit, value) = (number(1), number(2), number(4));
    let is_operation = price.is_zero() && gas_limit.is_zero() && value.is_zero() && to.is_empty();
    Request {
        stage,
        sender,
        sender_balance: U256::zero(),
        target: match to {
            [] if is_operation => Target::System(H160::zero()),
            [] => Target::Create,
            address => Target::Call(Callee {
                address: H160::from_slice(address),
                balance: U256::zero(),
                code: Code::Absent,
                sponsorship: None,
            }),
        },
        offer: Offer::legacy(price),
        base_fee: U256::zero(),
        gas_limit: gas_limit.as_u64(),
        intrinsic_gas: if is_operation { 0 } else { 53_000 },
        value,
        calldata: if data.is_empty() { Calldata::Empty } else { Calldata::Present },
    }
}

fn code(decision: &Decision) -> Option<u32> {
    match decision {
        Decision::Accepted(_) => Some(0),
        Decision::Refused(refusal) => refusal.code.number(),
    }
}

#[test]
fn outage_transaction_is_refused_and_crashes_as_a_value_before_the_hotfix() {
    let Some(vectors) = vectors() else { return };
    let case = &vectors["constructed"][0];
    assert!(text(case, "case").starts_with("outage shape"), "{case}");
    let sender = H160::from_slice(&bytes(text(&vectors, "constructed_sender")));
    let ask = |rules: Rules, stage| {
        let request = request(sender, &bytes(text(case, "raw")), stage);
        assert_eq!((request.target, request.gas_limit), (Target::Create, 500_001));
        decide(&rules, &Usage::new(HEIGHT), &request)
    };
    for stage in [Stage::Admission, Stage::Delivery] {
        for rules in [hotfix(), strict()] {
            let decision = ask(rules, stage);
            assert_eq!((decision.rule(), code(&decision)), (Rule::CreationGas, Some(102)));
            let Decision::Refused(refusal) = decision else { panic!("{decision:?}") };
            assert_eq!(refusal.residue, None, "nonce, slots and coins are as before");
        }
    }
    assert_eq!(ask(travis_017(), Stage::Admission).rule(), Rule::UncheckedCreation);
    let crash = ask(travis_017(), Stage::Delivery);
    assert_eq!((crash.rule(), code(&crash)), (Rule::HistoricalCrash, None));
}

#[test]
fn creation_at_the_free_limit_is_accepted_free() {
    let Some(vectors) = vectors() else { return };
    let case = &vectors["constructed"][1];
    assert_eq!(text(case, "case"), "creation, price 0, gas 500000");
    let sender = H160::from_slice(&bytes(text(&vectors, "constructed_sender")));
    for stage in [Stage::Admission, Stage::Delivery] {
        for rules in [travis_017(), hotfix(), strict()] {
            let request = request(sender, &bytes(text(case, "raw")), stage);
            let Decision::Accepted(grant) = decide(&rules, &Usage::new(HEIGHT), &request) else {
                panic!("{} refuses {request:?}", rules.name())
            };
            assert_eq!(
                (grant.rule, grant.payer, grant.gas_max),
                (Rule::Free, Payer::Nobody, 500_000)
            );
        }
    }
}

#[test]
fn staking_transactions_are_operations_of_the_chain() {
    let Some(vectors) = vectors() else { return };
    let delegate = &vectors["mainnet_delegate_tx"];
    for field in ["gas_price", "gas", "value"] {
        assert_eq!(delegate[field].as_u64(), Some(0));
    }
    assert!(delegate["to"].is_null());
    let sender = H160::from_slice(&bytes(text(&vectors, "constructed_sender")));
    let case = &vectors["constructed"][2];
    for stage in [Stage::Admission, Stage::Delivery] {
        let request = request(sender, &bytes(text(case, "raw")), stage);
        assert_eq!(request.target, Target::System(H160::zero()));
        for rules in [travis_017(), hotfix()] {
            let decision = decide(&rules, &Usage::new(116_470), &request);
            assert_eq!((decision.rule(), code(&decision)), (Rule::TravisOperation, Some(0)));
            assert_eq!(decision.booking(), cybermiles_gas_policy::UsageDelta::default());
        }
    }
}

/// The acceptance test of the `FreeGas` contract: who pays for a call that is `freegas`, and for one that is not.
#[test]
fn free_gas_contract_behaves_as_in_the_tests_of_the_original() {
    let contract = H160::repeat_byte(0xc0);
    let one_coin = U256::exp10(18);
    let call = |price: u64, sender_balance: U256| Request {
        stage: Stage::Delivery,
        sender: H160::repeat_byte(0xa0),
        sender_balance,
        target: Target::Call(Callee {
            address: contract,
            balance: one_coin,
            code: Code::Present,
            sponsorship: None,
        }),
        offer: Offer::legacy(U256::from(price)),
        base_fee: U256::zero(),
        gas_limit: 1_000_000,
        intrinsic_gas: 21_512,
        value: U256::zero(),
        calldata: Calldata::Present,
    };
    let usage = Usage::new(HEIGHT);
    let low = call(1_000_000_000, one_coin);
    assert_eq!(decide(&hotfix(), &usage, &low).rule(), Rule::LowPriceGas);
    let normal = decide(&hotfix(), &usage, &call(2_000_000_000, one_coin));
    assert!(matches!(normal, Decision::Accepted(grant) if grant.payer == Payer::Sender));

    let free = call(0, U256::zero());
    let Decision::Accepted(grant) = decide(&hotfix(), &usage, &free) else { panic!("{free:?}") };
    assert_eq!(grant.payer, Payer::Contract(contract));
    let run = |consent| {
        let execution =
            Execution { gas_used: 44_444, gas_refunded: 0, outcome: Outcome::Succeeded, consent };
        settle(&free, &grant, &execution)
    };
    let consented = run(ConsentSeen::OwnFrame);
    assert_eq!(consented.status, Status::Succeeded);
    assert_eq!(consented.charged, U256::from(44_444) * U256::from(2_000_000_000_u64));
    let silent = run(ConsentSeen::Nowhere);
    assert_eq!((silent.status, silent.gas_used, silent.charged), (Status::Failed, 0, U256::zero()));
}
