//! A light client goes from an old header to a new one by as few headers in between as trust allows.

use cybermiles_consensus::{
    Bisection, Height, LightBlock, LightError, LightOptions, LightVerdict, Threshold, Validator,
    ValidatorSet, VotingPower, bisect, verify_light_block,
};
use primitive_types::H160;

/// A chain on which one of four validators is replaced every so many heights.
#[derive(Clone, Debug, PartialEq)]
struct Block {
    height: u64,
    validators: ValidatorSet,
    next_validators: ValidatorSet,
    is_signed: bool,
}

fn validators(height: u64, heights_per_change: u64) -> ValidatorSet {
    let first = height / heights_per_change;
    let member = |at: u64| {
        let mut address = H160::zero();
        address.0[12..].copy_from_slice(&at.to_be_bytes());
        Validator { address, power: VotingPower::new(1) }
    };
    ValidatorSet::new((first + 1..=first + 4).map(member).collect()).expect("a set")
}

fn block(height: u64, heights_per_change: u64) -> Block {
    Block {
        height,
        validators: validators(height, heights_per_change),
        next_validators: validators(height + 1, heights_per_change),
        is_signed: true,
    }
}

impl LightBlock for Block {
    fn chain_id(&self) -> &str {
        "bisection"
    }
    fn height(&self) -> Height {
        Height::new(self.height)
    }
    fn time_ns(&self) -> u64 {
        self.height
    }
    fn validators(&self) -> &ValidatorSet {
        &self.validators
    }
    fn validators_hash(&self) -> [u8; 32] {
        self.validators.hash().0
    }
    fn next_validators(&self) -> Option<&ValidatorSet> {
        Some(&self.next_validators)
    }
    fn next_validators_hash(&self) -> [u8; 32] {
        self.next_validators.hash().0
    }
    fn is_coherent(&self) -> bool {
        true
    }
    fn signers(&self) -> Option<Vec<H160>> {
        self.is_signed
            .then(|| self.validators.members().iter().map(|member| member.address).collect())
    }
}

const NOW_NS: u64 = 10_000;

fn options() -> LightOptions {
    let (trusting_period_ns, clock_drift_ns) = (100_000, 0);
    LightOptions { trust_level: Threshold::ONE_THIRD, trusting_period_ns, clock_drift_ns }
}

fn go(
    goal: u64,
    heights_per_change: u64,
    fetch: &mut dyn FnMut(Height) -> Option<Block>,
) -> Result<Bisection<Block>, LightError> {
    bisect(block(1, heights_per_change), Height::new(goal), &options(), NOW_NS, fetch)
}

#[test]
fn every_step_of_the_path_verifies_by_the_one_before() {
    for (heights_per_change, looked_at_max) in [(1, 999), (7, 400), (100, 30), (10_000, 1)] {
        let mut fetched = 0;
        let found = go(500, heights_per_change, &mut |height| {
            fetched += 1;
            Some(block(height.as_u64(), heights_per_change))
        })
        .expect("an honest chain");
        let mut trusted = block(1, heights_per_change);
        for step in found.verified {
            let verdict = verify_light_block(&trusted, &step, &options(), NOW_NS);
            assert_eq!(verdict, LightVerdict::Verified, "height {}", step.height);
            trusted = step;
        }
        assert_eq!(trusted, block(500, heights_per_change), "the last step is the goal");
        assert!(found.looked_at_count <= looked_at_max, "{} looks", found.looked_at_count);
        assert!(fetched <= found.looked_at_count, "no header is fetched in vain");
    }
}

#[test]
fn refuses_what_is_missing_wrong_or_not_later() {
    let honest = |height: Height| Some(block(height.as_u64(), 7));
    let missing = go(500, 7, &mut |height| honest(height).filter(|block| block.height != 250));
    assert_eq!(missing, Err(LightError::Missing { height: Height::new(250) }));
    let other = go(500, 7, &mut |_| honest(Height::new(400)));
    assert_eq!(other, Err(LightError::Missing { height: Height::new(500) }));
    let unsigned = go(500, 7, &mut |height| {
        honest(height).map(|block| Block { is_signed: block.height != 250, ..block })
    });
    assert_eq!(unsigned, Err(LightError::Signature));
    let usurped = go(2, 7, &mut |height| {
        honest(height).map(|block| Block { validators: validators(700, 7), ..block })
    });
    assert_eq!(usurped, Err(LightError::Validators));
    let (trusted, found) = (Height::new(1), Height::new(1));
    assert_eq!(go(1, 7, &mut |height| honest(height)), Err(LightError::Height { trusted, found }));
}
