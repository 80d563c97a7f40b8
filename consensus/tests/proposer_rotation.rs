//! The proposer and every priority after every step, against CometBFT.

mod fixture_archive;

use std::{fs::read_to_string, path::Path};

use cybermiles_consensus::{ProposerRotation, Validator, ValidatorSet, VotingPower};
use primitive_types::H160;
use serde_json::Value;

fn read(vectors: &Path, name: &str) -> Value {
    let text =
        read_to_string(vectors.join("cometbft").join(name)).expect("the vectors are complete");
    serde_json::from_str(&text).expect("the file is JSON")
}

fn address(value: &Value) -> H160 {
    let bytes = hex::decode(value.as_str().expect("an address")).expect("hexadecimal");
    H160::from_slice(&bytes)
}

fn validators(value: &Value) -> Vec<Validator> {
    let list = value.as_array().expect("a list");
    let power = |value: &Value| VotingPower::new(value.as_u64().expect("a power"));
    list.iter()
        .map(|entry| Validator {
            address: address(&entry["address"]),
            power: power(&entry["power"]),
        })
        .collect()
}

fn assert_state(rotation: &ProposerRotation, step: &Value, at: &str) {
    let found: Vec<_> = rotation
        .set()
        .members()
        .iter()
        .zip(rotation.priorities())
        .map(|(member, p)| (*member, *p))
        .collect();
    let priorities =
        step["set"].as_array().expect("a set").iter().map(|entry| entry["priority"].as_i64());
    let expected: Vec<_> = validators(&step["set"])
        .into_iter()
        .zip(priorities.map(|p| p.expect("a number")))
        .collect();
    assert_eq!(found, expected, "{at}");
    assert_eq!(rotation.proposer(), address(&step["proposer"]), "{at}");
}

#[test]
fn every_step_equals_cometbft() {
    let Some(vectors) = fixture_archive::consensus_vectors() else { return };
    let cases = read(&vectors, "proposer_selection_v0.38.17.json");
    let mut steps = 0;
    for case in cases.as_array().expect("a list") {
        let set = ValidatorSet::new(validators(&case["init"])).expect("a valid set");
        let mut rotation = ProposerRotation::new(set);
        for (number, step) in case["steps"].as_array().expect("a list").iter().enumerate() {
            let at = format!("{} step {number}", case["name"]);
            match step["op"].as_str().expect("an operation") {
                "init" => {}
                "increment" => rotation.advance(step["times"].as_u64().expect("a count") as u32),
                "update" => {
                    let outcome = rotation.update(&validators(&step["changes"]));
                    assert_eq!(outcome.is_err(), step.get("error").is_some(), "{at}: {outcome:?}");
                }
                other => unreachable!("unknown operation {other}"),
            }
            assert_state(&rotation, step, &at);
            steps += 1;
        }
    }
    println!("{steps} steps compared");
    assert!(steps > 0);
}

/// Names become addresses by their bytes, numbers by the last byte.
fn named(name: &str) -> H160 {
    let mut address = H160::zero();
    match u8::from_str_radix(name, 16) {
        Ok(number) if name.len() == 2 => address.0[19] = number,
        _ => address.0[..name.len()].copy_from_slice(name.as_bytes()),
    }
    address
}

#[test]
fn the_literals_of_its_unit_tests() {
    let Some(vectors) = fixture_archive::consensus_vectors() else { return };
    for case in read(&vectors, "proposer_selection_test_literals.json").as_array().expect("a list")
    {
        let members =
            case["validators"].as_array().expect("a list").iter().map(|entry| Validator {
                address: named(entry[0].as_str().expect("a name")),
                power: VotingPower::new(entry[1].as_u64().expect("a power")),
            });
        let set = ValidatorSet::new(members.collect()).expect("a valid set");
        let mut rotation = ProposerRotation::new(set.clone());
        if let Some(expected) = case["expected"].as_array() {
            for (turn, name) in expected.iter().enumerate() {
                let name = name.as_str().expect("a name");
                assert_eq!(rotation.proposer(), named(name), "{} turn {turn}", case["name"]);
                rotation.advance(1);
            }
        } else if let Some(counts) = case["expected_counts"].as_object() {
            let mut found = std::collections::BTreeMap::new();
            for _ in 0..case["rounds"].as_u64().expect("a count") {
                *found.entry(rotation.proposer()).or_insert(0) += 1;
                rotation.advance(1);
            }
            let expected =
                counts.iter().map(|(name, count)| (named(name), count.as_u64().expect("a count")));
            assert_eq!(found, expected.collect());
        } else {
            for case in case["cases"].as_array().expect("a list") {
                let mut rotation =
                    ProposerRotation::with_priorities(set.clone(), vec![0; set.count()])
                        .expect("one priority per member");
                rotation.advance(case["times"].as_u64().expect("a count") as u32);
                let expected = case["priorities"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|p| p.as_i64().expect("a number"));
                assert!(
                    expected.eq(rotation.priorities().iter().copied()),
                    "{case}: {:?}",
                    rotation.priorities()
                );
                let index = case["proposer_index"].as_u64().expect("an index");
                assert_eq!(u64::from(rotation.proposer_index().0), index, "{case}");
            }
        }
    }
}
