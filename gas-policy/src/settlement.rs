use primitive_types::U256;

use crate::{
    decision::{Consent, Grant, Payer},
    request::Request,
    usage::{Unconsented, UsageDelta},
};

/// What the virtual machine reports about a transaction that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Execution {
    /// The gas used, before refunds.
    pub gas_used: u64,
    /// The gas refunded, already capped by the rules of the fork.
    pub gas_refunded: u64,
    /// How the top-level frame ended.
    pub outcome: Outcome,
    /// Where the called contract agreed to pay, if it did.
    pub consent: ConsentSeen,
}

/// How the top-level frame of a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Outcome {
    /// It returned.
    Succeeded,
    /// It reverted; the gas left is kept.
    Reverted,
    /// It halted; no gas is left.
    Halted,
}

/// Where consent to pay was given during a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum ConsentSeen {
    /// Nowhere.
    Nowhere,
    /// In some other frame only, be it nested, of another contract, or reverted.
    Elsewhere,
    /// By the called contract, in its own top-level frame.
    OwnFrame,
}

/// What a transaction costs in the end, whom, and what it adds to the counters.
///
/// # Invariants
///
/// Nothing appears or vanishes: [`Grant::reserve`] = `charged` + `returned`, and `charged` = `fee` + `burned`. Strict
/// grants never burn. If nobody pays, nothing is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Settlement {
    /// Who paid in the end. Nobody, if the consent was missing.
    pub payer: Payer,
    /// The gas used, as the receipt shows it.
    pub gas_used: u64,
    /// What the payer loses, in wei.
    pub charged: U256,
    /// What the payer of the grant gets back of the reserve, in wei.
    pub returned: U256,
    /// What the fee account gets, in wei.
    pub fee: U256,
    /// What nobody gets, in wei (Travis).
    pub burned: U256,
    /// What becomes of the state changes of the transaction.
    pub effects: Effects,
    /// What the receipt says.
    pub status: Status,
    /// What to add to the counters.
    pub usage: UsageDelta,
}

/// What becomes of the state changes of a transaction that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Effects {
    /// They stay as the virtual machine left them.
    AsExecuted,
    /// They are all undone, but for the nonce of the sender.
    Undone,
}

/// What the receipt says about a transaction that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Status {
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
}

/// Settles a transaction that ran under a grant.
///
/// Pure and total. Gas used above the grant counts as the whole grant, and a refund above the gas used as the gas used,
/// so that no report of a virtual machine can charge more than was reserved.
#[must_use]
pub fn settle(request: &Request, grant: &Grant, execution: &Execution) -> Settlement {
    let gas_spent = execution.gas_used.min(grant.gas_max);
    let gas_used = gas_spent.saturating_sub(execution.gas_refunded);
    let has_succeeded = execution.outcome == Outcome::Succeeded;
    match (grant.consent, execution.consent) {
        (Consent::AnyFrame, ConsentSeen::Nowhere) => unpaid_by_any_frame(grant, gas_used),
        (Consent::OwnFrame, ConsentSeen::OwnFrame) if has_succeeded => {
            paid(grant, gas_used, Status::Succeeded)
        }
        (Consent::OwnFrame, _) => unpaid_by_own_frame(request, grant, gas_spent),
        (Consent::NotNeeded, _)
        | (Consent::AnyFrame, ConsentSeen::Elsewhere | ConsentSeen::OwnFrame) => {
            paid(grant, gas_used, if has_succeeded { Status::Succeeded } else { Status::Failed })
        }
    }
}

fn paid(grant: &Grant, gas_used: u64, status: Status) -> Settlement {
    // Saturates only together with the reserve, which is at least as much.
    let charged = grant.price.saturating_mul(U256::from(gas_used));
    // The original credited the coinbase at the price of the transaction, which was zero here.
    let (fee, burned) = match grant.payer {
        Payer::Contract(_) => (U256::zero(), charged),
        Payer::Nobody | Payer::Sender | Payer::Deposit(_) => (charged, U256::zero()),
    };
    Settlement {
        payer: grant.payer,
        gas_used,
        charged,
        returned: grant.reserve().saturating_sub(charged),
        fee,
        burned,
        effects: Effects::AsExecuted,
        status,
        usage: UsageDelta::ran(grant.slot, grant.block_gas(gas_used)),
    }
}

/// Travis: everything is given back, the receipt shows a failure without gas, the effects stay.
fn unpaid_by_any_frame(grant: &Grant, gas_used: u64) -> Settlement {
    Settlement {
        payer: Payer::Nobody,
        gas_used: 0,
        charged: U256::zero(),
        returned: grant.reserve(),
        fee: U256::zero(),
        burned: U256::zero(),
        effects: Effects::AsExecuted,
        status: Status::Failed,
        usage: UsageDelta::ran(grant.slot, grant.block_gas(gas_used)),
    }
}

/// Strict: everything is given back and undone, and the sender's quota is charged with the work done.
fn unpaid_by_own_frame(request: &Request, grant: &Grant, gas_spent: u64) -> Settlement {
    let unconsented = Unconsented { sender: request.sender, gas: gas_spent };
    Settlement {
        payer: Payer::Nobody,
        gas_used: gas_spent,
        charged: U256::zero(),
        returned: grant.reserve(),
        fee: U256::zero(),
        burned: U256::zero(),
        effects: Effects::Undone,
        status: Status::Failed,
        usage: UsageDelta {
            slot: grant.slot,
            gas: gas_spent,
            underpaid_gas: gas_spent,
            unconsented: Some(unconsented),
        },
    }
}
