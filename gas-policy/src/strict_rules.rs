use primitive_types::U256;
use thiserror::Error;

/// The limits of the strict rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StrictParams {
    /// The normal price per unit of gas, in wei; also what a deposit pays, unless the base fee is higher.
    pub normal_price: U256,
    /// The most gas of a transaction below the normal price.
    pub free_gas_limit: u64,
    /// The most transactions below the normal price for one pair of sender and target in a block.
    pub pair_slots_max: u32,
    /// The most transactions below the normal price for one sender in a block.
    pub sender_slots_max: u32,
    /// The most transactions below the normal price in a block. Zero turns them off.
    pub block_slots_max: u32,
    /// The gas limit of a block.
    pub block_gas_limit: u64,
    /// The share of the block kept for gas somebody pays the normal price for, in thousandths.
    pub paying_reserve_permille: u32,
    /// The most gas of a sponsored transaction, whatever its sponsor allows.
    pub sponsored_gas_max: u64,
    /// The most gas one sender may waste in a window on calls nobody consented to pay.
    pub wasted_gas_max: u64,
    /// The length of that window, in blocks.
    pub window_blocks: u64,
    /// The most calls without consent in a block.
    pub unconsented_calls_max: u32,
}

impl Default for StrictParams {
    fn default() -> Self {
        Self {
            normal_price: U256([2_000_000_000, 0, 0, 0]),
            free_gas_limit: 500_000,
            pair_slots_max: 1,
            sender_slots_max: 4,
            block_slots_max: 100,
            block_gas_limit: 100_000_000,
            paying_reserve_permille: 500,
            sponsored_gas_max: 10_000_000,
            wasted_gas_max: 10_000_000,
            window_blocks: 360,
            unconsented_calls_max: 32,
        }
    }
}

impl StrictParams {
    /// Returns the most gas of a block for which nobody pays the normal price.
    #[must_use]
    pub const fn underpaid_gas_max(&self) -> u64 {
        let reserve_permille =
            if self.paying_reserve_permille > 1000 { 1000 } else { self.paying_reserve_permille };
        let share_permille = 1000_u32.saturating_sub(reserve_permille);
        // Whole thousands and their rest apart, so that no product overflows.
        let thousands = (self.block_gas_limit / 1000).saturating_mul(share_permille as u64);
        let rest = (self.block_gas_limit % 1000).saturating_mul(share_permille as u64) / 1000;
        thousands.saturating_add(rest)
    }
}

/// Limits of the strict rule set that make sense together.
///
/// # Invariants
///
/// Made by [`StrictRules::new`] only, whose errors list what never holds of this value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "StrictParams", into = "StrictParams")
)]
pub struct StrictRules {
    params: StrictParams,
    underpaid_gas_max: u64,
}

impl StrictRules {
    /// The least gas any transaction needs.
    pub const TRANSACTION_GAS: u64 = 21_000;
    /// The highest normal price: with it, even the highest gas limit has a price that fits 256 bits.
    pub const NORMAL_PRICE_MAX: U256 = U256([u64::MAX, u64::MAX, 0, 0]);
    /// The most entries the counters of a block or of a window may hold.
    pub const ENTRIES_MAX: u64 = 1_000_000;

    /// Checks the limits.
    ///
    /// # Errors
    ///
    /// Names the first limit that makes no sense.
    pub fn new(params: StrictParams) -> Result<Self, StrictRulesError> {
        let rules = Self { params, underpaid_gas_max: params.underpaid_gas_max() };
        rules.check_price()?;
        rules.check_gas()?;
        rules.check_counts()?;
        Ok(rules)
    }

    /// Returns the limits.
    #[must_use]
    pub const fn params(&self) -> &StrictParams {
        &self.params
    }

    /// Returns the most gas of a block for which nobody pays the normal price.
    #[must_use]
    pub const fn underpaid_gas_max(&self) -> u64 {
        self.underpaid_gas_max
    }

    fn check_price(&self) -> Result<(), StrictRulesError> {
        let found = self.params.normal_price;
        if found.is_zero() {
            return Err(StrictRulesError::ZeroNormalPrice);
        }
        if found > Self::NORMAL_PRICE_MAX {
            return Err(StrictRulesError::NormalPrice { found, max: Self::NORMAL_PRICE_MAX });
        }
        if self.params.paying_reserve_permille > 1000 {
            return Err(StrictRulesError::Reserve { found: self.params.paying_reserve_permille });
        }
        Ok(())
    }

    const fn check_gas(&self) -> Result<(), StrictRulesError> {
        let params = &self.params;
        let share = self.underpaid_gas_max;
        if params.free_gas_limit < Self::TRANSACTION_GAS || params.free_gas_limit > share {
            let (found, min) = (params.free_gas_limit, Self::TRANSACTION_GAS);
            return Err(StrictRulesError::FreeGas { found, min, max: share });
        }
        if params.sponsored_gas_max <= params.free_gas_limit || params.sponsored_gas_max > share {
            let (found, min) = (params.sponsored_gas_max, params.free_gas_limit.saturating_add(1));
            return Err(StrictRulesError::SponsoredGas { found, min, max: share });
        }
        if params.wasted_gas_max < params.sponsored_gas_max {
            let (found, min) = (params.wasted_gas_max, params.sponsored_gas_max);
            return Err(StrictRulesError::WastedGas { found, min });
        }
        Ok(())
    }

