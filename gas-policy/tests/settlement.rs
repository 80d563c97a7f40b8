//! What a transaction costs in the end: one row per way it can end.

use cybermiles_gas_policy::{
    Access, Calldata, Callee, Code, ConsentSeen, Decision, Effects, Execution, Grant, Offer,
    Outcome, Payer, Request, Rule, Rules, Settlement, Sponsorship, Stage, Status, StrictRules,
    Target, TravisRules, Unconsented, Usage, decide, settle,
};
use primitive_types::{H160, U256};

const SENDER: H160 = H160([1; 20]);
const CONTRACT: H160 = H160([2; 20]);
const GWEI: u64 = 1_000_000_000;
const SEEN: [ConsentSeen; 3] =
    [ConsentSeen::Nowhere, ConsentSeen::Elsewhere, ConsentSeen::OwnFrame];
const OUTCOMES: [Outcome; 3] = [Outcome::Succeeded, Outcome::Reverted, Outcome::Halted];

fn travis() -> Rules {
    Rules::TravisHotfix(TravisRules::default())
}

fn strict() -> Rules {
    Rules::Strict(StrictRules::default())
}

fn request(price: u64, gas_limit: u64, target: Target) -> Request {
    Request {
        stage: Stage::Delivery,
        sender: SENDER,
        sender_balance: U256::exp10(20),
        target,
        offer: Offer::legacy(U256::from(price)),
        base_fee: U256::zero(),
        gas_limit,
        intrinsic_gas: 21_000,
        value: U256::zero(),
        calldata: Calldata::Present,
    }
}

fn call() -> Target {
    let deposit = U256::exp10(20);
    let sponsorship = Some(Sponsorship { deposit, gas_max: u64::MAX, access: Access::Everyone });
    Target::Call(Callee { address: CONTRACT, balance: deposit, code: Code::Present, sponsorship })
}

fn grant(rules: &Rules, request: &Request) -> Grant {
    let grant = match decide(rules, &Usage::new(1), request) {
        Decision::Accepted(grant) => Ok(grant),
        Decision::Refused(refusal) => Err(refusal),
    };
    grant.expect("the requests here are accepted")
}

fn run(rules: &Rules, request: &Request, outcome: Outcome, consent: ConsentSeen) -> Settlement {
    let execution = Execution { gas_used: 100_000, gas_refunded: 10_000, outcome, consent };
    settle(request, &grant(rules, request), &execution)
}

fn wei(gas: u64, price: u64) -> U256 {
    U256::from(gas) * U256::from(price)
}

#[test]
fn sender_pays_for_what_is_used_whatever_the_outcome() {
    for rules in [travis(), strict()] {
        for outcome in OUTCOMES {
            for consent in SEEN {
                let request = request(3 * GWEI, 1_000_000, call());
                let settlement = run(&rules, &request, outcome, consent);
                assert_eq!(settlement.payer, Payer::Sender);
                assert_eq!(settlement.gas_used, 90_000);
                assert_eq!(settlement.charged, wei(90_000, 3 * GWEI));
                assert_eq!(settlement.fee, settlement.charged);
                assert_eq!(settlement.returned, wei(910_000, 3 * GWEI));
                assert_eq!(settlement.effects, Effects::AsExecuted);
                assert_eq!(settlement.status == Status::Succeeded, outcome == Outcome::Succeeded);
                assert_eq!((settlement.usage.gas, settlement.usage.underpaid_gas), (90_000, 0));
                assert_eq!((settlement.usage.slot, settlement.usage.unconsented), (None, None));
            }
        }
    }
}

#[test]
fn free_transaction_costs_nothing_but_its_slot_even_if_it_fails() {
    for rules in [travis(), strict()] {
        for outcome in OUTCOMES {
            let request = request(0, 500_000, Target::Create);
            let settlement = run(&rules, &request, outcome, ConsentSeen::Nowhere);
            assert_eq!(settlement.payer, Payer::Nobody);
            assert_eq!((settlement.charged, settlement.returned), (U256::zero(), U256::zero()));
            assert_eq!((settlement.usage.gas, settlement.usage.underpaid_gas), (90_000, 90_000));
            let mut usage = Usage::new(1);
            usage.apply(&settlement.usage);
            assert_eq!(decide(&rules, &usage, &request).rule(), Rule::PairSlots);
        }
    }
}

