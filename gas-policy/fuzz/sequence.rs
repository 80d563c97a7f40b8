//! Sequences of decisions and settlements over a ledger of four accounts, and what must hold after every step.
//!
//! Shared by the fuzz target, the test over its corpus, and the property tests.

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Arbitrary, Result, Unstructured};
use cybermiles_gas_policy::{
    Access, Calldata, Callee, Code, Consent, Decision, Effects, Execution, Grant, Offer, Outcome,
    Payer, Refusal, Request, Rule, Rules, Settlement, Slot, SlotTarget, Sponsorship, Stage, Status,
    StrictParams, StrictRules, Target, TravisParams, TravisRules, Usage, UsageDelta, decide,
    explain, settle,
};
use primitive_types::{H160, U256};

const STEPS_MAX: usize = 300;

/// Runs the sequence the bytes describe, and returns the rules that fired.
///
/// # Panics
///
/// When a law is broken. Bytes that run out end the sequence.
pub(crate) fn run(bytes: &[u8]) -> BTreeSet<Rule> {
    let mut input = Unstructured::new(bytes);
    let Ok(rules) = choose_rules(&mut input) else { return BTreeSet::new() };
    let mut world = World::new(rules);
    for _ in 0..STEPS_MAX {
        if input.is_empty() || world.step(&mut input).is_err() {
            break;
        }
    }
    world.fired
}

fn choose_rules(input: &mut Unstructured<'_>) -> Result<Rules> {
    Ok(match input.int_in_range(0..=7_u8)? {
        0 => Rules::Travis017(TravisRules::default()),
        1 => Rules::TravisHotfix(TravisRules::default()),
        2 => Rules::TravisHotfix(tight_travis()),
        3 | 4 => Rules::Strict(StrictRules::default()),
        5 | 6 => Rules::Strict(tight_strict()),
        _ => Rules::arbitrary(input)?,
    })
}

/// Limits that a sequence of this length runs into.
fn tight_travis() -> TravisRules {
    let params =
        TravisParams { slots_cap: 3, block_gas_limit: 80_000_000, ..TravisParams::default() };
    TravisRules::new(params).expect("the price is not zero")
}

/// Limits that a sequence of this length runs into.
fn tight_strict() -> StrictRules {
    let params = StrictParams {
        block_slots_max: 5,
        block_gas_limit: 60_000_000,
        paying_reserve_permille: 830,
        wasted_gas_max: 20_000_000,
        window_blocks: 300,
        unconsented_calls_max: 2,
        ..StrictParams::default()
    };
    StrictRules::new(params).expect("tight limits make sense, too")
}

/// Coins by owner, and where the rest of them went.
struct World {
    rules: Rules,
    usage: Usage,
    balances: BTreeMap<H160, U256>,
    deposits: BTreeMap<H160, U256>,
    fees: U256,
    burned: U256,
    fired: BTreeSet<Rule>,
}

