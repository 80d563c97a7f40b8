use super::*;

fn check(change: impl Fn(&mut StrictParams), expected: Result<(), StrictRulesError>) {
    let mut params = StrictParams::default();
    change(&mut params);
    assert_eq!(StrictRules::new(params).map(drop), expected, "{params:?}");
}

#[test]
fn defaults_are_valid() {
    assert_eq!(StrictRules::new(StrictParams::default()), Ok(StrictRules::default()));
    assert_eq!(StrictParams::from(StrictRules::default()), StrictParams::default());
    assert_eq!(StrictRules::default().underpaid_gas_max(), 50_000_000);
}

#[test]
fn refuses_prices_that_make_no_sense() {
    let max = StrictRules::NORMAL_PRICE_MAX;
    check(|params| params.normal_price = U256::zero(), Err(StrictRulesError::ZeroNormalPrice));
    check(|params| params.normal_price = U256::one(), Ok(()));
    check(|params| params.normal_price = max, Ok(()));
    let found = max + U256::one();
    check(|params| params.normal_price = found, Err(StrictRulesError::NormalPrice { found, max }));
}

#[test]
fn refuses_gas_limits_that_make_no_sense() {
    check(
        |params| params.paying_reserve_permille = 1001,
        Err(StrictRulesError::Reserve { found: 1001 }),
    );
    let share = 50_000_000;
    let free = |found| StrictRulesError::FreeGas { found, min: 21_000, max: share };
    check(|params| params.free_gas_limit = 20_999, Err(free(20_999)));
    check(|params| params.free_gas_limit = 21_000, Ok(()));
    check(|params| params.free_gas_limit = share + 1, Err(free(share + 1)));
    check(
        |params| params.paying_reserve_permille = 1000,
        Err(StrictRulesError::FreeGas { found: 500_000, min: 21_000, max: 0 }),
    );
    let sponsored = |found| StrictRulesError::SponsoredGas { found, min: 500_001, max: share };
    check(|params| params.sponsored_gas_max = 500_000, Err(sponsored(500_000)));
    check(|params| params.sponsored_gas_max = 500_001, Ok(()));
    check(|params| params.sponsored_gas_max = share + 1, Err(sponsored(share + 1)));
    let wasted = StrictRulesError::WastedGas { found: 9_999_999, min: 10_000_000 };
    check(|params| params.wasted_gas_max = 9_999_999, Err(wasted));
}

#[test]
fn refuses_counts_that_make_no_sense() {
    let slots = |pair, sender, block| {
        move |params: &mut StrictParams| {
            (params.pair_slots_max, params.sender_slots_max, params.block_slots_max) =
                (pair, sender, block);
        }
    };
    let disorder = |pair, sender, block| Err(StrictRulesError::Slots { pair, sender, block });
    check(slots(0, 0, 0), Ok(()));
    check(slots(1, 1, 1), Ok(()));
    check(slots(2, 1, 1), disorder(2, 1, 1));
    check(slots(1, 2, 1), disorder(1, 2, 1));
    check(slots(0, 1, 1), disorder(0, 1, 1));
    let endless = |found| Err(StrictRulesError::Entries { found, max: 1_000_000 });
    check(slots(1, 1, 1_000_001), endless(1_000_001));
    check(|params| params.window_blocks = 0, Err(StrictRulesError::EmptyWindow));
    check(|params| params.unconsented_calls_max = 0, Err(StrictRulesError::EmptyWindow));
    check(|params| params.window_blocks = 31_251, endless(1_000_032));
    check(|params| params.window_blocks = u64::MAX, endless(u64::MAX));
}

#[test]
fn share_of_the_block_is_exact() {
    let share = |block_gas_limit, paying_reserve_permille| {
        StrictParams { block_gas_limit, paying_reserve_permille, ..StrictParams::default() }
            .underpaid_gas_max()
    };
    for block_gas_limit in [0, 1, 999, 1000, 123_456_789, u64::MAX] {
        for reserve in [0, 1, 333, 500, 999, 1000] {
            let exact = u128::from(block_gas_limit) * u128::from(1000 - reserve) / 1000;
            assert_eq!(u128::from(share(block_gas_limit, reserve)), exact);
        }
    }
    assert_eq!(share(1000, 5000), 0);
}

#[cfg(feature = "arbitrary")]
#[test]
fn arbitrary_rules_are_valid() {
    let mut state = 1_u64;
    for _ in 0..2000 {
        let bytes: [u8; 80] = core::array::from_fn(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // Small and large numbers alike.
            if state >> 63 == 0 { 0 } else { (state >> 40).to_le_bytes()[0] }
        });
        let rules: StrictRules = arbitrary::Unstructured::new(&bytes).arbitrary().unwrap();
        assert_eq!(StrictRules::new(*rules.params()), Ok(rules));
    }
}
