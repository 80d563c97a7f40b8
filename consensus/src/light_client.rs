//! Following a chain without its blocks: from a trusted header to a later one, by signatures alone.
//!
//! A header is believed when more than two thirds of its own validators signed it, and either it is the very next one
//! and its validators were announced, or more than a trusted share of the validators that were announced signed it as
//! well. That holds as long as the trusted header is not older than the time for which misbehaving validators can be
//! punished. See *Tendermint light client*, informal specification.

use alloc::vec::Vec;

use primitive_types::H160;

use crate::{
    height::Height,
    threshold::Threshold,
    validator_set::{ValidatorSet, VotingPower},
};

/// A header, its commit and the validator sets that it announces. Any chain's: hashing and signatures are its own.
pub trait LightBlock {
    /// Returns the chain's name.
    fn chain_id(&self) -> &str;
    /// Returns the height.
    fn height(&self) -> Height;
    /// Returns the time in nanoseconds since 1970.
    fn time_ns(&self) -> u64;
    /// Returns the validators of this height.
    fn validators(&self) -> &ValidatorSet;
    /// Returns the hash of the validators of this height that the header carries.
    fn validators_hash(&self) -> [u8; 32];
    /// Returns the validators of the next height; without them, only the very next header can be verified by this one.
    fn next_validators(&self) -> Option<&ValidatorSet>;
    /// Returns the hash of the validators of the next height that the header carries.
    fn next_validators_hash(&self) -> [u8; 32];
    /// Tells whether both sets have the hashes in the header, and the commit is for this header and height.
    fn is_coherent(&self) -> bool;
    /// Returns who signed the header; none when a signature is wrong or a signer is not in the set.
    fn signers(&self) -> Option<Vec<H160>>;
}

/// What a light client believes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LightOptions {
    /// The share of trusted validators that has to sign; at least one third.
    pub trust_level: Threshold,
    /// How long a header is trusted, in nanoseconds.
    pub trusting_period_ns: u64,
    /// How much the clocks may differ, in nanoseconds.
    pub clock_drift_ns: u64,
}

/// Why a header is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LightError {
    /// Its parts do not belong together.
    #[error("header, commit and validator sets do not belong together")]
    Incoherent,
    /// The trusted header is too old to start from.
    #[error("the trusted header has expired")]
    TrustExpired,
    /// It is from the future.
    #[error("the header is from the future")]
    FromFuture,
    /// Another chain.
    #[error("the header is of another chain")]
    Chain,
    /// Not higher than the trusted one.
    #[error("height {found} does not follow height {trusted}")]
    Height {
        /// The trusted height.
        trusted: Height,
        /// The height of the header.
        found: Height,
    },
    /// Not later than the trusted one.
    #[error("the time of the header does not follow that of the trusted header")]
    Time,
    /// The next header has other validators than were announced.
    #[error("the validators are not those that were announced")]
    Validators,
    /// A signature is wrong, or by somebody else.
    #[error("a signature is wrong")]
    Signature,
    /// Its own validators did not sign enough.
    #[error("power {found} of {total} signed")]
    NotEnoughPower {
        /// The power of the signers.
        found: VotingPower,
        /// The power of the set.
        total: VotingPower,
    },
    /// Trust cannot be carried over, however small the step.
    #[error("no header on the way to height {height} can be believed")]
    NotEnoughTrust {
        /// The height that could not be believed.
        height: Height,
    },
    /// The peer does not have a header that is needed.
    #[error("no header for height {height}")]
    Missing {
        /// The height.
        height: Height,
    },
}

/// The result of [`verify`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LightVerdict {
    /// The header is as good as the trusted one.
    Verified,
    /// It may be right, but too few trusted validators signed it: try one in between.
    NotEnoughTrust,
    /// It is wrong.
    Invalid(LightError),
}

/// Verifies one header by another.
#[must_use]
pub fn verify(
    trusted: &dyn LightBlock,
    untrusted: &dyn LightBlock,
    options: &LightOptions,
    now_ns: u64,
) -> LightVerdict {
    match check(trusted, untrusted, options, now_ns) {
        Ok(true) => LightVerdict::Verified,
        Ok(false) => LightVerdict::NotEnoughTrust,
        Err(error) => LightVerdict::Invalid(error),
    }
}