impl World {
    fn new(rules: Rules) -> Self {
        let coins = [0, 10_u128.pow(15), 10_u128.pow(24), 10_u128.pow(20)];
        let balances = (0..4_u8).map(account).zip(coins.map(U256::from)).collect();
        let deposits = [(account(1), U256::exp10(16)), (account(2), U256::exp10(20))].into();
        let (fees, burned) = (U256::zero(), U256::zero());
        Self {
            rules,
            usage: Usage::new(1),
            balances,
            deposits,
            fees,
            burned,
            fired: BTreeSet::new(),
        }
    }

    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        if input.ratio(1_u8, 64_u8)? {
            self.usage.begin_block(
                &self.rules,
                self.usage.height() + u64::from(input.arbitrary::<u8>()?),
            );
        }
        if input.ratio(1_u8, 16_u8)? {
            // Anything at all, far from what a ledger would say: nothing may panic.
            let request = Request::arbitrary(input)?;
            self.check_decision(&request, input)?;
            let (grant, execution) = (Grant::arbitrary(input)?, Execution::arbitrary(input)?);
            check_settlement(&grant, &settle(&request, &grant, &execution));
            return Ok(());
        }
        let request = self.request(input)?;
        let before = self.coins();
        let decision = self.check_decision(&request, input)?;
        self.fired.insert(decision.rule());
        match decision {
            Decision::Accepted(grant) if request.stage == Stage::Delivery => {
                self.execute(&request, &grant, &Execution::arbitrary(input)?);
            }
            Decision::Accepted(_) => {}
            Decision::Refused(refusal) => self.refuse(&request, &refusal),
        }
        assert_eq!(self.coins(), before, "coins appear or vanish: {request:?}");
        self.check_bounds();
        Ok(())
    }

    /// A transaction whose facts are those of the ledger.
    fn request(&self, input: &mut Unstructured<'_>) -> Result<Request> {
        let sender = account(input.int_in_range(0..=3)?);
        let address = account(input.int_in_range(0..=3)?);
        let deposit = self.deposits.get(&address);
        let code = if address == account(0) { Code::Absent } else { Code::Present };
        let gas_max = *input.choose(&[0, 600_000, u64::MAX, u64::MAX, u64::MAX])?;
        let access = Access::arbitrary(input)?;
        let sponsorship = deposit.map(|deposit| Sponsorship { deposit: *deposit, gas_max, access });
        let callee = Callee { address, balance: self.balance(address), code, sponsorship };
        let price = *input.choose(&[
            0,
            0,
            0,
            1,
            1_999_999_999,
            2_000_000_000,
            1_u128 << 64,
            5_000_000_000,
        ])?;
        let offer = Offer::legacy(U256::from(price));
        let offer =
            if input.ratio(1_u8, 8_u8)? { Offer { max_tip: U256::one(), ..offer } } else { offer };
        Ok(Request {
            stage: if input.ratio(1_u8, 8_u8)? { Stage::Admission } else { Stage::Delivery },
            sender,
            sender_balance: self.balance(sender),
            target: match input.int_in_range(0..=9_u8)? {
                0 | 1 => Target::Create,
                2 => Target::System(address),
                _ => Target::Call(callee),
            },
            offer,
            base_fee: U256::from(*input.choose(&[0, 0, 0, 3_000_000_000_u64])?),
            gas_limit: *input.choose(&[
                21_000, 53_000, 500_000, 500_001, 600_001, 10_000_000, 10_000_000, 60_000_000,
            ])?,
            intrinsic_gas: *input.choose(&[21_000, 53_000])?,
            value: U256::from(*input.choose(&[0, 0, 0, 1, 10_u128.pow(15)])?),
            calldata: Calldata::arbitrary(input)?,
        })
    }

    /// The laws of a single decision.
    fn check_decision(&self, request: &Request, input: &mut Unstructured<'_>) -> Result<Decision> {
        let (rules, usage) = (&self.rules, &self.usage);
        let decision = decide(rules, usage, request);
        assert_eq!(decision, decide(rules, usage, request), "not deterministic");
        let explanation = explain(rules, usage, request);
        assert_eq!((explanation.decision, explanation.rule), (decision, decision.rule()));
        match decision {
            Decision::Accepted(grant) => {
                assert_eq!(explanation.remedy, None);
                check_grant(&grant);
                let richer = enrich(request, input)?;
                let richer = decide(rules, usage, &richer);
                assert!(
                    matches!(richer, Decision::Accepted(_)),
                    "more balance turned {decision:?} into {richer:?}"
                );
            }
            Decision::Refused(refusal) => {
                assert!(explanation.remedy.is_some(), "no remedy for {refusal:?}");
                assert!(
                    refusal.residue.is_none() || !is_strict(rules),
                    "strict refusal leaves {refusal:?}"
                );
                let mut busier = usage.clone();
                busier.apply(&UsageDelta::arbitrary(input)?);
                let busier = decide(rules, &busier, request);
                assert!(
                    matches!(busier, Decision::Refused(_)),
                    "more usage turned {decision:?} into {busier:?}"
                );
            }
        }
        Ok(decision)
    }

    fn execute(&mut self, request: &Request, grant: &Grant, execution: &Execution) {
        self.take(grant.payer, request, grant.reserve());
        let settlement = settle(request, grant, execution);
        check_settlement(grant, &settlement);
        let is_done =
            execution.outcome == Outcome::Succeeded && settlement.effects == Effects::AsExecuted;
        if is_done && let Target::Call(callee) = request.target {
            self.take(Payer::Sender, request, request.value);
            *self.balances.entry(callee.address).or_default() += request.value;
        }
        self.give(grant.payer, request, settlement.returned);
        self.fees += settlement.fee;
        self.burned += settlement.burned;
        self.usage.apply(&settlement.usage);
    }

    fn refuse(&mut self, request: &Request, refusal: &Refusal) {
        if let Some(residue) = refusal.residue {
            self.take(residue.payer, request, residue.burned);
            self.burned += residue.burned;
        }
        self.usage.apply(&Decision::Refused(*refusal).booking());
    }

    fn take(&mut self, payer: Payer, request: &Request, amount: U256) {
        if let Some(balance) = self.purse(payer, request) {
            *balance =
                balance.checked_sub(amount).expect("a decision says yes only to who owns enough");
        } else {
            assert!(amount.is_zero(), "nobody pays {amount}");
        }
    }

    fn give(&mut self, payer: Payer, request: &Request, amount: U256) {
        if let Some(balance) = self.purse(payer, request) {
            *balance += amount;
        } else {
            assert!(amount.is_zero(), "nobody gets {amount}");
        }
    }

    fn purse(&mut self, payer: Payer, request: &Request) -> Option<&mut U256> {
        match payer {
            Payer::Nobody => None,
            Payer::Sender => self.balances.get_mut(&request.sender),
            Payer::Contract(contract) => self.balances.get_mut(&contract),
            Payer::Deposit(contract) => self.deposits.get_mut(&contract),
        }
    }

    fn balance(&self, address: H160) -> U256 {
        self.balances.get(&address).copied().unwrap_or_default()
    }

    fn coins(&self) -> U256 {
        let owned = self.balances.values().chain(self.deposits.values());
        owned.fold(self.fees + self.burned, |sum, amount| sum + amount)
    }

    /// No sequence of transactions gets more out of a block than the rules say.
    fn check_bounds(&self) {
        let usage = &self.usage;
        match &self.rules {
            Rules::Travis017(rules) | Rules::TravisHotfix(rules) => {
                assert!(usage.slot_count() <= rules.params().slots_cap + 1);
                assert!(usage.gas() <= rules.params().block_gas_limit);
                assert!(usage.entry_count() as u64 <= u64::from(usage.slot_count()));
            }
            Rules::Strict(rules) => {
                let params = rules.params();
                assert_eq!(self.burned, U256::zero());
                assert!(usage.gas() <= params.block_gas_limit);
                assert!(usage.underpaid_gas() <= rules.underpaid_gas_max());
                assert!(usage.slot_count() <= params.block_slots_max);
                assert!(usage.unconsented_count() <= params.unconsented_calls_max);
                let wasters_max = u64::from(params.unconsented_calls_max) * params.window_blocks;
                assert!(
                    usage.entry_count() as u64 <= u64::from(params.block_slots_max) + wasters_max
                );
                for sender in (0..4).map(account) {
                    assert!(usage.sender_slot_count(sender) <= params.sender_slots_max);
                    assert!(usage.wasted_gas(sender) <= params.wasted_gas_max);
                    for target in
                        (0..4).map(account).map(SlotTarget::Call).chain([SlotTarget::Create])
                    {
                        assert!(
                            usage.pair_slot_count(&Slot { sender, target })
                                <= params.pair_slots_max
                        );
                    }
                }
            }
        }
    }
}

