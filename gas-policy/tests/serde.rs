//! Rules arrive as data and are checked on arrival; counters survive being stored.

use cybermiles_gas_policy::{
    Decision, Rule, Rules, Slot, SlotTarget, StrictParams, TravisParams, TravisRules, Unconsented,
    Usage, UsageDelta, decide, explain,
};
use primitive_types::H160;
use serde_json::{from_str, from_value, json, to_string, to_value};

mod dimensions;

const STRICT: &str = r#"{"strict":{"normal_price":"0x77359400","free_gas_limit":500000,"pair_slots_max":1,"sender_slots_max":4,"block_slots_max":100,"block_gas_limit":100000000,"paying_reserve_permille":500,"sponsored_gas_max":10000000,"wasted_gas_max":10000000,"window_blocks":360,"unconsented_calls_max":32}}"#;
const HOTFIX: &str = r#"{"travis-hotfix":{"normal_price":2000000000,"free_gas_limit":500000,"slots_cap":100,"block_gas_limit":8192000000}}"#;
const USAGE: &str = r#"{"height":7,"window_start":7,"slots":[[{"sender":"0x0101010101010101010101010101010101010101","target":"Create"},1],[{"sender":"0x0101010101010101010101010101010101010101","target":{"Call":"0x0202020202020202020202020202020202020202"}},1]],"slot_count":2,"gas":50,"underpaid_gas":30,"unconsented_count":1,"wasted_gas":[["0x0101010101010101010101010101010101010101",9]]}"#;

#[test]
fn rules_have_a_stable_form() {
    for (rules, text) in
        [(Rules::default(), STRICT), (Rules::TravisHotfix(TravisRules::default()), HOTFIX)]
    {
        assert_eq!(to_string(&rules).unwrap(), text);
        assert_eq!(from_str::<Rules>(text).unwrap(), rules);
    }
    for (rules, _) in dimensions::columns() {
        assert!(to_value(rules).unwrap().get(rules.name()).is_some());
    }
    assert_eq!(
        to_value(StrictParams::default()).unwrap(),
        to_value(Rules::default()).unwrap()["strict"]
    );
    assert_eq!(from_value::<TravisParams>(json!({
        "normal_price": 2_000_000_000_u64, "free_gas_limit": 500_000, "slots_cap": 100, "block_gas_limit": 8_192_000_000_u64
    })).unwrap(), TravisParams::default());
}

#[test]
fn nonsensical_rules_are_refused_with_a_reason() {
    for (from, to, reason) in [
        ("\"0x77359400\"", "\"0x0\"", "normal price is zero"),
        (
            "\"paying_reserve_permille\":500",
            "\"paying_reserve_permille\":1001",
            "reserve of 1001 thousandths is above 1000",
        ),
        (
            "\"window_blocks\":360",
            "\"window_blocks\":0",
            "window of wasted gas or number of calls without consent is zero",
        ),
    ] {
        let text = STRICT.replace(from, to);
        assert_ne!(text, STRICT);
        let error = from_str::<Rules>(&text).unwrap_err().to_string();
        assert!(error.starts_with(reason), "{error}");
    }
    let text = HOTFIX.replace("\"normal_price\":2000000000", "\"normal_price\":0");
    assert!(from_str::<Rules>(&text).unwrap_err().to_string().starts_with("normal price is zero"));
}

#[test]
fn usage_has_a_stable_form() {
    let sender = H160::repeat_byte(1);
    let mut usage = Usage::new(7);
    for target in [SlotTarget::Call(H160::repeat_byte(2)), SlotTarget::Create] {
        let slot = Some(Slot { sender, target });
        usage.apply(&UsageDelta { slot, gas: 25, underpaid_gas: 15, unconsented: None });
    }
    usage.apply(&UsageDelta {
        unconsented: Some(Unconsented { sender, gas: 9 }),
        ..UsageDelta::default()
    });
    assert_eq!(to_string(&usage).unwrap(), USAGE);
    assert_eq!(from_str::<Usage>(USAGE).unwrap(), usage);
    assert!(from_str::<Usage>("{}").is_err());
    assert!(from_str::<Usage>(&USAGE.replace("[[{", "[{")).is_err());
}

#[test]
fn answers_survive_and_name_their_rule() {
    for case in dimensions::cases() {
        for (rules, stage) in dimensions::columns() {
            let (usage, request) = (case.usage(), case.request(stage));
            let decision = decide(&rules, &usage, &request);
            let value = to_value(decision).unwrap();
            assert_eq!(from_value::<Decision>(value).unwrap(), decision);
            let value = to_value(explain(&rules, &usage, &request)).unwrap();
            assert_eq!(value["rule"], decision.rule().name());
            assert_eq!(from_value::<Rule>(value["rule"].clone()).unwrap(), decision.rule());
        }
    }
}
