//! Decide who pays for a transaction, by a pure and total function.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(clippy::arithmetic_side_effects)]

extern crate alloc;

mod decision;
mod explanation;
mod policy;
mod rejection;
mod request;
mod rule;
mod rules;
mod settlement;
mod strict;
mod strict_rules;
mod travis;
mod travis_rules;
mod usage;

pub use decision::{Consent, Decision, Grant, Payer, Refusal, Residue, SenderNonce};
pub use explanation::{Explanation, Remedy, SlotsLeft, explain};
pub use policy::decide;
pub use rejection::{Rejection, RejectionCode};
pub use request::{
    Access, Calldata, Callee, Code, Offer, PriceClass, Request, Sponsorship, Stage, Target,
};
pub use rule::Rule;
pub use rules::Rules;
pub use settlement::{ConsentSeen, Effects, Execution, Outcome, Settlement, Status, settle};
pub use strict_rules::{StrictParams, StrictRules, StrictRulesError};
pub use travis_rules::{TravisParams, TravisRules, TravisRulesError};
pub use usage::{Slot, SlotTarget, Unconsented, Usage, UsageDelta};
