//! Order opaque values among validators, some of them faulty.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod codec;
mod height;
mod proposal;
mod proposer;
mod secp256k1;
mod signing;
mod state_machine;
mod threshold;
mod timeouts;
mod validator_bits;
mod validator_set;
mod value;
mod vote;

pub use codec::{Decode, DecodeError, Encode, FORMAT_VERSION, Reader};
pub use height::{Height, Round, RoundOutOfRange};
pub use proposal::Proposal;
pub use proposer::ProposerRotation;
pub use secp256k1::{Secp256k1, Secp256k1Key};
pub use signing::{
    ChainId, ChainIdLength, Digest, SignError, Signable, Signature, Signed, Signer, Verified,
    Verifier, VerifyError, keccak256,
};
pub use state_machine::{RoundInput, RoundOutput, RoundState, RoundValue, Step, Transition, apply};
pub use threshold::Threshold;
pub use timeouts::{Timeout, TimeoutKind, Timeouts};
pub use validator_bits::ValidatorBits;
pub use validator_set::{Validator, ValidatorIndex, ValidatorSet, ValidatorSetError, VotingPower};
pub use value::ValueId;
pub use vote::{Vote, VoteKind};
