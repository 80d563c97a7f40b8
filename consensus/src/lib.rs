//! Order opaque values among validators, some of them faulty.
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
mod state_machine;
mod statement;
mod threshold;
mod timeouts;
mod validator_bits;
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
pub use message::Message;
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
pub use validator_set::{Validator, ValidatorIndex, ValidatorSet, ValidatorSetError, VotingPower};
pub use value::ValueId;
pub use vote::{Vote, VoteKind};
pub use vote_lock::{LockRefusal, VOTE_LOCK_SLOT_LENGTH, VoteLock};
pub use vote_tally::{Added, VoteTally};
pub use write_ahead_log::{LOG_ENTRY_LENGTH_MAX, LogDamage, Replay, replay, write_frame};
