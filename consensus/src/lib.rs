#![doc = include_str!("../README.md")]
//!
//! # From the paper to the code
//!
//! | Tendermint, algorithm 1 | here |
//! |---|---|
//! | `h_p`, `round_p`, `step_p`, `lockedValue_p`, `validValue_p` | [`RoundState`] |
//! | the "upon" clauses L22 to L65 | [`apply`], one arm per clause |
//! | the message log and its thresholds | [`VoteTally`], [`Threshold`] |
//! | which clause holds, and the order among them | [`Driver::handle`] |
//! | `proposer(h, round)` | [`ProposerRotation`] |
//! | `valid(v)` | [`Output::Validate`] and [`Input::Validated`] |
//! | `getValue()` | [`Output::Build`] and [`Input::Built`] |
//! | `broadcast` | [`Output::Persist`], [`Output::Sign`], [`Output::Send`] |
//! | `schedule`, `OnTimeout` | [`Output::Schedule`] and [`Input::Timeout`] |
//!
//! Where the code departs from the paper, the documentation of [`apply`] and [`Driver`] says so.
//!
//! # Calling order
//!
//! [`Input::Start`] first, for each height; then whatever comes. After a crash, [`LogFile::open`](crate::LogFile) and
//! [`Driver::resume`] take the place of it. Handle the outputs in their order.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod certificate;
mod checksum;
mod codec;
mod driver;
mod evidence;
#[cfg(feature = "std")]
mod files;
mod height;
mod input;
mod light_client;
mod log_entry;
mod message;
mod output;
mod proposal;
mod proposer;
mod refused;
mod round_record;
mod secp256k1;
mod signing;
pub mod sim;
mod state_machine;
mod statement;
mod threshold;
mod timeouts;
mod validator_bits;
mod validator_schedule;
mod validator_set;
mod value;
mod vote;
mod vote_lock;
mod vote_tally;
mod write_ahead_log;

pub use certificate::{CertificateError, Proven, RoundCertificate, VoteGroup};
pub use codec::{Decode, DecodeError, Encode, FORMAT_VERSION, Reader};
pub use driver::{Driver, DriverConfig};
pub use evidence::{AttackClass, Evidence, EvidenceError};
#[cfg(feature = "std")]
pub use files::{FileError, GuardedSignError, LogFile, VoteLockFile};
pub use height::{Height, Round, RoundOutOfRange};
pub use input::{Input, Verdict};
pub use light_client::{
    Bisection, LightBlock, LightError, LightOptions, LightVerdict, bisect,
    verify as verify_light_block,
};
pub use log_entry::LogEntry;
pub use message::{Message, MessageError};
pub use output::{HaltReason, Output};
pub use proposal::Proposal;
pub use proposer::ProposerRotation;
pub use refused::Refused;
pub use secp256k1::{Secp256k1, Secp256k1Key};
pub use signing::{
    ChainId, ChainIdLength, Digest, SignError, Signable, Signature, Signed, Signer, Verified,
    Verifier, VerifyError, keccak256,
};
pub use state_machine::{RoundInput, RoundOutput, RoundState, RoundValue, Step, Transition, apply};
pub use statement::{SignedStatement, Statement, StatementKind};
pub use threshold::Threshold;
pub use timeouts::{Timeout, TimeoutKind, Timeouts};
pub use validator_bits::ValidatorBits;
pub use validator_schedule::ValidatorSchedule;
pub use validator_set::{Validator, ValidatorIndex, ValidatorSet, ValidatorSetError, VotingPower};
pub use value::ValueId;
pub use vote::{Vote, VoteKind};
pub use vote_lock::{LockRefusal, VOTE_LOCK_SLOT_LENGTH, VoteLock};
pub use vote_tally::{Added, VoteTally};
pub use write_ahead_log::{LOG_ENTRY_LENGTH_MAX, LogDamage, Replay, replay, write_frame};
