//! The dimensions of the truth table, and the request and the counters each point of it stands for.

use cybermiles_gas_policy::{
    Access, Calldata, Callee, Code, Offer, Request, Rules, Slot, SlotTarget, Sponsorship, Stage,
    StrictRules, Target, TravisRules, Unconsented, Usage, UsageDelta,
};
use primitive_types::{H160, U256};

pub(crate) const HEIGHT: u64 = 1_724_748;
pub(crate) const NORMAL_PRICE: u64 = 2_000_000_000;
pub(crate) const SENDER: H160 = H160([0x11; 20]);
pub(crate) const TARGET: H160 = H160([0x22; 20]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Price {
    Zero,
    Low,
    Normal,
    /// A multiple of 2^64: zero to whoever looks at the low 64 bits.
    Truncated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetKind {
    Create,
    Account,
    Contract,
    Sponsored,
    System,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gas {
    UpToFree,
    AboveFree,
    AboveSponsored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Balance {
    Enough,
    /// The sender owns nothing, not even the one wei it sends.
    SenderShort,
    /// Neither the contract nor its deposit hold anything.
    ContractShort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slots {
    Open,
    PairTaken,
    SenderFull,
    BlockFull,
    QuotaSpent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) price: Price,
    pub(crate) target: TargetKind,
    pub(crate) gas: Gas,
    pub(crate) balance: Balance,
    pub(crate) slots: Slots,
}

impl Price {
    pub(crate) const ALL: [Self; 4] = [Self::Zero, Self::Low, Self::Normal, Self::Truncated];
}

impl TargetKind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Create, Self::Account, Self::Contract, Self::Sponsored, Self::System];
}

impl Gas {
    pub(crate) const ALL: [Self; 3] = [Self::UpToFree, Self::AboveFree, Self::AboveSponsored];
}

impl Balance {
    pub(crate) const ALL: [Self; 3] = [Self::Enough, Self::SenderShort, Self::ContractShort];
}

impl Slots {
    pub(crate) const ALL: [Self; 5] =
        [Self::Open, Self::PairTaken, Self::SenderFull, Self::BlockFull, Self::QuotaSpent];
}

/// The columns of the table.
pub(crate) fn columns() -> [(Rules, Stage); 5] {
    let (before, after) =
        (Rules::Travis017(TravisRules::default()), Rules::TravisHotfix(TravisRules::default()));
    [
        (before, Stage::Admission),
        (before, Stage::Delivery),
        (after, Stage::Admission),
        (after, Stage::Delivery),
        (Rules::Strict(StrictRules::default()), Stage::Delivery),
    ]
}

/// Every point of the table.
pub(crate) fn cases() -> impl Iterator<Item = Case> {
    Price::ALL.into_iter().flat_map(|price| {
        TargetKind::ALL.into_iter().flat_map(move |target| {
            Gas::ALL.into_iter().flat_map(move |gas| {
                Balance::ALL.into_iter().flat_map(move |balance| {
                    Slots::ALL.into_iter().map(move |slots| Case {
                        price,
                        target,
                        gas,
                        balance,
                        slots,
                    })
                })
            })
        })
    })
}

impl Case {
    pub(crate) fn request(&self, stage: Stage) -> Request {
        let plenty = U256::from(u128::MAX);
        let (sender_balance, contract_balance) = match self.balance {
            Balance::Enough => (plenty, plenty),
            Balance::SenderShort => (U256::zero(), plenty),
            Balance::ContractShort => (plenty, U256::zero()),
        };
        let code = if self.target == TargetKind::Account { Code::Absent } else { Code::Present };
        let sponsorship =
            Sponsorship { deposit: contract_balance, gas_max: u64::MAX, access: Access::Everyone };
        let sponsorship = (self.target == TargetKind::Sponsored).then_some(sponsorship);
        let callee = Callee { address: TARGET, balance: contract_balance, code, sponsorship };
        Request {
            stage,
            sender: SENDER,
            sender_balance,
            target: match self.target {
                TargetKind::Create => Target::Create,
                TargetKind::Account | TargetKind::Contract | TargetKind::Sponsored => {
                    Target::Call(callee)
                }
                TargetKind::System => Target::System(TARGET),
            },
            offer: Offer::legacy(match self.price {
                Price::Zero => U256::zero(),
                Price::Low => U256::from(NORMAL_PRICE - 1),
                Price::Normal => U256::from(NORMAL_PRICE),
                Price::Truncated => U256::one() << 64,
            }),
            base_fee: U256::zero(),
            gas_limit: match self.gas {
                Gas::UpToFree => 500_000,
                Gas::AboveFree => 500_001,
                Gas::AboveSponsored => 10_000_001,
            },
            intrinsic_gas: 53_000,
            value: U256::one(),
            calldata: Calldata::Present,
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        let mut usage = Usage::new(HEIGHT);
        match self.slots {
            Slots::Open => {}
            // Travis counts a creation as a call to the zero address.
            Slots::PairTaken => match self.target {
                TargetKind::Create => {
                    take(&mut usage, SENDER, SlotTarget::Create);
                    take(&mut usage, SENDER, SlotTarget::Call(H160::zero()));
                }
                TargetKind::Account | TargetKind::Contract | TargetKind::Sponsored => {
                    take(&mut usage, SENDER, SlotTarget::Call(TARGET));
                }
                TargetKind::System => take(&mut usage, SENDER, SlotTarget::System(TARGET)),
            },
            Slots::SenderFull => {
                (100..104).for_each(|id| {
                    take(&mut usage, SENDER, SlotTarget::Call(H160::from_low_u64_be(id)));
                });
            }
            Slots::BlockFull => {
                (0..101)
                    .for_each(|id| take(&mut usage, H160::from_low_u64_be(id), SlotTarget::Create));
            }
            Slots::QuotaSpent => {
                let unconsented = Some(Unconsented { sender: SENDER, gas: 9_600_000 });
                usage.apply(&UsageDelta { unconsented, ..UsageDelta::default() });
            }
        }
        usage
    }
}

fn take(usage: &mut Usage, sender: H160, target: SlotTarget) {
    usage.apply(&UsageDelta { slot: Some(Slot { sender, target }), ..UsageDelta::default() });
}
