/// The name of a rule. Every decision is made by exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Rule {
    /// The sender pays the normal price or more.
    NormalPrice,
    /// The sender pays less than the normal price, for little gas, in a slot.
    LowPrice,
    /// Nobody pays, for little gas, in a slot.
    Free,
    /// The called contract pays from its own balance (Travis).
    ContractPays,
    /// The deposit of the called contract pays (strict).
    DepositPays,
    /// An operation of the chain at a fixed fee (Travis).
    TravisOperation,
    /// Admitted unchecked because the low 64 bits of the price are zero (Travis).
    TruncatedPrice,
    /// Admitted although delivery will crash (Travis 0.1.7).
    UncheckedCreation,
    /// The tip is above the fee.
    TipAboveFee,
    /// The fee is neither zero nor at least the base fee.
    FeeBelowBase,
    /// The gas limit is below the intrinsic gas.
    IntrinsicGas,
    /// The block has too little gas left.
    BlockGas,
    /// The sender owns too little for value and gas.
    SenderBalance,
    /// The sender owns too little for a fixed fee (Travis).
    OperationFee,
    /// The sender owns too little for its value once gas is bought (Travis).
    TransferBalance,
    /// The pair of sender and target has no slot left.
    PairSlots,
    /// The sender has no slot left.
    SenderSlots,
    /// The block has no slot left.
    BlockSlots,
    /// The share of the block for underpaid gas is used up.
    UnderpaidGas,
    /// Too much gas for a low price.
    LowPriceGas,
    /// Too much gas for a free creation.
    CreationGas,
    /// Too much gas for a free system call.
    SystemGas,
    /// The contract that would pay owns too little (Travis).
    ContractBalance,
    /// The called account can not consent.
    NoCode,
    /// The called contract has no deposit.
    NoDeposit,
    /// The sponsor does not list the sender.
    Unlisted,
    /// Too much gas for a sponsored call.
    SponsoredGas,
    /// The deposit is too small.
    DepositBalance,
    /// The sender wasted too much gas on calls without consent.
    WastedGas,
    /// The block holds too many calls without consent.
    UnconsentedCalls,
    /// The original chain halted here (Travis 0.1.7).
    HistoricalCrash,
}

impl Rule {
    /// Every rule, in the order of their declaration.
    pub const ALL: [Self; 31] = [
        Self::NormalPrice,
        Self::LowPrice,
        Self::Free,
        Self::ContractPays,
        Self::DepositPays,
        Self::TravisOperation,
        Self::TruncatedPrice,
        Self::UncheckedCreation,
        Self::TipAboveFee,
        Self::FeeBelowBase,
        Self::IntrinsicGas,
        Self::BlockGas,
        Self::SenderBalance,
        Self::OperationFee,
        Self::TransferBalance,
        Self::PairSlots,
        Self::SenderSlots,
        Self::BlockSlots,
        Self::UnderpaidGas,
        Self::LowPriceGas,
        Self::CreationGas,
        Self::SystemGas,
        Self::ContractBalance,
        Self::NoCode,
        Self::NoDeposit,
        Self::Unlisted,
        Self::SponsoredGas,
        Self::DepositBalance,
        Self::WastedGas,
        Self::UnconsentedCalls,
        Self::HistoricalCrash,
    ];

    /// Returns the name as it appears in the truth table and in answers to users.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NormalPrice => "normal-price",
            Self::LowPrice => "low-price",
            Self::Free => "free",
            Self::ContractPays => "contract-pays",
            Self::DepositPays => "deposit-pays",
            Self::TravisOperation => "travis-operation",
            Self::TruncatedPrice => "truncated-price",
            Self::UncheckedCreation => "unchecked-creation",
            Self::TipAboveFee => "tip-above-fee",
            Self::FeeBelowBase => "fee-below-base",
            Self::IntrinsicGas => "intrinsic-gas",
            Self::BlockGas => "block-gas",
            Self::SenderBalance => "sender-balance",
            Self::OperationFee => "operation-fee",
            Self::TransferBalance => "transfer-balance",
            Self::PairSlots => "pair-slots",
            Self::SenderSlots => "sender-slots",
            Self::BlockSlots => "block-slots",
            Self::UnderpaidGas => "underpaid-gas",
            Self::LowPriceGas => "low-price-gas",
            Self::CreationGas => "creation-gas",
            Self::SystemGas => "system-gas",
            Self::ContractBalance => "contract-balance",
            Self::NoCode => "no-code",
            Self::NoDeposit => "no-deposit",
            Self::Unlisted => "unlisted",
            Self::SponsoredGas => "sponsored-gas",
            Self::DepositBalance => "deposit-balance",
            Self::WastedGas => "wasted-gas",
            Self::UnconsentedCalls => "unconsented-calls",
            Self::HistoricalCrash => "historical-crash",
        }
    }
}

impl core::fmt::Display for Rule {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.pad(self.name())
    }
}