fn check(
    trusted: &dyn LightBlock,
    untrusted: &dyn LightBlock,
    options: &LightOptions,
    now_ns: u64,
) -> Result<bool, LightError> {
    check_context(trusted, untrusted, options, now_ns)?;
    let signers = untrusted.signers().ok_or(LightError::Signature)?;
    let is_next = Some(untrusted.height()) == trusted.height().next();
    if !is_next {
        let Some(announced) = trusted.next_validators() else { return Ok(false) };
        if !options.trust_level.is_met(power_of(&signers, announced), announced.total_power()) {
            return Ok(false);
        }
    }
    let (found, total) =
        (power_of(&signers, untrusted.validators()), untrusted.validators().total_power());
    if Threshold::TWO_THIRDS.is_met(found, total) {
        Ok(true)
    } else {
        Err(LightError::NotEnoughPower { found, total })
    }
}

/// Everything but the signatures.
fn check_context(
    trusted: &dyn LightBlock,
    untrusted: &dyn LightBlock,
    options: &LightOptions,
    now_ns: u64,
) -> Result<(), LightError> {
    if !untrusted.is_coherent() {
        return Err(LightError::Incoherent);
    }
    if trusted.time_ns().saturating_add(options.trusting_period_ns) <= now_ns {
        return Err(LightError::TrustExpired);
    }
    if untrusted.time_ns() >= now_ns.saturating_add(options.clock_drift_ns) {
        return Err(LightError::FromFuture);
    }
    if untrusted.chain_id() != trusted.chain_id() {
        return Err(LightError::Chain);
    }
    if untrusted.height() <= trusted.height() {
        return Err(LightError::Height { trusted: trusted.height(), found: untrusted.height() });
    }
    if untrusted.time_ns() <= trusted.time_ns() {
        return Err(LightError::Time);
    }
    let is_next = Some(untrusted.height()) == trusted.height().next();
    if is_next && untrusted.validators_hash() != trusted.next_validators_hash() {
        return Err(LightError::Validators);
    }
    Ok(())
}

/// Sums the power that the signers have in a set; whoever is not in it has none.
fn power_of(signers: &[H160], set: &ValidatorSet) -> VotingPower {
    let bits: crate::ValidatorBits =
        signers.iter().filter_map(|signer| set.index_of(signer)).collect();
    bits.power(set)
}

/// A path from a trusted header to a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bisection<B> {
    /// The headers that were verified on the way, in ascending order; the last one is the goal.
    pub verified: Vec<B>,
    /// How many headers were looked at.
    pub looked_at_count: usize,
}

/// Verifies the header of a height, through headers in between where trust does not reach that far.
///
/// # Errors
/// When a header on the way is wrong or missing, or trust does not even reach the next height.
pub fn bisect<B: LightBlock>(
    trusted: B,
    goal: Height,
    options: &LightOptions,
    now_ns: u64,
    fetch: &mut dyn FnMut(Height) -> Option<B>,
) -> Result<Bisection<B>, LightError> {
    let mut get = |height| {
        fetch(height)
            .filter(|block: &B| block.height() == height)
            .ok_or(LightError::Missing { height })
    };
    let mut verified = alloc::vec![trusted];
    // The way back up: goals that were too far, the nearest last. At most one per bit of the distance.
    let mut pending = alloc::vec![get(goal)?];
    let mut looked_at_count = 0;
    while let (Some(from), Some(to)) = (verified.last(), pending.pop()) {
        looked_at_count += 1;
        match verify(from, &to, options, now_ns) {
            LightVerdict::Verified => verified.push(to),
            LightVerdict::Invalid(error) => return Err(error),
            LightVerdict::NotEnoughTrust => {
                let (low, high) = (from.height().as_u64(), to.height().as_u64());
                let middle = Height::new(low + (high - low) / 2);
                if middle.as_u64() == low {
                    return Err(LightError::NotEnoughTrust { height: to.height() });
                }
                pending.push(to);
                pending.push(get(middle)?);
            }
        }
    }
    verified.remove(0);
    Ok(Bisection { verified, looked_at_count })
}
