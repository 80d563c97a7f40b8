//! Every limit: at it, one beyond it, and where amounts end.

use cybermiles_gas_policy::{
    Access, Calldata, Callee, Code, Decision, Offer, Payer, PriceClass, Refusal, Rejection,
    RejectionCode, Remedy, Request, Residue, Rule, Rules, SenderNonce, Slot, SlotTarget,
    Sponsorship, Stage, StrictParams, StrictRules, Target, TravisRules, Unconsented, Usage,
    UsageDelta, decide, explain,
};
use primitive_types::{H160, U256};

const SENDER: H160 = H160([1; 20]);
const CONTRACT: H160 = H160([2; 20]);
const NORMAL_PRICE: u64 = 2_000_000_000;

fn strict() -> Rules {
    Rules::Strict(StrictRules::default())
}

fn hotfix() -> Rules {
    Rules::TravisHotfix(TravisRules::default())
}

fn callee() -> Callee {
    let deposit = U256::from(u128::MAX);
    let sponsorship = Some(Sponsorship { deposit, gas_max: u64::MAX, access: Access::Everyone });
    Callee { address: CONTRACT, balance: deposit, code: Code::Present, sponsorship }
}

fn request(price: u64, gas_limit: u64) -> Request {
    Request {
        stage: Stage::Delivery,
        sender: SENDER,
        sender_balance: U256::from(u128::MAX),
        target: Target::Call(callee()),
        offer: Offer::legacy(U256::from(price)),
        base_fee: U256::zero(),
        gas_limit,
        intrinsic_gas: 21_000,
        value: U256::zero(),
        calldata: Calldata::Present,
    }
}

fn rule(rules: &Rules, usage: &Usage, request: &Request) -> Rule {
    decide(rules, usage, request).rule()
}

fn refusal(rules: &Rules, request: &Request) -> Refusal {
    let refusal = match decide(rules, &Usage::new(1), request) {
        Decision::Refused(refusal) => Ok(refusal),
        Decision::Accepted(grant) => Err(grant),
    };
    refusal.expect("only refused requests are asked for")
}

fn used(change: impl Fn(&mut UsageDelta)) -> Usage {
    let mut delta = UsageDelta::default();
    change(&mut delta);
    let mut usage = Usage::new(1);
    usage.apply(&delta);
    usage
}

#[test]
fn price_is_compared_at_full_width() {
    let price = |request: &Request| explain(&strict(), &Usage::new(1), request).class;
    for (offer, class) in [
        (U256::zero(), PriceClass::Zero),
        (U256::one(), PriceClass::Low),
        (U256::from(NORMAL_PRICE - 1), PriceClass::Low),
        (U256::from(NORMAL_PRICE), PriceClass::Normal),
        (U256::one() << 64, PriceClass::Normal),
        (U256::one() << 128, PriceClass::Normal),
        (U256::MAX, PriceClass::Normal),
    ] {
        assert_eq!(
            price(&Request { offer: Offer::legacy(offer), ..request(0, 21_000) }),
            class,
            "{offer}"
        );
    }
}

