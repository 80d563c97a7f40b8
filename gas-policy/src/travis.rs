//! The free-gas rules of Travis, before and after the hotfix, defects included.
//!
//! The defects are values: what burned coins is a [`Residue`], what halted the chain is a
//! [`Rejection::HistoricalCrash`].
//!
//! **Deviations.** The mutable state of the original is an argument here. Addition and multiplication are checked where
//! the original used numbers of any size; an amount above 256 bits, which nobody can own, is refused like any other
//! amount the payer does not own.

use primitive_types::{H160, U256};

use crate::{
    decision::{Consent, Decision, Grant, Payer, Refusal, Residue, SenderNonce},
    rejection::Rejection,
    request::{Calldata, Callee, PriceClass, Request, Stage, Target},
    rule::Rule,
    travis_rules::TravisParams,
    usage::{Slot, SlotTarget, Usage},
};

/// Which of the two historical rule sets applies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revision {
    V017,
    Hotfix,
}

pub(crate) fn decide(
    revision: Revision,
    params: &TravisParams,
    usage: &Usage,
    request: &Request,
) -> Decision {
    let facts = Facts { revision, params, usage, request, price: request.offer.max_fee };
    let terms = match (&request.target, request.stage) {
        (Target::System(_), _) => facts.operation(),
        (_, Stage::Admission) => facts.admit(),
        (_, Stage::Delivery) => facts.deliver(),
    };
    match terms {
        Ok(grant) => Decision::Accepted(grant),
        Err(failure) => Decision::Refused(facts.refusal(failure)),
    }
}

/// The target a slot is counted for. The zero address stood for "no recipient", so a creation shares its slot.
pub(crate) fn slot_target(target: &Target) -> SlotTarget {
    match target {
        Target::Create => SlotTarget::Call(H160::zero()),
        Target::Call(_) | Target::System(_) => SlotTarget::from(target),
    }
}

/// Why a transaction is refused, and how far it had come.
#[derive(Clone, Copy)]
struct Failure {
    rejection: Rejection,
    progress: Progress,
}

#[derive(Clone, Copy)]
enum Progress {
    NothingDone,
    SlotTaken,
    GasBought(SenderNonce),
}

impl Progress {
    const fn refuse(self, rejection: Rejection) -> Failure {
        Failure { rejection, progress: self }
    }
}

struct Facts<'a> {
    revision: Revision,
    params: &'a TravisParams,
    usage: &'a Usage,
    request: &'a Request,
    price: U256,
}

