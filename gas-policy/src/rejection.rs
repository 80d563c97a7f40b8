use primitive_types::{H160, U256};
use thiserror::Error;

use crate::{request::Stage, rule::Rule};

/// Why a transaction may not run. Amounts are in wei; every limit comes with what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rejection {
    /// The tip is higher than the whole fee.
    #[error("tip {max_tip} is above the fee {max_fee}")]
    TipAboveFee {
        /// The tip offered.
        max_tip: U256,
        /// The whole fee offered.
        max_fee: U256,
    },
    /// The offer is neither zero nor enough for the base fee.
    #[error("fee {max_fee} is below the base fee {base_fee}")]
    FeeBelowBase {
        /// The fee offered.
        max_fee: U256,
        /// The base fee of the block.
        base_fee: U256,
    },
    /// The gas limit does not cover the cost before the first instruction.
    #[error("gas limit {gas_limit} is below the intrinsic gas {needed}")]
    IntrinsicGas {
        /// The gas limit signed.
        gas_limit: u64,
        /// The intrinsic gas.
        needed: u64,
    },
    /// The block has less gas left than the transaction may use.
    #[error("gas limit {gas_limit} is above the {available} the block has left")]
    BlockGas {
        /// The gas limit signed.
        gas_limit: u64,
        /// The gas the block has left.
        available: u64,
    },
    /// The sender owns too little for its value and its gas.
    #[error("sender needs {needed} and owns {available}")]
    SenderBalance {
        /// The amount needed; the highest number if it does not fit 256 bits.
        needed: U256,
        /// The balance found.
        available: U256,
    },
    /// The sender owns too little for the fee of an operation of the chain.
    #[error("operation costs {needed} and the sender owns {available}")]
    OperationFee {
        /// The fee.
        needed: U256,
        /// The balance found.
        available: U256,
    },
    /// Gas was bought, and then the sender owned too little for its value (Travis).
    #[error("transfer after the purchase of gas needs {needed} and the sender owned {available}")]
    TransferBalance {
        /// The value, and the gas if the sender bought it; the highest number if it does not fit 256 bits.
        needed: U256,
        /// The balance found.
        available: U256,
    },
    /// The sender already ran as many such transactions with this target in this block as allowed.
    #[error("sender has {used} of {max} slots with this target in this block")]
    PairSlots {
        /// The slots taken.
        used: u32,
        /// The slots there are.
        max: u32,
    },
    /// The sender already ran as many such transactions in this block as allowed.
    #[error("sender has {used} of {max} slots in this block")]
    SenderSlots {
        /// The slots taken.
        used: u32,
        /// The slots there are.
        max: u32,
    },
    /// The block already holds as many such transactions as allowed.
    #[error("{used} of {max} slots of this block are taken")]
    BlockSlots {
        /// The slots taken.
        used: u32,
        /// The slots there are.
        max: u32,
    },
    /// The rest of the block is reserved for transactions that pay the normal price.
    #[error(
        "gas limit {gas_limit} is above the {available} left for transactions below the normal price"
    )]
    UnderpaidGas {
        /// The gas limit signed.
        gas_limit: u64,
        /// The gas left below the normal price.
        available: u64,
    },
    /// A low price buys only a little gas.
    #[error("gas limit {gas_limit} is above {max} at a price below normal")]
    LowPriceGas {
        /// The gas limit signed.
        gas_limit: u64,
        /// The most gas at such a price.
        max: u64,
    },
    /// A creation for nothing, with more gas than the free limit: the transaction that halted the chain.
    #[error("creation with gas limit {gas_limit} above the free {max} has nobody to pay for it")]
    CreationGas {
        /// The gas limit signed.
        gas_limit: u64,
        /// The most gas that is free.
        max: u64,
    },
    /// A system call for nothing, with more gas than the free limit.
    #[error("system call with gas limit {gas_limit} above the free {max} has nobody to pay for it")]
    SystemGas {
        /// The gas limit signed.
        gas_limit: u64,
        /// The most gas that is free.
        max: u64,
    },
    /// The contract that would pay owns too little (Travis).
    #[error("contract {contract:?} needs {needed} to pay for gas and owns {available}")]
    ContractBalance {
        /// The contract.
        contract: H160,
        /// The price of the whole gas limit.
        needed: U256,
        /// The balance found.
        available: U256,
    },
    /// The account that would have to consent has no code.
    #[error("{callee:?} has no code and can not consent to pay")]
    NoCode {
        /// The account called.
        callee: H160,
    },
    /// Nobody opened a deposit for the contract.
    #[error("contract {contract:?} has no deposit to pay from")]
    NoDeposit {
        /// The contract called.
        contract: H160,
        /// The price of the whole gas limit.
        needed: U256,
    },
    /// The sponsor has an allow-list and the sender is not on it.
    #[error("sponsor of {contract:?} does not list {sender:?}")]
    Unlisted {
        /// The contract called.
        contract: H160,
        /// The sender.
        sender: H160,
    },
    /// The gas limit is above what the sponsor, or the chain, allows for one sponsored transaction.
    #[error("gas limit {gas_limit} is above {max} for a sponsored transaction")]
    SponsoredGas {
        /// The gas limit signed.
        gas_limit: u64,
        /// The lower of both ceilings.
        max: u64,
    },
    /// The deposit does not cover the gas limit.
    #[error("deposit of {contract:?} needs {needed} and holds {available}")]
    DepositBalance {
        /// The contract called.
        contract: H160,
        /// The price of the whole gas limit.
        needed: U256,
        /// What is left of the deposit.
        available: U256,
    },
    /// The sender used up what it may waste on calls that nobody consented to pay.
    #[error(
        "gas limit {gas_limit} is above the {available} the sender may still waste before block {until_height}"
    )]
    WastedGas {
        /// The gas limit signed.
        gas_limit: u64,
        /// What is left of the quota.
        available: u64,
        /// The height at which a new window starts.
        until_height: u64,
    },
    /// The block already holds as many calls without consent as allowed.
    #[error("block already holds {used} of {max} calls without consent")]
    UnconsentedCalls {
        /// The calls without consent so far.
        used: u32,
        /// The most there may be.
        max: u32,
    },
    /// The original chain dereferenced the absent recipient here, and halted on every node.
    #[error("the original chain halted on this creation with gas limit {gas_limit}")]
    HistoricalCrash {
        /// The gas limit signed.
        gas_limit: u64,
    },
}

