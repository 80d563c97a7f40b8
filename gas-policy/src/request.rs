use primitive_types::{H160, U256};

/// What is known of a transaction, and of the accounts it touches, before it runs.
///
/// There is no default and no builder: whoever asks states every fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Request {
    /// Whether the transaction asks to enter the pool or to run in a block.
    pub stage: Stage,
    /// The account that signed.
    pub sender: H160,
    /// The balance of the sender, in wei.
    pub sender_balance: U256,
    /// What the transaction is aimed at.
    pub target: Target,
    /// What the sender offers per unit of gas.
    pub offer: Offer,
    /// The price per unit of gas below which the block lets nobody pay, in wei. Zero on Travis.
    pub base_fee: U256,
    /// The gas limit the sender signed. For a Travis operation: the fixed gas of its kind.
    pub gas_limit: u64,
    /// The gas the transaction costs before its first instruction.
    pub intrinsic_gas: u64,
    /// The amount to transfer, in wei.
    pub value: U256,
    /// Whether the transaction carries input data.
    pub calldata: Calldata,
}

/// The moment a decision is asked for.
///
/// Strict rules are the same in both; the Travis rules differ, faithfully.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Stage {
    /// The transaction wants to enter the pool (`CheckTx`).
    Admission,
    /// The transaction is part of a block (`DeliverTx`).
    Delivery,
}

/// What a transaction is aimed at. There is no absent recipient: a creation is a class of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Target {
    /// The transaction creates a contract.
    Create,
    /// The transaction calls an account, or only sends it coins.
    Call(Callee),
    /// The transaction addresses the chain itself: staking, governance.
    ///
    /// Travis knows these by their shape and they have no recipient; any fixed address serves there.
    System(H160),
}

/// The account a transaction calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Callee {
    /// The address called.
    pub address: H160,
    /// Its own balance, in wei. Travis lets contracts pay from it; strict rules never touch it.
    pub balance: U256,
    /// Whether it has code.
    pub code: Code,
    /// The deposit somebody opened to pay for calls to it, if any.
    pub sponsorship: Option<Sponsorship>,
}

/// Whether an account has code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Code {
    /// The account has no code; it can never consent to pay.
    Absent,
    /// The account has code.
    Present,
}

/// Whether a transaction carries input data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Calldata {
    /// No input data.
    Empty,
    /// One byte of input data or more.
    Present,
}

/// A deposit that pays for calls to one contract, apart from the contract's own balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Sponsorship {
    /// What is left of the deposit, in wei.
    pub deposit: U256,
    /// The highest gas limit the sponsor accepts for one transaction.
    pub gas_max: u64,
    /// Whether the sponsor accepts this sender.
    pub access: Access,
}

/// What the optional allow-list of a sponsor says about the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Access {
    /// There is no list; everybody is accepted.
    Everyone,
    /// There is a list and the sender is on it.
    Listed,
    /// There is a list and the sender is not on it.
    Unlisted,
}

/// What a sender offers per unit of gas, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Offer {
    /// The most the sender pays per unit of gas: `maxFeePerGas`, or the gas price of older transactions.
    pub max_fee: U256,
    /// The most the sender adds to the base fee: `maxPriorityFeePerGas`, or the gas price again.
    pub max_tip: U256,
}

impl Offer {
    /// Returns the offer of a transaction with a single gas price.
    #[must_use]
    pub const fn legacy(gas_price: U256) -> Self {
        Self { max_fee: gas_price, max_tip: gas_price }
    }

    /// Returns the price per unit of gas at this base fee (EIP-1559), at full width.
    #[must_use]
    pub fn effective_price(&self, base_fee: U256) -> U256 {
        // Saturation is exact: the sum is capped by the fee anyway.
        self.max_fee.min(base_fee.saturating_add(self.max_tip))
    }
}

/// How a price compares with the normal price of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PriceClass {
    /// Nothing is offered: the transaction is free, or the contract pays.
    Zero,
    /// Something is offered, but less than the normal price.
    Low,
    /// The normal price or more is offered.
    Normal,
}

impl PriceClass {
    /// Classifies a price at full width.
    #[must_use]
    pub fn of(price: U256, normal_price: U256) -> Self {
        if price.is_zero() {
            Self::Zero
        } else if price < normal_price {
            Self::Low
        } else {
            Self::Normal
        }
    }
}
