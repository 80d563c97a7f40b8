//! Who pays for a transaction's gas, decided before it runs.

use primitive_types::{H160 as Address, U256};

/// Whose balance buys the gas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Payer {
    /// The sender, as on Ethereum.
    #[default]
    Sender,
    /// Another account, such as the called contract or a sponsor's deposit.
    Account(Address),
    /// Nobody: gas is limited but not paid.
    Nobody,
}

/// The price of one unit of gas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum GasPrice {
    /// What the transaction offers under the fee market (EIP-1559); offers below the base fee are invalid.
    #[default]
    Offered,
    /// A price set by policy, in wei; the transaction's offer and the base fee do not matter.
    Fixed(U256),
}

/// Whether the paying contract must agree while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Consent {
    /// The payer is charged whatever happens.
    #[default]
    NotRequired,
    /// Without consent the transaction fails with [`Halt::ConsentMissing`](crate::Halt::ConsentMissing) unless it failed
    /// by itself, and nothing is charged to the payer. The call's effects are reverted; only under the historical rules
    /// they stay (spec section 3.4).
    Required,
}

/// Where consent to pay was given while a transaction ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ConsentSeen {
    /// Nowhere.
    #[default]
    Nowhere,
    /// In some other frame only, be it nested, of another contract, or reverted.
    Elsewhere,
    /// By the called contract, in the transaction's own frame, which was not reverted.
    OwnFrame,
}

/// Payer, price and consent: data that a fee policy hands to [`Vm::execute`](crate::Vm::execute).
///
/// The default is Ethereum's rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeeTerms {
    /// Whose balance buys the gas.
    pub payer: Payer,
    /// The price of one unit of gas.
    pub price: GasPrice,
    /// Whether the paying contract must agree while it runs.
    pub consent: Consent,
}