#[test]
fn travis_burns_what_a_contract_pays_after_any_frame_consents() {
    for outcome in OUTCOMES {
        for consent in [ConsentSeen::Elsewhere, ConsentSeen::OwnFrame] {
            let request = request(0, 1_000_000, call());
            let settlement = run(&travis(), &request, outcome, consent);
            assert_eq!(settlement.payer, Payer::Contract(CONTRACT));
            assert_eq!(
                (settlement.charged, settlement.burned),
                (wei(90_000, 2 * GWEI), wei(90_000, 2 * GWEI))
            );
            assert_eq!(
                (settlement.fee, settlement.returned),
                (U256::zero(), wei(910_000, 2 * GWEI))
            );
            assert_eq!(settlement.effects, Effects::AsExecuted);
            assert_eq!(settlement.status == Status::Succeeded, outcome == Outcome::Succeeded);
        }
    }
}

#[test]
fn travis_keeps_the_effects_of_a_call_nobody_consented_to() {
    for outcome in OUTCOMES {
        let request = request(0, 1_000_000, call());
        let settlement = run(&travis(), &request, outcome, ConsentSeen::Nowhere);
        assert_eq!((settlement.payer, settlement.gas_used), (Payer::Nobody, 0));
        assert_eq!(
            (settlement.charged, settlement.returned),
            (U256::zero(), wei(1_000_000, 2 * GWEI))
        );
        assert_eq!((settlement.effects, settlement.status), (Effects::AsExecuted, Status::Failed));
        assert_eq!((settlement.usage.gas, settlement.usage.unconsented), (90_000, None));
    }
}

#[test]
fn strict_deposit_pays_the_fee_account_after_the_called_contract_consents() {
    let request = request(0, 1_000_000, call());
    let settlement = run(&strict(), &request, Outcome::Succeeded, ConsentSeen::OwnFrame);
    assert_eq!(settlement.payer, Payer::Deposit(CONTRACT));
    assert_eq!((settlement.fee, settlement.burned), (wei(90_000, 2 * GWEI), U256::zero()));
    assert_eq!((settlement.effects, settlement.status), (Effects::AsExecuted, Status::Succeeded));
    assert_eq!((settlement.usage.gas, settlement.usage.underpaid_gas), (90_000, 0));
}

#[test]
fn strict_undoes_a_call_without_consent_and_charges_the_quota_of_its_sender() {
    for outcome in OUTCOMES {
        for consent in SEEN {
            if (outcome, consent) == (Outcome::Succeeded, ConsentSeen::OwnFrame) {
                continue;
            }
            let request = request(0, 1_000_000, call());
            let settlement = run(&strict(), &request, outcome, consent);
            assert_eq!((settlement.payer, settlement.gas_used), (Payer::Nobody, 100_000));
            assert_eq!(
                (settlement.charged, settlement.returned),
                (U256::zero(), wei(1_000_000, 2 * GWEI))
            );
            assert_eq!((settlement.effects, settlement.status), (Effects::Undone, Status::Failed));
            assert_eq!((settlement.usage.gas, settlement.usage.underpaid_gas), (100_000, 100_000));
            assert_eq!(
                settlement.usage.unconsented,
                Some(Unconsented { sender: SENDER, gas: 100_000 })
            );
        }
    }
}

#[test]
fn operation_of_the_chain_pays_its_fixed_fee_and_takes_no_gas_of_the_block() {
    let request = request(0, 2_000_000, Target::System(H160::zero()));
    let execution = Execution {
        gas_used: 2_000_000,
        gas_refunded: 0,
        outcome: Outcome::Succeeded,
        consent: ConsentSeen::Nowhere,
    };
    let settlement = settle(&request, &grant(&travis(), &request), &execution);
    assert_eq!(settlement.fee, U256::from(4_000_000_000_000_000_u64));
    assert_eq!(settlement.usage.gas, 0);
}

#[test]
fn no_report_charges_more_than_was_reserved() {
    let request = request(3 * GWEI, 1_000_000, call());
    let grant = grant(&strict(), &request);
    for (gas_used, gas_refunded, charged_gas) in [
        (u64::MAX, 0, 1_000_000),
        (1_000_001, 0, 1_000_000),
        (50_000, u64::MAX, 0),
        (u64::MAX, u64::MAX, 0),
    ] {
        let execution = Execution {
            gas_used,
            gas_refunded,
            outcome: Outcome::Halted,
            consent: ConsentSeen::Nowhere,
        };
        let settlement = settle(&request, &grant, &execution);
        assert_eq!(settlement.charged, wei(charged_gas, 3 * GWEI));
        assert_eq!(settlement.charged + settlement.returned, grant.reserve());
    }
}
