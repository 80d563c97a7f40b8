//! Decide who pays for a transaction, by a pure and total function.
//!
//! The way of a transaction: facts ([`Request`]) go into [`decide`] together with the limits ([`Rules`]) and the
//! counters ([`Usage`]); a [`Grant`] or a [`Rejection`] comes out. What ran under a grant is settled by [`settle`], which
//! returns what changes hands and what to add to the counters. [`explain`] says why, and what would help.
//!
//! # Invariants
//!
//! - Every combination of facts has an answer; nothing panics, and no arithmetic wraps.
//! - The same arguments give the same answer. There is no hidden state, clock or randomness.
//! - More balance never turns an acceptance into a refusal; more usage never turns a refusal into an acceptance.
//! - A transaction is never both free and charged, and what payers lose is what others get (Travis burns, and says so).
//! - Free gas, slots and wasted gas are bounded per block by the rules.
//! - Nothing here knows how a transaction runs or where counters are kept.
//!
//! [truth table]: crate::truth_table
//!
//!
#![doc = include_str!("../README.md")]
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

pub mod truth_table {
    #![doc = include_str!("../docs/truth-table.md")]
}

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