#[test]
fn fee_market_offers_come_to_one_price() {
    let usage = Usage::new(1);
    let ask = |max_fee: u64, max_tip: u64, base_fee: u64| {
        let offer = Offer { max_fee: U256::from(max_fee), max_tip: U256::from(max_tip) };
        Request { offer, base_fee: U256::from(base_fee), ..request(0, 100_000) }
    };
    let price = |request: &Request| explain(&strict(), &usage, request).price;
    let (low, high) = (NORMAL_PRICE, 3 * NORMAL_PRICE);
    for (request, expected, fired) in [
        (ask(high, 1, low), low + 1, Rule::NormalPrice),
        (ask(high, high, low), high, Rule::NormalPrice),
        (ask(low, 0, low), low, Rule::NormalPrice),
        (ask(low - 1, 0, low), low - 1, Rule::FeeBelowBase),
        (ask(0, 0, low), 0, Rule::Free),
        (ask(low, 1, 0), 1, Rule::LowPrice),
        (ask(low, low + 1, 0), low, Rule::TipAboveFee),
    ] {
        assert_eq!(rule(&strict(), &usage, &request), fired);
        assert_eq!(price(&request), U256::from(expected));
    }
    // The sender owns the highest price it may come to, and pays the one it comes to.
    let dear = Request { sender_balance: U256::from(high) * 100_000, ..ask(high, 1, low) };
    let Decision::Accepted(grant) = decide(&strict(), &usage, &dear) else { panic!("{dear:?}") };
    assert_eq!((grant.price, grant.payer), (U256::from(low + 1), Payer::Sender));
    let poor = Request { sender_balance: dear.sender_balance - 1, ..dear };
    assert_eq!(rule(&strict(), &usage, &poor), Rule::SenderBalance);
    // A deposit pays the base fee where that is above the normal price.
    let sponsored = Request { gas_limit: 600_000, ..ask(0, 0, high) };
    let Decision::Accepted(grant) = decide(&strict(), &usage, &sponsored) else {
        panic!("{sponsored:?}")
    };
    assert_eq!((grant.price, grant.payer), (U256::from(high), Payer::Deposit(CONTRACT)));
}

#[test]
fn intrinsic_gas_is_covered() {
    let usage = Usage::new(1);
    for rules in [strict(), hotfix()] {
        for stage in [Stage::Admission, Stage::Delivery] {
            let enough = Request { stage, ..request(NORMAL_PRICE, 21_000) };
            assert_eq!(rule(&rules, &usage, &enough), Rule::NormalPrice);
            let short = Request { gas_limit: 20_999, ..enough };
            assert_eq!(rule(&rules, &usage, &short), Rule::IntrinsicGas);
            let remedy = explain(&rules, &usage, &short).remedy;
            assert_eq!(remedy, Some(Remedy::RaiseGasLimit { gas_limit: 21_000 }));
        }
    }
}

#[test]
fn block_gas_is_not_exceeded() {
    for (rules, limit) in [(strict(), 100_000_000), (hotfix(), 8_192_000_000)] {
        for stage in [Stage::Admission, Stage::Delivery] {
            let request = Request { stage, ..request(NORMAL_PRICE, 50_000) };
            let usage = used(|delta| delta.gas = limit - 50_000);
            assert_eq!(rule(&rules, &usage, &request), Rule::NormalPrice);
            let usage = used(|delta| delta.gas = limit - 49_999);
            assert_eq!(rule(&rules, &usage, &request), Rule::BlockGas);
            assert_eq!(explain(&rules, &usage, &request).remedy, Some(Remedy::NextBlock));
            let whole = Request { gas_limit: limit, ..request };
            assert_eq!(explain(&rules, &usage, &whole).remedy, Some(Remedy::NextBlock));
            let request = Request { gas_limit: limit + 1, ..request };
            let remedy = explain(&rules, &usage, &request).remedy;
            assert_eq!(remedy, Some(Remedy::LowerGasLimit { gas_limit: limit }));
        }
    }
}

#[test]
fn underpaid_gas_leaves_the_reserve_to_paying_transactions() {
    let at = |gas| used(|delta| (delta.gas, delta.underpaid_gas) = (gas, gas));
    let free = request(0, 500_000);
    assert_eq!(rule(&strict(), &at(49_500_000), &free), Rule::Free);
    assert_eq!(rule(&strict(), &at(49_500_001), &free), Rule::UnderpaidGas);
    assert_eq!(
        rule(&strict(), &at(49_500_001), &request(NORMAL_PRICE, 500_000)),
        Rule::NormalPrice
    );
    let sponsored = request(0, 10_000_000);
    assert_eq!(rule(&strict(), &at(40_000_000), &sponsored), Rule::DepositPays);
    assert_eq!(rule(&strict(), &at(40_000_001), &sponsored), Rule::UnderpaidGas);
}

