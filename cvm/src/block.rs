//! What a transaction may learn of the block it is in.

use crate::Revision;
use primitive_types::{H160 as Address, H256, U256};

/// The header fields that instructions and fee rules read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Block {
    /// The block's height.
    pub number: u64,
    /// Seconds since 1970-01-01 UTC.
    pub timestamp: u64,
    /// The gas all transactions of the block may use together.
    pub gas_limit: u64,
    /// The account that receives fees.
    pub beneficiary: Address,
    /// The proof-of-work difficulty; what DIFFICULTY returns before Paris.
    pub difficulty: U256,
    /// The beacon randomness; what PREVRANDAO returns since Paris (EIP-4399).
    pub prev_randao: H256,
    /// Wei per gas that is burned (EIP-1559); zero before London.
    pub base_fee: U256,
    /// Wei per blob gas (EIP-4844, EIP-7516); zero before Cancun.
    pub blob_base_fee: U256,
}

/// The price of blob gas that follows from a header's `excess_blob_gas` (EIP-4844 `fake_exponential`).
///
/// The update fraction is 3,338,477 in Cancun and 5,007,716 since Prague (EIP-7691). Blob-parameter-only forks use
/// [`blob_base_fee_with_fraction`].
#[must_use]
pub fn blob_base_fee(revision: Revision, excess_blob_gas: u64) -> U256 {
    let fraction = if revision >= Revision::Prague { 5_007_716 } else { 3_338_477 };
    blob_base_fee_with_fraction(excess_blob_gas, fraction)
}

/// [`blob_base_fee`] for any update fraction; saturates at the largest word.
#[must_use]
pub fn blob_base_fee_with_fraction(excess_blob_gas: u64, update_fraction: u64) -> U256 {
    let numerator = U256::from(excess_blob_gas);
    let denominator = U256::from(update_fraction.max(1));
    let mut output = U256::zero();
    let mut term = denominator;
    let mut index = U256::one();
    while !term.is_zero() {
        let (Some(sum), Some(product)) = (output.checked_add(term), term.checked_mul(numerator))
        else {
            return U256::MAX;
        };
        output = sum;
        term = product / (denominator * index);
        index += U256::one();
    }
    output / denominator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blob_base_fee_follows_the_exponential() {
        let rows = [(0, 1), (2_314_057, 1), (2_314_058, 2), (10 * 1024 * 1024, 23)];
        for (excess, fee) in rows {
            assert_eq!(blob_base_fee(Revision::Cancun, excess), U256::from(fee), "excess {excess}");
        }
        assert_eq!(blob_base_fee_with_fraction(u64::MAX, 1), U256::MAX);
    }
}