    const fn check_counts(&self) -> Result<(), StrictRulesError> {
        let params = &self.params;
        let (pair, sender, block) =
            (params.pair_slots_max, params.sender_slots_max, params.block_slots_max);
        if pair > sender || sender > block || (pair == 0 && block > 0) {
            return Err(StrictRulesError::Slots { pair, sender, block });
        }
        if block as u64 > Self::ENTRIES_MAX {
            return Err(StrictRulesError::Entries { found: block as u64, max: Self::ENTRIES_MAX });
        }
        if params.window_blocks == 0 || params.unconsented_calls_max == 0 {
            return Err(StrictRulesError::EmptyWindow);
        }
        let found = params.window_blocks.saturating_mul(params.unconsented_calls_max as u64);
        if found > Self::ENTRIES_MAX {
            return Err(StrictRulesError::Entries { found, max: Self::ENTRIES_MAX });
        }
        Ok(())
    }
}

impl Default for StrictRules {
    fn default() -> Self {
        let params = StrictParams::default();
        Self { params, underpaid_gas_max: params.underpaid_gas_max() }
    }
}

impl TryFrom<StrictParams> for StrictRules {
    type Error = StrictRulesError;

    fn try_from(params: StrictParams) -> Result<Self, Self::Error> {
        Self::new(params)
    }
}

impl From<StrictRules> for StrictParams {
    fn from(rules: StrictRules) -> Self {
        rules.params
    }
}

/// Why limits of the strict rule set were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StrictRulesError {
    /// Every price would be normal, and nobody would pay anything.
    #[error("normal price is zero")]
    ZeroNormalPrice,
    /// The price of a gas limit would not fit 256 bits.
    #[error("normal price {found} is above {max}")]
    NormalPrice {
        /// The price asked for.
        found: U256,
        /// The highest price.
        max: U256,
    },
    /// More than the whole block would be reserved.
    #[error("reserve of {found} thousandths is above 1000")]
    Reserve {
        /// The reserve asked for.
        found: u32,
    },
    /// No free transaction could run, or one could need more than all of them may use.
    #[error("free gas limit {found} is not between {min} and {max}")]
    FreeGas {
        /// The limit asked for.
        found: u64,
        /// The gas of the smallest transaction.
        min: u64,
        /// The share of the block that may be underpaid.
        max: u64,
    },
    /// No sponsored transaction could run, or one without consent could need more than may be underpaid.
    #[error("sponsored gas limit {found} is not between {min} and {max}")]
    SponsoredGas {
        /// The limit asked for.
        found: u64,
        /// The first gas limit that is not free.
        min: u64,
        /// The share of the block that may be underpaid.
        max: u64,
    },
    /// A sender who never wasted anything could not run the largest sponsored transaction.
    #[error("quota of {found} wasted gas is below {min}")]
    WastedGas {
        /// The quota asked for.
        found: u64,
        /// The most gas of a sponsored transaction.
        min: u64,
    },
    /// A narrower slot limit is above a wider one, or slots exist that nobody could take.
    #[error("slots per pair, sender and block are not in order: {pair}, {sender}, {block}")]
    Slots {
        /// Slots for one pair.
        pair: u32,
        /// Slots for one sender.
        sender: u32,
        /// Slots for a block.
        block: u32,
    },
    /// No sponsored transaction could ever run, or wasted gas would never be counted.
    #[error("window of wasted gas or number of calls without consent is zero")]
    EmptyWindow,
    /// The counters would not be bounded.
    #[error("{found} entries to keep, {max} at most")]
    Entries {
        /// The number the limits allow.
        found: u64,
        /// The most there may be.
        max: u64,
    },
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for StrictRules {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        input.arbitrary().map(Self::from_seed)
    }
}

#[cfg(feature = "arbitrary")]
impl StrictRules {
    /// Makes limits that make sense out of any numbers.
    fn from_seed(seed: ([u64; 6], [u16; 5], u128)) -> Self {
        let (
            [block_gas, free, sponsored, wasted, ..],
            [reserve, pair, sender, block, calls],
            price,
        ) = seed;
        let [.., window] = seed.0;
        let block_slots_max = u32::from(block);
        let mut params = StrictParams {
            normal_price: U256::from(price.max(1)),
            pair_slots_max: u32::from(pair.max(1)).min(block_slots_max),
            sender_slots_max: u32::from(sender.max(pair).max(1)).min(block_slots_max),
            block_slots_max,
            block_gas_limit: block_gas.max(100_000),
            paying_reserve_permille: u32::from(reserve).min(500),
            unconsented_calls_max: u32::from(calls).clamp(1, 1000),
            window_blocks: window.clamp(1, 1000),
            ..StrictParams::default()
        };
        let underpaid_gas_max = params.underpaid_gas_max();
        params.free_gas_limit =
            free.clamp(Self::TRANSACTION_GAS, underpaid_gas_max.saturating_sub(1));
        params.sponsored_gas_max =
            sponsored.clamp(params.free_gas_limit.saturating_add(1), underpaid_gas_max);
        params.wasted_gas_max = wasted.max(params.sponsored_gas_max);
        Self { params, underpaid_gas_max }
    }
}

#[cfg(test)]
mod tests;