#[test]
fn slots_are_counted_per_pair_per_sender_and_per_block() {
    let params = StrictParams {
        pair_slots_max: 2,
        sender_slots_max: 3,
        block_slots_max: 5,
        ..StrictParams::default()
    };
    let rules = Rules::Strict(StrictRules::new(params).unwrap());
    let mut usage = Usage::new(1);
    let mut send = |from: u8, to: u8| {
        let callee = Callee { address: H160::repeat_byte(to), ..callee() };
        let request = Request {
            sender: H160::repeat_byte(from),
            target: Target::Call(callee),
            ..request(0, 21_000)
        };
        let explanation = explain(&rules, &usage, &request);
        let left = explanation.slots_left;
        usage.apply(&explanation.decision.booking());
        (explanation.rule, left.pair, left.sender, left.block)
    };
    assert_eq!(send(1, 1), (Rule::Free, 2, 3, 5));
    assert_eq!(send(1, 1), (Rule::Free, 1, 2, 4));
    assert_eq!(send(1, 1), (Rule::PairSlots, 0, 1, 3));
    assert_eq!(send(1, 2), (Rule::Free, 2, 1, 3));
    assert_eq!(send(1, 2), (Rule::SenderSlots, 1, 0, 2));
    assert_eq!(send(2, 1), (Rule::Free, 2, 3, 2));
    assert_eq!(send(0, 1), (Rule::Free, 2, 3, 1));
    assert_eq!(send(3, 1), (Rule::BlockSlots, 2, 3, 0));
}

#[test]
fn slots_turned_off_are_cured_by_paying() {
    let params = StrictParams {
        pair_slots_max: 0,
        sender_slots_max: 0,
        block_slots_max: 0,
        ..StrictParams::default()
    };
    let rules = Rules::Strict(StrictRules::new(params).unwrap());
    let explanation = explain(&rules, &Usage::new(1), &request(0, 21_000));
    assert_eq!(explanation.rule, Rule::BlockSlots);
    assert_eq!(explanation.remedy, Some(Remedy::OfferPrice { price: U256::from(NORMAL_PRICE) }));
}

#[test]
fn sponsor_sets_ceiling_list_and_deposit() {
    let usage = Usage::new(1);
    let ask = |gas_limit, deposit: u64, gas_max, access| {
        let sponsorship = Some(Sponsorship { deposit: U256::from(deposit), gas_max, access });
        Request {
            target: Target::Call(Callee { sponsorship, ..callee() }),
            ..request(0, gas_limit)
        }
    };
    let cost = 600_000 * NORMAL_PRICE;
    for (request, fired) in [
        (ask(600_000, cost, 600_000, Access::Everyone), Rule::DepositPays),
        (ask(600_000, cost, 600_000, Access::Listed), Rule::DepositPays),
        (ask(600_000, cost, 600_000, Access::Unlisted), Rule::Unlisted),
        (ask(600_001, u64::MAX, 600_000, Access::Everyone), Rule::SponsoredGas),
        (ask(600_000, cost - 1, 600_000, Access::Everyone), Rule::DepositBalance),
        (ask(10_000_000, u64::MAX, u64::MAX, Access::Everyone), Rule::DepositPays),
        (ask(10_000_001, u64::MAX, u64::MAX, Access::Everyone), Rule::SponsoredGas),
    ] {
        assert_eq!(rule(&strict(), &usage, &request), fired, "{request:?}");
    }
    let unlisted = ask(600_000, cost, 600_000, Access::Unlisted);
    let remedy = explain(&strict(), &usage, &unlisted).remedy;
    assert_eq!(remedy, Some(Remedy::BeListed { contract: CONTRACT }));
}

#[test]
fn contract_balance_is_never_touched_by_strict_rules() {
    let plain = Callee { sponsorship: None, balance: U256::MAX, ..callee() };
    let request = Request { target: Target::Call(plain), ..request(0, 600_000) };
    assert_eq!(rule(&strict(), &Usage::new(1), &request), Rule::NoDeposit);
}

