//! Every point of the truth table against the rules as the specification words them.

mod dimensions;

use cybermiles_gas_policy::{
    Access, Decision, Offer, Remedy, Request, Rule, Rules, Sponsorship, Stage, Target, Usage,
    decide, explain,
};
use dimensions::{Balance, Case, Gas, Price, Slots, TargetKind, cases, columns};
use primitive_types::U256;

/// The first row whose condition holds is the rule that must fire.
fn first(rows: &[(bool, Rule)]) -> Rule {
    rows.iter().find(|(holds, _)| *holds).expect("the last row always holds").1
}

fn strict(case: &Case) -> Rule {
    let Case { price, target, gas, balance, slots } = *case;
    let little = gas == Gas::UpToFree;
    let pays = price == Price::Normal || price == Price::Truncated;
    let short = balance == Balance::SenderShort;
    first(&[
        (price == Price::Low && !little, Rule::LowPriceGas),
        (short, Rule::SenderBalance),
        (pays, Rule::NormalPrice),
        (little && slots == Slots::BlockFull, Rule::BlockSlots),
        (little && slots == Slots::PairTaken, Rule::PairSlots),
        (little && slots == Slots::SenderFull, Rule::SenderSlots),
        (price == Price::Low, Rule::LowPrice),
        (little, Rule::Free),
        (target == TargetKind::Create, Rule::CreationGas),
        (target == TargetKind::System, Rule::SystemGas),
        (target == TargetKind::Account, Rule::NoCode),
        (target == TargetKind::Contract, Rule::NoDeposit),
        (gas == Gas::AboveSponsored, Rule::SponsoredGas),
        (balance == Balance::ContractShort, Rule::DepositBalance),
        (slots == Slots::QuotaSpent, Rule::WastedGas),
        (true, Rule::DepositPays),
    ])
}

fn travis_admission(case: &Case, hotfix: bool) -> Rule {
    let Case { price, target, gas, balance, slots } = *case;
    let much = gas != Gas::UpToFree;
    let short = balance == Balance::SenderShort;
    let looks_zero = price == Price::Zero || price == Price::Truncated;
    let creates = target == TargetKind::Create;
    let operation = target == TargetKind::System;
    let asks_contract = looks_zero && much && !creates;
    first(&[
        (operation && short, Rule::OperationFee),
        (operation, Rule::TravisOperation),
        (asks_contract && balance == Balance::ContractShort, Rule::ContractBalance),
        (asks_contract && price == Price::Truncated, Rule::TruncatedPrice),
        (asks_contract, Rule::ContractPays),
        (short, Rule::SenderBalance),
        (price == Price::Normal || price == Price::Truncated, Rule::NormalPrice),
        (slots == Slots::PairTaken, Rule::PairSlots),
        (price == Price::Low && much, Rule::LowPriceGas),
        (much && hotfix, Rule::CreationGas),
        (slots == Slots::BlockFull, Rule::BlockSlots),
        (price == Price::Low, Rule::LowPrice),
        (much, Rule::UncheckedCreation),
        (true, Rule::Free),
    ])
}

fn travis_delivery(case: &Case, hotfix: bool) -> Rule {
    let Case { price, target, gas, balance, slots } = *case;
    let much = gas != Gas::UpToFree;
    let short = balance == Balance::SenderShort;
    let creates = target == TargetKind::Create;
    let operation = target == TargetKind::System;
    let pays = price == Price::Normal || price == Price::Truncated;
    let free_with_much = price == Price::Zero && much;
    first(&[
        (operation && short, Rule::OperationFee),
        (operation, Rule::TravisOperation),
        (pays && short, Rule::SenderBalance),
        (pays, Rule::NormalPrice),
        (slots == Slots::PairTaken, Rule::PairSlots),
        (price == Price::Low && much, Rule::LowPriceGas),
        (free_with_much && creates && hotfix, Rule::CreationGas),
        (slots == Slots::BlockFull, Rule::BlockSlots),
        (free_with_much && creates, Rule::HistoricalCrash),
        (price == Price::Low && short, Rule::SenderBalance),
        (price == Price::Low, Rule::LowPrice),
        (free_with_much && balance == Balance::ContractShort, Rule::ContractBalance),
        (short, Rule::TransferBalance),
        (free_with_much, Rule::ContractPays),
        (true, Rule::Free),
    ])
}

