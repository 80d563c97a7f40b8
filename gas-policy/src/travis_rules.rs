use thiserror::Error;

/// The limits of the Travis rule sets, as the chain's parameters named them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TravisParams {
    /// The normal price per unit of gas, in wei (`gas_price`). The chain held it in 64 bits.
    pub normal_price: u64,
    /// The most gas below the normal price (`low_price_tx_gas_limit`).
    pub free_gas_limit: u64,
    /// The number of slots of a block (`low_price_tx_slots_cap`). One more fits, because it is compared before adding.
    pub slots_cap: u32,
    /// The gas limit of a block.
    pub block_gas_limit: u64,
}

impl Default for TravisParams {
    /// Returns the values of mainnet.
    fn default() -> Self {
        Self {
            normal_price: 2_000_000_000,
            free_gas_limit: 500_000,
            slots_cap: 100,
            block_gas_limit: 8_192_000_000,
        }
    }
}

/// Limits of the Travis rule sets that make sense.
///
/// # Invariants
///
/// Made by [`TravisRules::new`] only: the price is not zero, and the slots of a block are bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "TravisParams", into = "TravisParams")
)]
pub struct TravisRules(TravisParams);

impl TravisRules {
    /// The most slots a block may have.
    pub const SLOTS_CAP_MAX: u32 = 1_000_000;

    /// Checks the limits.
    ///
    /// # Errors
    ///
    /// Names the first limit that makes no sense.
    pub const fn new(params: TravisParams) -> Result<Self, TravisRulesError> {
        if params.normal_price == 0 {
            return Err(TravisRulesError::ZeroNormalPrice);
        }
        if params.slots_cap > Self::SLOTS_CAP_MAX {
            return Err(TravisRulesError::TooManySlots {
                found: params.slots_cap,
                max: Self::SLOTS_CAP_MAX,
            });
        }
        Ok(Self(params))
    }

    /// Returns the limits.
    #[must_use]
    pub const fn params(&self) -> &TravisParams {
        &self.0
    }
}

impl TryFrom<TravisParams> for TravisRules {
    type Error = TravisRulesError;

    fn try_from(params: TravisParams) -> Result<Self, Self::Error> {
        Self::new(params)
    }
}

impl From<TravisRules> for TravisParams {
    fn from(rules: TravisRules) -> Self {
        rules.0
    }
}

/// Why limits of a Travis rule set were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TravisRulesError {
    /// Every price would be normal.
    #[error("normal price is zero")]
    ZeroNormalPrice,
    /// The counters of a block would not be bounded.
    #[error("{found} slots in a block, {max} at most")]
    TooManySlots {
        /// The number asked for.
        found: u32,
        /// The most there may be.
        max: u32,
    },
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for TravisRules {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        input.arbitrary().map(
            |(price, free_gas_limit, slots_cap, block_gas_limit): (u64, u64, u32, u64)| {
                let (normal_price, slots_cap) = (price.max(1), slots_cap.min(Self::SLOTS_CAP_MAX));
                Self(TravisParams { normal_price, free_gas_limit, slots_cap, block_gas_limit })
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_makes_no_sense() {
        let mainnet = TravisParams::default();
        assert_eq!(TravisRules::new(mainnet).map(TravisParams::from), Ok(mainnet));
        let free = TravisParams { normal_price: 0, ..mainnet };
        assert_eq!(TravisRules::try_from(free), Err(TravisRulesError::ZeroNormalPrice));
        let endless = TravisParams { slots_cap: 1_000_001, ..mainnet };
        let error = TravisRules::new(endless).unwrap_err();
        assert_eq!(error, TravisRulesError::TooManySlots { found: 1_000_001, max: 1_000_000 });
    }
}
