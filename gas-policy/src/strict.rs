//! The strict rules: every weakness of the historical ones is closed by a rule with a name.
//!
//! They are the same at admission and at delivery, compare amounts at full width, and a refusal leaves nothing behind.

use primitive_types::U256;

use crate::{
    decision::{Consent, Decision, Grant, Payer, Refusal},
    rejection::Rejection,
    request::{Access, Callee, Code, PriceClass, Request, Sponsorship, Stage, Target},
    rule::Rule,
    strict_rules::StrictRules,
    usage::{Slot, SlotTarget, Usage},
};

pub(crate) fn decide(rules: &StrictRules, usage: &Usage, request: &Request) -> Decision {
    match (Facts { rules, usage, request }).grant() {
        Ok(grant) => Decision::Accepted(grant),
        Err(rejection) => {
            // One code for one cause, whenever it is asked for.
            let code = rejection.code(Stage::Admission);
            Decision::Refused(Refusal { rejection, code, residue: None })
        }
    }
}

struct Facts<'a> {
    rules: &'a StrictRules,
    usage: &'a Usage,
    request: &'a Request,
}

impl Facts<'_> {
    fn grant(&self) -> Result<Grant, Rejection> {
        self.check_offer()?;
        self.check_gas_limit()?;
        let (request, params) = (self.request, self.rules.params());
        let price = request.offer.effective_price(request.base_fee);
        let class = PriceClass::of(price, params.normal_price);
        match (class, request.gas_limit <= params.free_gas_limit) {
            (PriceClass::Normal, _) => {
                self.check_sender_pays()?;
                Ok(self.sender_pays(Rule::NormalPrice, price, None))
            }
            (PriceClass::Low, true) => {
                self.check_sender_pays()?;
                let slot = self.check_slots()?;
                Ok(self.sender_pays(Rule::LowPrice, price, Some(slot)))
            }
            (PriceClass::Low, false) => {
                let (gas_limit, max) = (request.gas_limit, params.free_gas_limit);
                Err(Rejection::LowPriceGas { gas_limit, max })
            }
            (PriceClass::Zero, true) => {
                self.check_value()?;
                let slot = self.check_slots()?;
                Ok(Grant {
                    rule: Rule::Free,
                    payer: Payer::Nobody,
                    price: U256::zero(),
                    gas_max: request.gas_limit,
                    consent: Consent::NotNeeded,
                    slot: Some(slot),
                })
            }
            (PriceClass::Zero, false) => {
                self.check_value()?;
                self.sponsored()
            }
        }
    }

    /// The deposit of the called contract pays, once that contract consents.
    fn sponsored(&self) -> Result<Grant, Rejection> {
        let (gas_limit, max) = (self.request.gas_limit, self.rules.params().free_gas_limit);
        let callee = match &self.request.target {
            Target::Create => return Err(Rejection::CreationGas { gas_limit, max }),
            Target::System(_) => return Err(Rejection::SystemGas { gas_limit, max }),
            Target::Call(callee) => callee,
        };
        let price = self.rules.params().normal_price.max(self.request.base_fee);
        let reserve = price.checked_mul(U256::from(gas_limit));
        self.check_sponsorship(callee, reserve)?;
        self.check_waste()?;
        Ok(Grant {
            rule: Rule::DepositPays,
            payer: Payer::Deposit(callee.address),
            price,
            gas_max: gas_limit,
            consent: Consent::OwnFrame,
            slot: None,
        })
    }

    /// There is somebody to pay: code that can consent, and a deposit that accepts the sender and covers the gas.
    fn check_sponsorship(&self, callee: &Callee, reserve: Option<U256>) -> Result<(), Rejection> {
        let contract = callee.address;
        let needed = reserve.unwrap_or(U256::MAX);
        if callee.code == Code::Absent {
            return Err(Rejection::NoCode { callee: contract });
        }
        let Some(Sponsorship { deposit, gas_max, access }) = &callee.sponsorship else {
            return Err(Rejection::NoDeposit { contract, needed });
        };
        if *access == Access::Unlisted {
            return Err(Rejection::Unlisted { contract, sender: self.request.sender });
        }
        let gas_limit = self.request.gas_limit;
        let max = (*gas_max).min(self.rules.params().sponsored_gas_max);
        if gas_limit > max {
            return Err(Rejection::SponsoredGas { gas_limit, max });
        }
        if reserve.is_none_or(|reserve| reserve > *deposit) {
            return Err(Rejection::DepositBalance { contract, needed, available: *deposit });
        }
        Ok(())
    }

    /// If nobody consents, the gas was wasted: it has to fit the quota of the sender and the share of the block.
    fn check_waste(&self) -> Result<(), Rejection> {
        let (usage, params) = (self.usage, self.rules.params());
        let gas_limit = self.request.gas_limit;
        let available = params.wasted_gas_max.saturating_sub(usage.wasted_gas(self.request.sender));
        if gas_limit > available {
            let until_height = usage.window_start().saturating_add(params.window_blocks);
            return Err(Rejection::WastedGas { gas_limit, available, until_height });
        }
        let (used, max) = (usage.unconsented_count(), params.unconsented_calls_max);
        if used >= max {
            return Err(Rejection::UnconsentedCalls { used, max });
        }
        self.check_underpaid_gas()
    }

    /// A tip is part of the fee, and an offer is nothing at all or enough for the base fee.
    fn check_offer(&self) -> Result<(), Rejection> {
        let (offer, base_fee) = (self.request.offer, self.request.base_fee);
        let (max_fee, max_tip) = (offer.max_fee, offer.max_tip);
        if max_tip > max_fee {
            return Err(Rejection::TipAboveFee { max_tip, max_fee });
        }
        if !max_fee.is_zero() && max_fee < base_fee {
            return Err(Rejection::FeeBelowBase { max_fee, base_fee });
        }
        Ok(())
    }

    fn check_gas_limit(&self) -> Result<(), Rejection> {
        let (gas_limit, needed) = (self.request.gas_limit, self.request.intrinsic_gas);
        if needed > gas_limit {
            return Err(Rejection::IntrinsicGas { gas_limit, needed });
        }
        let available = self.rules.params().block_gas_limit.saturating_sub(self.usage.gas());
        if gas_limit > available {
            return Err(Rejection::BlockGas { gas_limit, available });
        }
        Ok(())
    }

    /// The value comes from the sender, whoever pays for the gas.
    fn check_value(&self) -> Result<(), Rejection> {
        let (needed, available) = (self.request.value, self.request.sender_balance);
        if needed > available {
            Err(Rejection::SenderBalance { needed, available })
        } else {
            Ok(())
        }
    }

    /// The sender owns its value and the whole gas limit at the highest price it may come to.
    fn check_sender_pays(&self) -> Result<(), Rejection> {
        let request = self.request;
        let cost = request.offer.max_fee.checked_mul(U256::from(request.gas_limit));
        let needed = cost.and_then(|cost| cost.checked_add(request.value));
        if needed.is_none_or(|needed| needed > request.sender_balance) {
            let (needed, available) = (needed.unwrap_or(U256::MAX), request.sender_balance);
            return Err(Rejection::SenderBalance { needed, available });
        }
        Ok(())
    }

    /// The transaction does not pay the normal price, so it takes a slot of its pair, its sender and its block.
    fn check_slots(&self) -> Result<Slot, Rejection> {
        let (usage, params, sender) = (self.usage, self.rules.params(), self.request.sender);
        let slot = Slot { sender, target: SlotTarget::from(&self.request.target) };
        let (used, max) = (usage.slot_count(), params.block_slots_max);
        if used >= max {
            return Err(Rejection::BlockSlots { used, max });
        }
        let (pair_used, used) = usage.pair_and_sender_slot_counts(&slot);
        if pair_used >= params.pair_slots_max {
            return Err(Rejection::PairSlots { used: pair_used, max: params.pair_slots_max });
        }
        let max = params.sender_slots_max;
        if used >= max {
            return Err(Rejection::SenderSlots { used, max });
        }
        self.check_underpaid_gas()?;
        Ok(slot)
    }

    /// A share of the block is kept for gas somebody pays the normal price for.
    const fn check_underpaid_gas(&self) -> Result<(), Rejection> {
        let available = self.rules.underpaid_gas_max().saturating_sub(self.usage.underpaid_gas());
        let gas_limit = self.request.gas_limit;
        if gas_limit > available {
            Err(Rejection::UnderpaidGas { gas_limit, available })
        } else {
            Ok(())
        }
    }

    const fn sender_pays(&self, rule: Rule, price: U256, slot: Option<Slot>) -> Grant {
        let gas_max = self.request.gas_limit;
        Grant { rule, payer: Payer::Sender, price, gas_max, consent: Consent::NotNeeded, slot }
    }
}
