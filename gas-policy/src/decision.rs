use primitive_types::{H160, U256};

use crate::{
    rejection::{Rejection, RejectionCode},
    rule::Rule,
    usage::{Slot, UsageDelta},
};

/// Who pays for a transaction, or why it may not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Decision {
    /// The transaction may run under these terms.
    Accepted(Grant),
    /// The transaction may not run.
    Refused(Refusal),
}

impl Decision {
    /// Returns the rule that fired.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Accepted(grant) => grant.rule,
            Self::Refused(refusal) => refusal.rejection.rule(),
        }
    }

    /// Returns what the decision alone adds to the counters, before or without an execution.
    ///
    /// A pool books this when it admits a transaction: its slot, but no gas, because a pool holds more than one block.
    /// A Travis replay books it when a block refuses one. What ran is booked by [`settle`](crate::settle) instead.
    #[must_use]
    pub fn booking(&self) -> UsageDelta {
        match self {
            Self::Accepted(grant) => UsageDelta::ran(grant.slot, 0),
            Self::Refused(Refusal { residue: Some(residue), .. }) => {
                UsageDelta::ran(residue.slot, residue.gas)
            }
            Self::Refused(Refusal { residue: None, .. }) => UsageDelta::default(),
        }
    }
}

/// The terms under which a transaction may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Grant {
    /// The rule that fired.
    pub rule: Rule,
    /// Who pays for the gas.
    pub payer: Payer,
    /// What the payer pays per unit of gas, in wei. Zero if and only if nobody pays.
    pub price: U256,
    /// The most gas the transaction may use.
    pub gas_max: u64,
    /// Whether the payer has to agree while the transaction runs.
    pub consent: Consent,
    /// The slot the transaction takes, if its class is limited by slots.
    pub slot: Option<Slot>,
}

impl Grant {
    /// Returns what is taken from the payer before the transaction runs, in wei.
    ///
    /// A grant made by [`decide`](crate::decide) never saturates: the payer owns this amount.
    #[must_use]
    pub fn reserve(&self) -> U256 {
        self.price.saturating_mul(U256::from(self.gas_max))
    }

    /// Returns how much of the gas used counts against the block.
    pub(crate) const fn block_gas(&self, gas_used: u64) -> u64 {
        match self.rule {
            // Operations of the chain never went through the block's gas pool.
            Rule::TravisOperation => 0,
            _ => gas_used,
        }
    }
}

/// Who pays for the gas of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Payer {
    /// Nobody: the transaction is free.
    Nobody,
    /// The account that signed.
    Sender,
    /// The called contract, from its own balance (Travis).
    Contract(H160),
    /// The deposit opened for the called contract (strict).
    Deposit(H160),
}

/// Whether the payer has to agree while the transaction runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Consent {
    /// The payer signed, or nobody pays.
    NotNeeded,
    /// Any frame of the transaction may agree, reverted or not (Travis: the flag of opcode `0xf8`).
    AnyFrame,
    /// The called contract has to agree in its own top-level frame, and that frame has to succeed (strict).
    OwnFrame,
}

/// Why a transaction may not run, and what it leaves behind nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Refusal {
    /// The cause.
    pub rejection: Rejection,
    /// The result code of the cause. At admission, CyberMiles clients saw code 1 with this one inside the log.
    pub code: RejectionCode,
    /// What the refused transaction changes nevertheless. Always `None` under strict rules.
    pub residue: Option<Residue>,
}

/// What a transaction changes although it is refused: the defects of Travis delivery, as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Residue {
    /// Who had bought gas that was never given back.
    pub payer: Payer,
    /// What the payer loses, in wei. It goes to nobody.
    pub burned: U256,
    /// Whether the nonce of the sender moved.
    pub nonce: SenderNonce,
    /// The slot that stays taken.
    pub slot: Option<Slot>,
    /// The gas that stays taken from the block.
    pub gas: u64,
}

/// Whether a refused transaction moved the nonce of its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SenderNonce {
    /// The nonce is as before.
    Kept,
    /// The nonce is one higher.
    Raised,
}