fn expected(rules: &Rules, stage: Stage, case: &Case) -> Rule {
    match (rules, stage) {
        (Rules::Strict(_), _) => strict(case),
        (Rules::Travis017(_), Stage::Admission) => travis_admission(case, false),
        (Rules::Travis017(_), Stage::Delivery) => travis_delivery(case, false),
        (Rules::TravisHotfix(_), Stage::Admission) => travis_admission(case, true),
        (Rules::TravisHotfix(_), Stage::Delivery) => travis_delivery(case, true),
    }
}

#[test]
fn every_case_fires_the_rule_of_the_specification() {
    let mut count = 0;
    for case in cases() {
        for (rules, stage) in columns() {
            let decision = decide(&rules, &case.usage(), &case.request(stage));
            assert_eq!(
                decision.rule(),
                expected(&rules, stage, &case),
                "{} {stage:?} {case:?}",
                rules.name()
            );
            count += 1;
        }
    }
    assert_eq!(count, 4 * 5 * 3 * 3 * 5 * 5);
}

#[test]
fn strict_rules_are_the_same_at_admission_and_delivery() {
    for case in cases() {
        let rules = Rules::default();
        let rule = |stage| decide(&rules, &case.usage(), &case.request(stage)).rule();
        assert_eq!(rule(Stage::Admission), rule(Stage::Delivery), "{case:?}");
    }
}

#[test]
fn only_the_rules_before_the_hotfix_crash_and_only_on_creations() {
    for case in cases() {
        for (rules, stage) in columns() {
            let request = case.request(stage);
            if decide(&rules, &case.usage(), &request).rule() == Rule::HistoricalCrash {
                assert!(matches!(rules, Rules::Travis017(_)));
                assert_eq!((request.target, request.offer.max_fee), (Target::Create, U256::zero()));
            }
        }
    }
}

#[test]
fn following_remedies_leads_to_acceptance() {
    for case in cases() {
        for (rules, stage) in columns() {
            let (mut request, mut usage) = (case.request(stage), case.usage());
            let mut steps = 0;
            loop {
                let explanation = explain(&rules, &usage, &request);
                assert_eq!(explanation.decision, decide(&rules, &usage, &request));
                assert_eq!(explanation.rule, explanation.decision.rule());
                let Some(remedy) = explanation.remedy else { break };
                assert!(matches!(explanation.decision, Decision::Refused(_)));
                steps += 1;
                assert!(steps <= 6, "{} {case:?}: still {:?}", rules.name(), explanation.decision);
                follow(remedy, &rules, &mut request, &mut usage);
                let next = explain(&rules, &usage, &request);
                assert_ne!(next.rule, explanation.rule, "{remedy:?} does not cure {case:?}");
            }
        }
    }
}

fn follow(remedy: Remedy, rules: &Rules, request: &mut Request, usage: &mut Usage) {
    match remedy {
        Remedy::OfferPrice { price } => request.offer = Offer::legacy(price),
        Remedy::LowerTip { max_tip } => request.offer.max_tip = max_tip,
        Remedy::RaiseGasLimit { gas_limit } | Remedy::LowerGasLimit { gas_limit } => {
            request.gas_limit = gas_limit;
        }
        Remedy::FundSender { balance } => request.sender_balance = balance,
        Remedy::FundContract { balance, .. } => {
            if let Target::Call(callee) = &mut request.target {
                callee.balance = balance;
            }
        }
        Remedy::FundDeposit { deposit, .. } => {
            if let Target::Call(callee) = &mut request.target {
                let gas_max =
                    callee.sponsorship.map_or(u64::MAX, |sponsorship| sponsorship.gas_max);
                callee.sponsorship =
                    Some(Sponsorship { deposit, gas_max, access: Access::Everyone });
            }
        }
        Remedy::BeListed { .. } => {
            if let Target::Call(callee) = &mut request.target
                && let Some(sponsorship) = &mut callee.sponsorship
            {
                sponsorship.access = Access::Listed;
            }
        }
        Remedy::NextBlock => usage.begin_block(rules, usage.height() + 1),
        Remedy::Wait { until_height } => usage.begin_block(rules, until_height),
        Remedy::LowerAmounts => {
            request.offer = Offer::legacy(U256::from(dimensions::NORMAL_PRICE));
            request.value = U256::zero();
        }
    }
}