#[test]
fn value_comes_from_the_sender_whoever_pays() {
    let usage = Usage::new(1);
    for gas_limit in [21_000, 600_000] {
        let owns = |balance: u64| Request {
            sender_balance: U256::from(balance),
            value: U256::from(5),
            ..request(0, gas_limit)
        };
        assert_ne!(rule(&strict(), &usage, &owns(5)), Rule::SenderBalance);
        assert_eq!(rule(&strict(), &usage, &owns(4)), Rule::SenderBalance);
    }
}

#[test]
fn wasted_gas_is_limited_per_window() {
    let rules = strict();
    let waste = |gas| used(|delta| delta.unconsented = Some(Unconsented { sender: SENDER, gas }));
    let request = request(0, 1_000_000);
    assert_eq!(rule(&rules, &waste(9_000_000), &request), Rule::DepositPays);
    let mut usage = waste(9_000_001);
    assert_eq!(usage.wasted_gas(SENDER), 9_000_001);
    assert_eq!(rule(&rules, &usage, &request), Rule::WastedGas);
    assert_eq!(explain(&rules, &usage, &request).remedy, Some(Remedy::Wait { until_height: 361 }));
    let other = Request { sender: CONTRACT, ..request };
    assert_eq!(rule(&rules, &usage, &other), Rule::DepositPays);
    usage.begin_block(&rules, 360);
    assert_eq!((usage.height(), usage.window_start()), (360, 1));
    assert_eq!(rule(&rules, &usage, &request), Rule::WastedGas);
    usage.begin_block(&rules, 361);
    assert_eq!((usage.height(), usage.window_start()), (361, 361));
    assert_eq!(rule(&rules, &usage, &request), Rule::DepositPays);
}

#[test]
fn calls_without_consent_are_limited_per_block() {
    let rules = strict();
    let mut usage = Usage::new(1);
    let request = request(0, 1_000_000);
    for id in 0..32 {
        assert_eq!(rule(&rules, &usage, &request), Rule::DepositPays);
        let sender = H160::from_low_u64_be(id);
        usage.apply(&UsageDelta {
            unconsented: Some(Unconsented { sender, gas: 1 }),
            ..UsageDelta::default()
        });
    }
    assert_eq!(usage.unconsented_count(), 32);
    assert_eq!(rule(&rules, &usage, &request), Rule::UnconsentedCalls);
    assert_eq!(explain(&rules, &usage, &request).remedy, Some(Remedy::NextBlock));
}

#[test]
fn new_block_empties_its_counters_and_an_older_height_starts_a_window() {
    for rules in [strict(), hotfix()] {
        let slot = Slot { sender: SENDER, target: SlotTarget::Create };
        let unconsented = Some(Unconsented { sender: SENDER, gas: 7 });
        let mut usage = Usage::new(10);
        usage.apply(&UsageDelta { slot: Some(slot), gas: 5, underpaid_gas: 3, unconsented });
        assert_eq!((usage.slot_count(), usage.gas(), usage.underpaid_gas()), (1, 5, 3));
        assert_eq!((usage.pair_slot_count(&slot), usage.sender_slot_count(SENDER)), (1, 1));
        usage.begin_block(&rules, 10);
        assert_eq!((usage.slot_count(), usage.gas(), usage.underpaid_gas()), (0, 0, 0));
        assert_eq!((usage.unconsented_count(), usage.wasted_gas(SENDER)), (0, 7));
        usage.begin_block(&rules, 9);
        assert_eq!(usage, Usage::new(9));
    }
}

