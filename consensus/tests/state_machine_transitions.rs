//! Every transition that the Quint specification of Tendermint went through, one by one.

mod fixture_archive;
mod spec_trace;

use cybermiles_consensus::apply;
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
        let expected = spec_trace::expected_output(&row["output"], row["after"]["height"].as_i64());
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