fn account(id: u8) -> H160 {
    H160::repeat_byte(id)
}

const fn is_strict(rules: &Rules) -> bool {
    matches!(rules, Rules::Strict(_))
}

/// Never both free and charged.
fn check_grant(grant: &Grant) {
    assert_eq!(grant.payer == Payer::Nobody, grant.price.is_zero(), "{grant:?}");
    assert_eq!(
        grant.price.checked_mul(U256::from(grant.gas_max)),
        Some(grant.reserve()),
        "{grant:?}"
    );
    assert_eq!(
        matches!(grant.payer, Payer::Deposit(_)),
        grant.consent == Consent::OwnFrame,
        "{grant:?}"
    );
    assert_eq!(
        matches!(grant.payer, Payer::Contract(_)),
        grant.consent == Consent::AnyFrame,
        "{grant:?}"
    );
}

/// What the payer reserved is returned or charged; what is charged is a fee or, on Travis, burned.
fn check_settlement(grant: &Grant, settlement: &Settlement) {
    assert_eq!(
        settlement.charged.checked_add(settlement.returned),
        Some(grant.reserve()),
        "{settlement:?}"
    );
    assert_eq!(
        settlement.fee.checked_add(settlement.burned),
        Some(settlement.charged),
        "{settlement:?}"
    );
    assert!(settlement.gas_used <= grant.gas_max);
    assert!(settlement.usage.gas <= grant.gas_max);
    assert!(settlement.usage.underpaid_gas <= settlement.usage.gas);
    if settlement.payer == Payer::Nobody && grant.payer != Payer::Nobody {
        assert_eq!(settlement.charged, U256::zero());
        assert_eq!(settlement.status, Status::Failed);
    }
    if settlement.usage.unconsented.is_some() {
        assert_eq!(settlement.effects, Effects::Undone);
    }
}

/// The same request, with everybody who could pay as rich or richer.
fn enrich(request: &Request, input: &mut Unstructured<'_>) -> Result<Request> {
    let mut request = *request;
    request.sender_balance = request.sender_balance.saturating_add(input.arbitrary()?);
    if let Target::Call(callee) = &mut request.target {
        callee.balance = callee.balance.saturating_add(input.arbitrary()?);
        if let Some(sponsorship) = &mut callee.sponsorship {
            sponsorship.deposit = sponsorship.deposit.saturating_add(input.arbitrary()?);
        }
    }
    Ok(request)
}
