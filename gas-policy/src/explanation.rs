use primitive_types::{H160, U256};

use crate::{
    decision::Decision,
    policy::decide,
    rejection::Rejection,
    request::{PriceClass, Request},
    rule::Rule,
    rules::Rules,
    travis,
    usage::{Slot, SlotTarget, Usage},
};

/// A decision with what a user needs to understand it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Explanation {
    /// The rule that fired.
    pub rule: Rule,
    /// The decision it made.
    pub decision: Decision,
    /// The price per unit of gas the transaction comes to, in wei.
    pub price: U256,
    /// How that compares with the normal price.
    pub class: PriceClass,
    /// The normal price per unit of gas, in wei.
    pub normal_price: U256,
    /// The gas limit up to which a transaction without a price is free. One more, and the contract is asked to pay.
    pub free_gas_limit: u64,
    /// The slots left in this block, before this transaction.
    pub slots_left: SlotsLeft,
    /// What would make the transaction pass this rule, if it was refused.
    pub remedy: Option<Remedy>,
}

/// How many transactions below the normal price still fit a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SlotsLeft {
    /// For this sender and this target.
    pub pair: u32,
    /// For this sender and any target.
    pub sender: u32,
    /// For everybody.
    pub block: u32,
}

/// What would make a refused transaction pass the rule that refused it. The next rule may have another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Remedy {
    /// Offer this price per unit of gas, in wei.
    OfferPrice {
        /// The least price that passes.
        price: U256,
    },
    /// Lower the tip to the fee, in wei.
    LowerTip {
        /// The highest tip that passes.
        max_tip: U256,
    },
    /// Sign a higher gas limit.
    RaiseGasLimit {
        /// The lowest limit that passes.
        gas_limit: u64,
    },
    /// Sign a lower gas limit.
    LowerGasLimit {
        /// The highest limit that passes.
        gas_limit: u64,
    },
    /// Bring the balance of the sender to this amount, in wei.
    FundSender {
        /// The least balance that passes.
        balance: U256,
    },
    /// Bring the balance of the contract to this amount, in wei (Travis).
    FundContract {
        /// The contract.
        contract: H160,
        /// The least balance that passes.
        balance: U256,
    },
    /// Bring the deposit of the contract to this amount, in wei, opening one if there is none.
    FundDeposit {
        /// The contract.
        contract: H160,
        /// The least deposit that passes.
        deposit: U256,
    },
    /// Have the sponsor list the sender.
    BeListed {
        /// The contract.
        contract: H160,
    },
    /// Send it again in the next block.
    NextBlock,
    /// Send it again once the window is over.
    Wait {
        /// The height at which it is.
        until_height: u64,
    },
    /// Lower price, gas limit or value: together they are more than 256 bits, which nobody owns.
    LowerAmounts,
}

/// Decides like [`decide`], and says why: the rule that fired, what is left, and for a refusal what would pass.
#[must_use]
pub fn explain(rules: &Rules, usage: &Usage, request: &Request) -> Explanation {
    let decision = decide(rules, usage, request);
    let limits = Limits::of(rules, request);
    let slot = Slot { sender: request.sender, target: limits.slot_target };
    let (pair_used, sender_used) = usage.pair_and_sender_slot_counts(&slot);
    Explanation {
        rule: decision.rule(),
        decision,
        price: limits.price,
        class: PriceClass::of(limits.price, limits.normal_price),
        normal_price: limits.normal_price,
        free_gas_limit: limits.free_gas_limit,
        slots_left: SlotsLeft {
            pair: limits.pair_slots_max.saturating_sub(pair_used),
            sender: limits.sender_slots_max.saturating_sub(sender_used),
            block: limits.block_slots_max.saturating_sub(usage.slot_count()),
        },
        remedy: match decision {
            Decision::Accepted(_) => None,
            Decision::Refused(refusal) => Some(limits.remedy(&refusal.rejection)),
        },
    }
}