#[test]
fn amounts_above_256_bits_are_refused_as_unaffordable() {
    let (rules, usage) = (strict(), Usage::new(1));
    let rich = Request { sender_balance: U256::MAX, ..request(NORMAL_PRICE, 100_000) };
    let dear = Request { offer: Offer::legacy(U256::MAX), ..rich };
    let large = Request { value: U256::MAX, ..rich };
    for stage in [Stage::Admission, Stage::Delivery] {
        for (rules, request) in [(rules, dear), (rules, large), (hotfix(), dear)] {
            let explanation = explain(&rules, &usage, &Request { stage, ..request });
            assert_eq!(
                (explanation.rule, explanation.remedy),
                (Rule::SenderBalance, Some(Remedy::LowerAmounts))
            );
        }
    }
    let explanation = explain(&hotfix(), &usage, &large);
    assert_eq!(
        (explanation.rule, explanation.remedy),
        (Rule::TransferBalance, Some(Remedy::LowerAmounts))
    );

    let mut rich_sponsor = callee();
    rich_sponsor.sponsorship =
        Some(Sponsorship { deposit: U256::MAX, gas_max: u64::MAX, access: Access::Listed });
    for (callee, fired) in [
        (rich_sponsor, Rule::DepositBalance),
        (Callee { sponsorship: None, ..rich_sponsor }, Rule::NoDeposit),
    ] {
        let target = Target::Call(callee);
        let request = Request { target, base_fee: U256::MAX, ..request(0, 600_000) };
        let explanation = explain(&rules, &usage, &request);
        assert_eq!((explanation.rule, explanation.remedy), (fired, Some(Remedy::LowerAmounts)));
    }
}

#[test]
fn travis_delivery_burns_what_was_bought_before_it_refused() {
    let poor =
        Request { sender_balance: U256::zero(), value: U256::one(), ..request(0, 1_000_000) };
    let slot = Some(Slot { sender: SENDER, target: SlotTarget::Call(CONTRACT) });
    let burned = U256::from(1_000_000) * U256::from(NORMAL_PRICE);
    let residue =
        |nonce| Residue { payer: Payer::Contract(CONTRACT), burned, nonce, slot, gas: 1_000_000 };
    let found = refusal(&hotfix(), &poor);
    assert_eq!(
        found.rejection,
        Rejection::TransferBalance { needed: U256::one(), available: U256::zero() }
    );
    assert_eq!(
        (found.code, found.residue),
        (RejectionCode::Internal, Some(residue(SenderNonce::Raised)))
    );
    assert_eq!(
        Decision::Refused(found).booking(),
        UsageDelta { slot, gas: 1_000_000, underpaid_gas: 1_000_000, unconsented: None }
    );
    // A contract function with too little gas for its own data burns as well, and leaves the nonce alone.
    let narrow = Request { intrinsic_gas: 1_000_001, ..poor };
    assert_eq!(refusal(&hotfix(), &narrow).residue, Some(residue(SenderNonce::Kept)));
    // A creation that cannot pay its endowment loses its gas and keeps its nonce.
    let creation = Request {
        target: Target::Create,
        sender_balance: U256::from(1_000_000) * U256::from(NORMAL_PRICE),
        ..Request { value: U256::one(), ..request(NORMAL_PRICE, 1_000_000) }
    };
    let found = refusal(&hotfix(), &creation);
    assert_eq!(found.rejection.rule(), Rule::TransferBalance);
    let residue = Residue {
        payer: Payer::Sender,
        burned,
        nonce: SenderNonce::Kept,
        slot: None,
        gas: 1_000_000,
    };
    assert_eq!(found.residue, Some(residue));
    // Whoever owns too little for the gas has bought nothing; only the slot is gone.
    let low = Request { sender_balance: U256::zero(), ..request(1, 100_000) };
    let found = refusal(&hotfix(), &low);
    assert_eq!(
        found.residue.map(|residue| (residue.burned, residue.slot, residue.gas)),
        Some((U256::zero(), slot, 0))
    );
    let normal = Request { sender_balance: U256::zero(), ..request(NORMAL_PRICE, 100_000) };
    assert_eq!(refusal(&hotfix(), &normal).residue, None);
}

#[test]
fn travis_account_that_calls_itself_buys_its_own_gas() {
    let cost = U256::from(1_000_000) * U256::from(NORMAL_PRICE);
    let own = |balance: U256| {
        let target = Target::Call(Callee {
            address: SENDER,
            balance,
            code: Code::Absent,
            sponsorship: None,
        });
        Request { target, sender_balance: balance, value: U256::one(), ..request(0, 1_000_000) }
    };
    assert_eq!(rule(&hotfix(), &Usage::new(1), &own(cost + 1)), Rule::ContractPays);
    assert_eq!(rule(&hotfix(), &Usage::new(1), &own(cost)), Rule::TransferBalance);
    assert_eq!(rule(&hotfix(), &Usage::new(1), &own(cost - 1)), Rule::ContractBalance);
}

