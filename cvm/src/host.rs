//! The port to the chain around the state: what chain-specific instructions ask of it.

use primitive_types::{H160 as Address, H256, U256};

/// A request to call a contract later, made by SCHEDULE (spec section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ScheduledCall {
    /// Who called the contract that asked.
    pub sender: Address,
    /// The word that names the call data.
    pub data: U256,
    /// When to call, in seconds since 1970-01-01 UTC.
    pub timestamp: U256,
    /// Whom to call.
    pub receiver: Address,
}

/// Answers what lies outside accounts and storage. Answers must be the same on every node.
pub trait Host {
    /// Whether `address` owns a validator or backup validator with voting power (ISVALIDATOR).
    fn is_validator(&self, address: &Address) -> bool;

    /// The block's seed for RAND; its leading zero bytes are dropped (spec section 2.4).
    fn random_seed(&self) -> H256;
}

/// The host of a chain without validators and seeds: nobody validates, the seed is zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn is_validator(&self, _address: &Address) -> bool {
        false
    }

    fn random_seed(&self) -> H256 {
        H256::zero()
    }
}
