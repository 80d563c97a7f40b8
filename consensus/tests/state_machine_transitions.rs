//! Every transition that the Quint specification of Tendermint went through, one by one.

mod fixture_archive;
mod spec_trace;

use cybermiles_consensus::{RoundOutput, TimeoutKind, ValueId, apply};
use serde_json::Value;

#[test]
fn every_transition_of_the_specification() {
    let Some(vectors) = fixture_archive::consensus_vectors() else { return };
    let text = std::fs::read_to_string(vectors.join("malachite-itf/sm_transitions.jsonl"))
        .expect("the vectors are complete");
    let mut compared = 0;
    for (number, line) in text.lines().enumerate() {
        let row: Value = serde_json::from_str(line).expect("each line is JSON");
        let input = spec_trace::round_input(&row["input"]).expect("a known input");
        let transition = apply(spec_trace::round_state(&row["before"]), input);
        let expected = expected_output(&row["output"]);
        assert_eq!(
            transition.state,
            spec_trace::round_state(&row["after"]),
            "line {}: {line}",
            number + 1
        );
        assert!(
            expected.is_met_by(transition.output),
            "line {}: {:?}: {line}",
            number + 1,
            transition.output
        );
        compared += 1;
    }
    println!("{compared} transitions compared");
    assert!(compared > 0);
}

/// What the specification puts out. A decision there names the height where the machine names the round.
#[derive(Debug, PartialEq)]
enum Expected {
    Exactly(RoundOutput),
    DecisionOf(ValueId),
}

impl Expected {
    fn is_met_by(&self, output: RoundOutput) -> bool {
        match (self, output) {
            (Self::DecisionOf(value), RoundOutput::Decide(decision)) => decision.value == *value,
            (Self::Exactly(expected), output) => *expected == output,
            _ => false,
        }
    }
}

fn expected_output(value: &Value) -> Expected {
    let (name, payload) = spec_trace::variant(value);
    Expected::Exactly(match name {
        "NoConsensusOutput" => RoundOutput::Nothing,
        "ErrorOutput" => RoundOutput::Ignored,
        "DecidedOutput" => {
            return Expected::DecisionOf(spec_trace::value_id(
                payload[1].as_str().expect("a word"),
            ));
        }
        "GetValueAndScheduleTimeoutOutput" => RoundOutput::Build(spec_trace::round(&payload[1])),
        "SkipRoundOutput" => RoundOutput::SkipRound(spec_trace::round(payload)),
        "ProposalOutput" => RoundOutput::Propose {
            round: spec_trace::round(&payload["round"]),
            value: spec_trace::value_id(payload["proposal"].as_str().expect("a word")),
            valid_round: spec_trace::optional_round(&payload["validRound"]),
        },
        "VoteOutput" => RoundOutput::Vote {
            kind: spec_trace::vote_kind(&payload["voteType"]),
            round: spec_trace::round(&payload["round"]),
            value: spec_trace::optional_value(&payload["valueId"]),
        },
        "TimeoutOutput" => RoundOutput::Schedule(
            match payload[1].as_str().expect("a kind of timeout") {
                "ProposeTimeout" => TimeoutKind::Propose,
                "PrevoteTimeout" => TimeoutKind::Prevote,
                "PrecommitTimeout" => TimeoutKind::Precommit,
                other => unreachable!("unknown timeout {other}"),
            },
            spec_trace::round(&payload[0]),
        ),
        other => unreachable!("unknown output {other}"),
    })
}