#[test]
fn travis_admission_looks_at_calldata_before_it_asks_the_contract() {
    let poor = Callee { balance: U256::zero(), ..callee() };
    let ask = |calldata| Request {
        stage: Stage::Admission,
        target: Target::Call(poor),
        calldata,
        ..request(0, 1_000_000)
    };
    assert_eq!(rule(&hotfix(), &Usage::new(1), &ask(Calldata::Present)), Rule::ContractBalance);
    assert_eq!(refusal(&hotfix(), &ask(Calldata::Present)).code.number(), Some(102));
    assert_eq!(rule(&hotfix(), &Usage::new(1), &ask(Calldata::Empty)), Rule::ContractPays);
}

#[test]
fn travis_operation_without_gas_is_free() {
    let request =
        Request { sender_balance: U256::zero(), target: Target::System(CONTRACT), ..request(0, 0) };
    let Decision::Accepted(grant) = decide(&hotfix(), &Usage::new(1), &request) else {
        panic!("{request:?}")
    };
    assert_eq!(
        (grant.rule, grant.payer, grant.price),
        (Rule::TravisOperation, Payer::Nobody, U256::zero())
    );
    let priced = Request { gas_limit: 1, ..request };
    assert_eq!(refusal(&hotfix(), &priced).code, RejectionCode::InvalidInput);
}

#[test]
fn travis_block_takes_one_slot_more_than_its_cap() {
    let mut usage = Usage::new(1);
    for sender in 0..101 {
        let request = Request { sender: H160::from_low_u64_be(sender), ..request(0, 21_000) };
        let decision = decide(&hotfix(), &usage, &request);
        assert_eq!(decision.rule(), Rule::Free);
        usage.apply(&decision.booking());
    }
    let refusal = decide(&hotfix(), &usage, &request(0, 21_000));
    assert_eq!(refusal.rule(), Rule::BlockSlots);
    assert_eq!(explain(&hotfix(), &usage, &request(0, 21_000)).slots_left.block, 0);
}

#[test]
fn travis_creation_and_call_to_the_zero_address_share_a_slot() {
    let zero = Request {
        target: Target::Call(Callee { address: H160::zero(), ..callee() }),
        ..request(0, 21_000)
    };
    let creation = Request { target: Target::Create, ..zero };
    for (rules, second) in [(hotfix(), Rule::PairSlots), (strict(), Rule::Free)] {
        let mut usage = Usage::new(1);
        usage.apply(&decide(&rules, &usage, &zero).booking());
        assert_eq!(rule(&rules, &usage, &creation), second);
    }
}

#[test]
fn refusals_say_what_was_found_and_what_was_needed() {
    let message = |rules, request: &Request| refusal(&rules, request).rejection.to_string();
    let creation = Request { target: Target::Create, ..request(0, 500_001) };
    let halted = "the original chain halted on this creation with gas limit 500001";
    assert_eq!(message(Rules::Travis017(TravisRules::default()), &creation), halted);
    let nobody = "creation with gas limit 500001 above the free 500000 has nobody to pay for it";
    assert_eq!(message(hotfix(), &creation), nobody);
    assert_eq!(message(strict(), &creation), nobody);
    let poor =
        Request { sender_balance: U256::from(7), value: U256::from(8), ..request(0, 21_000) };
    assert_eq!(message(strict(), &poor), "sender needs 8 and owns 7");
    let plain = Request {
        target: Target::Call(Callee { code: Code::Absent, ..callee() }),
        ..request(0, 600_000)
    };
    let account =
        "0x0202020202020202020202020202020202020202 has no code and can not consent to pay";
    assert_eq!(message(strict(), &plain), account);
}