impl Rejection {
    /// Returns the rule that refused.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        match self {
            Self::TipAboveFee { .. } => Rule::TipAboveFee,
            Self::FeeBelowBase { .. } => Rule::FeeBelowBase,
            Self::IntrinsicGas { .. } => Rule::IntrinsicGas,
            Self::BlockGas { .. } => Rule::BlockGas,
            Self::SenderBalance { .. } => Rule::SenderBalance,
            Self::OperationFee { .. } => Rule::OperationFee,
            Self::TransferBalance { .. } => Rule::TransferBalance,
            Self::PairSlots { .. } => Rule::PairSlots,
            Self::SenderSlots { .. } => Rule::SenderSlots,
            Self::BlockSlots { .. } => Rule::BlockSlots,
            Self::UnderpaidGas { .. } => Rule::UnderpaidGas,
            Self::LowPriceGas { .. } => Rule::LowPriceGas,
            Self::CreationGas { .. } => Rule::CreationGas,
            Self::SystemGas { .. } => Rule::SystemGas,
            Self::ContractBalance { .. } => Rule::ContractBalance,
            Self::NoCode { .. } => Rule::NoCode,
            Self::NoDeposit { .. } => Rule::NoDeposit,
            Self::Unlisted { .. } => Rule::Unlisted,
            Self::SponsoredGas { .. } => Rule::SponsoredGas,
            Self::DepositBalance { .. } => Rule::DepositBalance,
            Self::WastedGas { .. } => Rule::WastedGas,
            Self::UnconsentedCalls { .. } => Rule::UnconsentedCalls,
            Self::HistoricalCrash { .. } => Rule::HistoricalCrash,
        }
    }

    /// Returns the result code of the cause, as CyberMiles numbered it, continued for causes it did not know.
    #[must_use]
    pub const fn code(&self, stage: Stage) -> RejectionCode {
        match (self, stage) {
            (Self::IntrinsicGas { .. } | Self::SenderBalance { .. }, Stage::Admission)
            | (Self::OperationFee { .. }, _)
            | (Self::TipAboveFee { .. } | Self::FeeBelowBase { .. }, _) => {
                RejectionCode::InvalidInput
            }
            (
                Self::IntrinsicGas { .. }
                | Self::SenderBalance { .. }
                | Self::ContractBalance { .. },
                Stage::Delivery,
            )
            | (Self::BlockGas { .. } | Self::TransferBalance { .. }, _) => RejectionCode::Internal,
            (Self::PairSlots { .. } | Self::SenderSlots { .. }, _) => RejectionCode::SlotTaken,
            (Self::LowPriceGas { .. } | Self::CreationGas { .. } | Self::SystemGas { .. }, _)
            | (Self::ContractBalance { .. }, Stage::Admission) => RejectionCode::GasTooHigh,
            (
                Self::BlockSlots { .. } | Self::UnderpaidGas { .. } | Self::UnconsentedCalls { .. },
                _,
            ) => RejectionCode::BlockFull,
            (
                Self::NoCode { .. }
                | Self::NoDeposit { .. }
                | Self::Unlisted { .. }
                | Self::SponsoredGas { .. }
                | Self::DepositBalance { .. },
                _,
            ) => RejectionCode::NotSponsored,
            (Self::WastedGas { .. }, _) => RejectionCode::QuotaSpent,
            (Self::HistoricalCrash { .. }, _) => RejectionCode::Crash,
        }
    }
}

/// The result code of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RejectionCode {
    /// 1: the state transition refused.
    Internal,
    /// 20: the transaction contradicts the state it wants to run on.
    InvalidInput,
    /// 101: "The gas price is too low for transaction".
    SlotTaken,
    /// 102: "The gas limit is too high for low price transaction".
    GasTooHigh,
    /// 103: "The capacity of one block is reached for low price transactions".
    BlockFull,
    /// 104: nobody sponsors the call.
    NotSponsored,
    /// 105: the sender's quota of calls without consent is spent.
    QuotaSpent,
    /// No code: the process that should have answered had stopped.
    Crash,
}

impl RejectionCode {
    /// Returns the number a client sees, or `None` where the original chain gave no answer.
    #[must_use]
    pub const fn number(&self) -> Option<u32> {
        match self {
            Self::Internal => Some(1),
            Self::InvalidInput => Some(20),
            Self::SlotTaken => Some(101),
            Self::GasTooHigh => Some(102),
            Self::BlockFull => Some(103),
            Self::NotSponsored => Some(104),
            Self::QuotaSpent => Some(105),
            Self::Crash => None,
        }
    }
}