impl Facts<'_> {
    /// A staking or governance operation: a fixed fee from the sender, no slot, no gas of the block.
    fn operation(&self) -> Result<Grant, Failure> {
        let (needed, available) = (self.normal_price_of_gas(), self.request.sender_balance);
        if needed > available {
            return Err(Progress::NothingDone.refuse(Rejection::OperationFee { needed, available }));
        }
        let (payer, price) = if needed.is_zero() {
            (Payer::Nobody, U256::zero())
        } else {
            (Payer::Sender, self.normal_price())
        };
        Ok(Grant { slot: None, ..self.grant(Rule::TravisOperation, payer, price) })
    }

    /// What `CheckTx` asked. The order of the questions matters.
    fn admit(&self) -> Result<Grant, Failure> {
        let request = self.request;
        let refuse = |rejection| Progress::NothingDone.refuse(rejection);
        self.check_block_gas().map_err(refuse)?;
        self.check_intrinsic_gas().map_err(refuse)?;
        // The zero test saw the low 64 bits of the price only, and only calls with input data.
        let asks_contract = self.price.low_u64() == 0 && self.is_above_free_gas();
        if let (true, Target::Call(callee), Calldata::Present) =
            (asks_contract, &request.target, request.calldata)
        {
            self.check_contract(callee).map_err(refuse)?;
            let grant = if self.price.is_zero() {
                self.contract_pays(callee.address)
            } else {
                self.grant(Rule::TruncatedPrice, Payer::Sender, self.price)
            };
            return Ok(Grant { slot: None, ..grant });
        }
        let cost = self.price.checked_mul(U256::from(request.gas_limit));
        self.check_sender(cost.and_then(|cost| cost.checked_add(request.value))).map_err(refuse)?;
        self.check_slots().map_err(refuse)?;
        Ok(match self.terms() {
            Some(grant) => grant,
            None => self.grant(Rule::UncheckedCreation, Payer::Nobody, U256::zero()),
        })
    }

    /// What `DeliverTx` asked, and the part of the state transition that comes before the first instruction.
    fn deliver(&self) -> Result<Grant, Failure> {
        self.check_slots().map_err(|rejection| Progress::NothingDone.refuse(rejection))?;
        let Some(grant) = self.terms() else {
            let gas_limit = self.request.gas_limit;
            return Err(Progress::NothingDone.refuse(Rejection::HistoricalCrash { gas_limit }));
        };
        let refuse = |rejection| Progress::SlotTaken.refuse(rejection);
        self.check_purchase().map_err(refuse)?;
        self.check_block_gas().map_err(refuse)?;
        // Gas is bought. Whatever is refused from here on does not give it back.
        let refuse = |rejection| Progress::GasBought(SenderNonce::Kept).refuse(rejection);
        self.check_intrinsic_gas().map_err(refuse)?;
        // A creation compares before it counts, a call after.
        let nonce = if self.request.target == Target::Create {
            SenderNonce::Kept
        } else {
            SenderNonce::Raised
        };
        self.check_transfer(&grant)
            .map_err(|rejection| Progress::GasBought(nonce).refuse(rejection))?;
        Ok(grant)
    }

    /// Who pays, or nothing where the original dereferenced the recipient of a creation.
    fn terms(&self) -> Option<Grant> {
        match &self.request.target {
            Target::Call(callee) if self.is_contract_paid() => {
                Some(self.contract_pays(callee.address))
            }
            // The hotfix refuses such a creation when it looks for a slot.
            _ if self.is_contract_paid() => None,
            _ => Some(self.sender_pays()),
        }
    }

    fn refusal(&self, failure: Failure) -> Refusal {
        let Failure { rejection, progress } = failure;
        let stage = self.request.stage;
        let slot = self.slot();
        let nothing = Residue {
            payer: Payer::Nobody,
            burned: U256::zero(),
            nonce: SenderNonce::Kept,
            slot,
            gas: 0,
        };
        let residue = match progress {
            Progress::NothingDone => None,
            Progress::SlotTaken => slot.map(|_| nothing),
            Progress::GasBought(nonce) => self.terms().map(|grant| Residue {
                payer: grant.payer,
                burned: grant.reserve(),
                nonce,
                gas: grant.gas_max,
                ..nothing
            }),
        };
        Refusal { rejection, code: rejection.code(stage), residue }
    }

    fn slot(&self) -> Option<Slot> {
        let slot = Slot { sender: self.request.sender, target: slot_target(&self.request.target) };
        (self.price < self.normal_price()).then_some(slot)
    }

    /// The "low price check": one slot per pair of sender and recipient, a cap per block.
    fn check_slots(&self) -> Result<(), Rejection> {
        let Some(slot) = self.slot() else { return Ok(()) };
        let used = self.usage.pair_slot_count(&slot);
        if used > 0 {
            return Err(Rejection::PairSlots { used, max: 1 });
        }
        let (gas_limit, max) = (self.request.gas_limit, self.params.free_gas_limit);
        if self.is_above_free_gas() {
            if self.price.low_u64() > 0 {
                return Err(Rejection::LowPriceGas { gas_limit, max });
            }
            // The second half of the hotfix. Its first half guarded the purchase of gas, which this makes unreachable.
            if self.request.target == Target::Create && self.revision == Revision::Hotfix {
                return Err(Rejection::CreationGas { gas_limit, max });
            }
        }
        let used = self.usage.slot_count();
        if used > self.params.slots_cap {
            return Err(Rejection::BlockSlots {
                used,
                max: self.params.slots_cap.saturating_add(1),
            });
        }
        Ok(())
    }

    /// The payer owns the price of the whole gas limit.
    fn check_purchase(&self) -> Result<(), Rejection> {
        match &self.request.target {
            Target::Call(callee) if self.is_contract_paid() => self.check_contract(callee),
            _ => self.check_sender(self.price.checked_mul(U256::from(self.request.gas_limit))),
        }
    }

    fn check_contract(&self, callee: &Callee) -> Result<(), Rejection> {
        let (contract, needed, available) =
            (callee.address, self.normal_price_of_gas(), callee.balance);
        if needed > available {
            Err(Rejection::ContractBalance { contract, needed, available })
        } else {
            Ok(())
        }
    }

    fn check_block_gas(&self) -> Result<(), Rejection> {
        let available = self.params.block_gas_limit.saturating_sub(self.usage.gas());
        let gas_limit = self.request.gas_limit;
        if gas_limit > available {
            Err(Rejection::BlockGas { gas_limit, available })
        } else {
            Ok(())
        }
    }

    const fn check_intrinsic_gas(&self) -> Result<(), Rejection> {
        let (gas_limit, needed) = (self.request.gas_limit, self.request.intrinsic_gas);
        if needed > gas_limit { Err(Rejection::IntrinsicGas { gas_limit, needed }) } else { Ok(()) }
    }

    fn check_sender(&self, cost: Option<U256>) -> Result<(), Rejection> {
        let available = self.request.sender_balance;
        if cost.is_none_or(|needed| needed > available) {
            return Err(Rejection::SenderBalance { needed: cost.unwrap_or(U256::MAX), available });
        }
        Ok(())
    }

    /// The sender owns its value, on top of the gas it bought.
    fn check_transfer(&self, grant: &Grant) -> Result<(), Rejection> {
        let request = self.request;
        // An account that calls itself buys its own gas, too.
        let has_bought =
            grant.payer == Payer::Sender || grant.payer == Payer::Contract(request.sender);
        let bought = if has_bought { grant.reserve() } else { U256::zero() };
        let (needed, available) = (bought.checked_add(request.value), request.sender_balance);
        if needed.is_none_or(|needed| needed > available) {
            return Err(Rejection::TransferBalance {
                needed: needed.unwrap_or(U256::MAX),
                available,
            });
        }
        Ok(())
    }

    fn contract_pays(&self, contract: H160) -> Grant {
        let grant = self.grant(Rule::ContractPays, Payer::Contract(contract), self.normal_price());
        Grant { consent: Consent::AnyFrame, ..grant }
    }

    fn sender_pays(&self) -> Grant {
        match PriceClass::of(self.price, self.normal_price()) {
            PriceClass::Zero => self.grant(Rule::Free, Payer::Nobody, U256::zero()),
            PriceClass::Low => self.grant(Rule::LowPrice, Payer::Sender, self.price),
            PriceClass::Normal => self.grant(Rule::NormalPrice, Payer::Sender, self.price),
        }
    }

    fn grant(&self, rule: Rule, payer: Payer, price: U256) -> Grant {
        let gas_max = self.request.gas_limit;
        Grant { rule, payer, price, gas_max, consent: Consent::NotNeeded, slot: self.slot() }
    }

    fn normal_price(&self) -> U256 {
        U256::from(self.params.normal_price)
    }

    /// Both factors have 64 bits.
    fn normal_price_of_gas(&self) -> U256 {
        self.normal_price().saturating_mul(U256::from(self.request.gas_limit))
    }

    const fn is_above_free_gas(&self) -> bool {
        self.request.gas_limit > self.params.free_gas_limit
    }

    const fn is_contract_paid(&self) -> bool {
        self.price.is_zero() && self.is_above_free_gas()
    }
}