/// The limits of any rule set, in one shape.
struct Limits {
    price: U256,
    normal_price: U256,
    base_fee: U256,
    free_gas_limit: u64,
    block_gas_limit: u64,
    pair_slots_max: u32,
    sender_slots_max: u32,
    block_slots_max: u32,
    slot_target: SlotTarget,
}

impl Limits {
    fn of(rules: &Rules, request: &Request) -> Self {
        match rules {
            Rules::Travis017(rules) | Rules::TravisHotfix(rules) => {
                let params = rules.params();
                let block_slots_max = params.slots_cap.saturating_add(1);
                Self {
                    price: request.offer.max_fee,
                    normal_price: U256::from(params.normal_price),
                    base_fee: U256::zero(),
                    free_gas_limit: params.free_gas_limit,
                    block_gas_limit: params.block_gas_limit,
                    pair_slots_max: 1,
                    sender_slots_max: block_slots_max,
                    block_slots_max,
                    slot_target: travis::slot_target(&request.target),
                }
            }
            Rules::Strict(rules) => {
                let params = rules.params();
                Self {
                    price: request.offer.effective_price(request.base_fee),
                    normal_price: params.normal_price,
                    base_fee: request.base_fee,
                    free_gas_limit: params.free_gas_limit,
                    block_gas_limit: params.block_gas_limit,
                    pair_slots_max: params.pair_slots_max,
                    sender_slots_max: params.sender_slots_max,
                    block_slots_max: params.block_slots_max,
                    slot_target: SlotTarget::from(&request.target),
                }
            }
        }
    }

    fn remedy(&self, rejection: &Rejection) -> Remedy {
        let pay = Remedy::OfferPrice { price: self.normal_price.max(self.base_fee) };
        match *rejection {
            Rejection::TipAboveFee { max_fee, .. } => Remedy::LowerTip { max_tip: max_fee },
            Rejection::IntrinsicGas { needed, .. } => Remedy::RaiseGasLimit { gas_limit: needed },
            Rejection::BlockGas { gas_limit, .. } if gas_limit > self.block_gas_limit => {
                Remedy::LowerGasLimit { gas_limit: self.block_gas_limit }
            }
            Rejection::SenderBalance { needed, .. }
            | Rejection::TransferBalance { needed, .. }
            | Rejection::NoDeposit { needed, .. }
            | Rejection::DepositBalance { needed, .. }
                if needed == U256::MAX =>
            {
                Remedy::LowerAmounts
            }
            Rejection::SenderBalance { needed, .. }
            | Rejection::OperationFee { needed, .. }
            | Rejection::TransferBalance { needed, .. } => Remedy::FundSender { balance: needed },
            // There are no slots at all, in any block.
            Rejection::BlockSlots { max: 0, .. } => pay,
            Rejection::BlockGas { .. }
            | Rejection::PairSlots { .. }
            | Rejection::SenderSlots { .. }
            | Rejection::BlockSlots { .. }
            | Rejection::UnderpaidGas { .. }
            | Rejection::UnconsentedCalls { .. } => Remedy::NextBlock,
            Rejection::FeeBelowBase { .. }
            | Rejection::LowPriceGas { .. }
            | Rejection::CreationGas { .. }
            | Rejection::SystemGas { .. }
            | Rejection::NoCode { .. }
            | Rejection::HistoricalCrash { .. } => pay,
            Rejection::ContractBalance { contract, needed, .. } => {
                Remedy::FundContract { contract, balance: needed }
            }
            Rejection::NoDeposit { contract, needed }
            | Rejection::DepositBalance { contract, needed, .. } => {
                Remedy::FundDeposit { contract, deposit: needed }
            }
            Rejection::Unlisted { contract, .. } => Remedy::BeListed { contract },
            Rejection::SponsoredGas { max, .. } => Remedy::LowerGasLimit { gas_limit: max },
            Rejection::WastedGas { until_height, .. } => Remedy::Wait { until_height },
        }
    }
}
