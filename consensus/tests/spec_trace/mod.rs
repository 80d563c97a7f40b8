//! Reads the states, inputs and outputs of the Quint specification. Each test uses a part of it.

use cybermiles_consensus::{
    Height, Round, RoundInput, RoundState, RoundValue, Step, ValueId, VoteKind,
};
use serde_json::Value;

/// The values of the specification are words; here each is its own id.
pub(crate) fn value_id(word: &str) -> ValueId {
    let mut id = [0; 32];
    id[..word.len()].copy_from_slice(word.as_bytes());
    ValueId(id)
}

/// `"Nil"` or `["Val", word]`.
pub(crate) fn optional_value(value: &Value) -> Option<ValueId> {
    value.get(1).map(|word| value_id(word.as_str().expect("a word")))
}

pub(crate) fn height(value: &Value) -> Height {
    Height::new(value.as_u64().expect("a height"))
}

/// A number, or -1 for none.
pub(crate) fn optional_round(value: &Value) -> Option<Round> {
    u32::try_from(value.as_i64().expect("a number"))
        .ok()
        .map(|round| Round::new(round).expect("a small round"))
}

pub(crate) fn round(value: &Value) -> Round {
    optional_round(value).expect("a round")
}

pub(crate) fn round_state(value: &Value) -> RoundState {
    let step = match value["step"].as_str().expect("a step") {
        "NoStep" | "UnstartedStep" => Step::Unstarted,
        "ProposeStep" => Step::Propose,
        "PrevoteStep" => Step::Prevote,
        "PrecommitStep" => Step::Precommit,
        "CommitStep" => Step::Commit,
        other => unreachable!("unknown step {other}"),
    };
    let pair = |round: &Value, id: &Value| {
        Some(RoundValue {
            round: optional_round(round)?,
            value: optional_value(id).expect("a value with its round"),
        })
    };
    RoundState {
        height: height(&value["height"]),
        round: optional_round(&value["round"]),
        step,
        locked: pair(&value["lockedRound"], &value["lockedValue"]),
        valid: pair(&value["validRound"], &value["validValue"]),
    }
}

/// The name of a variant and its payload.
pub(crate) fn variant(value: &Value) -> (&str, &Value) {
    match value {
        Value::String(name) => (name, &Value::Null),
        _ => (value[0].as_str().expect("a name"), &value[1]),
    }
}

/// The inputs of the round machine; `None` for bookkeeping that has no counterpart.
pub(crate) fn round_input(value: &Value) -> Option<RoundInput> {
    let (name, payload) = variant(value);
    let word = |value: &Value| value_id(value.as_str().expect("a word"));
    Some(match name {
        "NewRoundCInput" => RoundInput::NewRound(round(payload)),
        "NewRoundProposerCInput" => RoundInput::NewRoundProposer(round(payload)),
        "ProposeValueCInput" => RoundInput::Built(word(payload)),
        "ProposalCInput" => RoundInput::Proposal {
            round: round(&payload[0]),
            value: optional_value(&payload[1]).expect("a value"),
        },
        "ProposalInvalidCInput" | "ProposalAndPolkaAndInvalidCInput" => RoundInput::InvalidProposal,
        "ProposalAndPolkaPreviousAndValidCInput" => RoundInput::ProposalWithEarlierPolka {
            value: optional_value(&payload[0]).expect("a value"),
            valid_round: round(&payload[1]),
        },
        "ProposalAndPolkaAndValidCInput" => {
            RoundInput::ProposalWithPolka(optional_value(payload).expect("a value"))
        }
        "ProposalAndCommitAndValidCInput" => RoundInput::ProposalWithCommit(RoundValue {
            round: round(&payload[0]),
            value: word(&payload[1]),
        }),
        "PolkaAnyCInput" => RoundInput::PolkaAny,
        "PolkaNilCInput" => RoundInput::PolkaNil,
        "PrecommitAnyCInput" => RoundInput::PrecommitAny,
        "RoundSkipCInput" => RoundInput::SkipRound(round(payload)),
        "TimeoutProposeCInput" => {
            RoundInput::TimeoutPropose(height(&payload[0]), round(&payload[1]))
        }
        "TimeoutPrevoteCInput" => {
            RoundInput::TimeoutPrevote(height(&payload[0]), round(&payload[1]))
        }
        "TimeoutPrecommitCInput" => {
            RoundInput::TimeoutPrecommit(height(&payload[0]), round(&payload[1]))
        }
        _ => return None,
    })
}

pub(crate) fn vote_kind(value: &Value) -> VoteKind {
    match value.as_str().expect("a kind of vote") {
        "Prevote" => VoteKind::Prevote,
        "Precommit" => VoteKind::Precommit,
        other => unreachable!("unknown vote {other}"),
    }
}
