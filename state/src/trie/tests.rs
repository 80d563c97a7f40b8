//! The resident trie against recomputation from scratch.

use std::collections::BTreeMap;

use primitive_types::U256;
use proptest::prelude::*;

use super::*;
use crate::{keccak::Backend, trie_root::sorted_trie_root};

#[path = "../../tests/fixtures/mod.rs"]
mod fixtures;

type Model = BTreeMap<H256, U256>;

fn expected_root(model: &Model) -> H256 {
    sorted_trie_root(model.iter().map(|(key, value)| {
        let mut encoded = Vec::new();
        value.encode(&mut encoded);
        (*key, encoded)
    }))
}

fn hashing(backend: Backend, threads: usize) -> Hashing {
    Hashing { backend, threads: threads.try_into().unwrap() }
}

/// Keys that often share long prefixes, down to the last nibble, so that short nodes are contained in their parents.
fn key() -> impl Strategy<Value = H256> {
    let near = (0_usize..64, 0_u8..4, 0_u8..=255).prop_map(|(depth, family, tail)| {
        let mut key = H256::repeat_byte(family);
        key.0[depth / 2] ^= tail;
        key.0[31] ^= tail & 0x13;
        key
    });
    prop_oneof![near, any::<[u8; 32]>().prop_map(H256)]
}

fn value() -> impl Strategy<Value = Option<U256>> {
    prop_oneof![
        1 => Just(None),
        1 => (1_u64..200).prop_map(|value| Some(U256::from(value))),
        1 => any::<[u8; 32]>().prop_map(|bytes| Some(U256::from_big_endian(&bytes) | U256::one())),
    ]
}

fn batch() -> impl Strategy<Value = BTreeMap<H256, Option<U256>>> {
    prop::collection::btree_map(key(), value(), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn batches_give_the_root_of_the_model_and_can_be_undone(
        batches in prop::collection::vec((batch(), any::<u64>()), 1..12),
    ) {
        let mut trie = Trie::new();
        let mut model = Model::new();
        let mut undos = Vec::new();
        for (batch, pick) in batches {
            let before = model.clone();
            let mut batch = batch;
            // Half of the batches also hit keys that exist.
            for (at, key) in model.keys().enumerate().filter(|(at, _)| pick >> (at % 64) & 1 == 1) {
                batch.insert(*key, (at % 3 > 0).then(|| U256::from(at + 1)));
            }
            for (key, value) in &batch {
                match value {
                    Some(value) => model.insert(*key, *value),
                    None => model.remove(key),
                };
            }
            let undo = trie.apply(batch.into_iter().collect());
            rehash(&mut [&mut trie], hashing(Backend::detect(), 1));
            prop_assert_eq!(trie.root_hash(), expected_root(&model));
            prop_assert_eq!(trie.leaf_count(), model.len());
            let leaves: Vec<_> = trie.leaves_from(H256::zero()).map(|(key, value)| (*key, *value)).collect();
            prop_assert_eq!(leaves, model.clone().into_iter().collect::<Vec<_>>());
            undos.push((undo, before));
        }
        while let Some((undo, before)) = undos.pop() {
            trie.apply(undo);
            rehash(&mut [&mut trie], hashing(Backend::PORTABLE, 1));
            prop_assert_eq!(trie.root_hash(), expected_root(&before));
        }
        prop_assert_eq!((trie.leaf_count(), trie.branch_count()), (0, 0));
    }

    #[test]
    fn leaves_begin_at_the_origin(model in prop::collection::btree_map(key(), 1_u64..300, 0..60), origin in key()) {
        let trie = Trie::from_sorted(model.iter().map(|(key, value)| (*key, U256::from(*value))));
        let found: Vec<H256> = trie.leaves_from(origin).map(|(key, _)| *key).collect();
        let expected: Vec<H256> = model.range(origin..).map(|(key, _)| *key).collect();
        prop_assert_eq!(found, expected);
        for key in model.keys() {
            prop_assert_eq!(trie.find(key), Some(&U256::from(model[key])));
        }
        prop_assert_eq!(trie.find(&origin).is_some(), model.contains_key(&origin));
    }
}

#[test]
fn every_backend_and_thread_count_gives_the_same_root() {
    let model: Model = (0..20_000_u64)
        .map(|i| (crate::keccak256(&i.to_le_bytes()), U256::from(i * i + 1)))
        .collect();
    let expected = expected_root(&model);
    for backend in Backend::supported() {
        for threads in [1, 2, 5] {
            let mut trie = Trie::from_sorted(model.clone().into_iter());
            rehash(&mut [&mut trie], hashing(backend, threads));
            assert_eq!(trie.root_hash(), expected, "{} x{threads}", backend.name());
        }
    }
}

#[test]
fn tries_hashed_together_equal_tries_hashed_alone() {
    let models: Vec<Model> = (0..50_u64)
        .map(|n| {
            (0..n * n % 90)
                .map(|i| (crate::keccak256(&(n * i).to_le_bytes()), U256::from(i + 1)))
                .collect()
        })
        .collect();
    let mut tries: Vec<Trie<U256>> =
        models.iter().map(|model| Trie::from_sorted(model.clone().into_iter())).collect();
    rehash(&mut tries.iter_mut().collect::<Vec<_>>(), hashing(Backend::detect(), 1));
    for (trie, model) in tries.iter().zip(&models) {
        assert_eq!(trie.root_hash(), expected_root(model));
    }
}

#[test]
fn space_of_deleted_nodes_is_used_again() {
    let keys: Vec<H256> = (0..5_000_u64).map(|i| crate::keccak256(&i.to_le_bytes())).collect();
    let mut trie = Trie::new();
    let mut sizes = Vec::new();
    for round in 0..6 {
        let mut updates: Vec<Update<U256>> = keys
            .iter()
            .enumerate()
            .map(|(at, key)| (*key, ((at + round) % 2 == 0).then(U256::one)))
            .collect();
        updates.sort_unstable_by_key(|(key, _)| *key);
        trie.apply(updates);
        rehash(&mut [&mut trie], hashing(Backend::detect(), 1));
        sizes.push(trie.memory_size_bytes());
    }
    assert!(sizes[5] <= sizes[2] * 5 / 4, "{sizes:?}");
}

/// The official secure tries, written step by step, so that deletions happen as they are told.
#[test]
fn official_secure_tries_step_by_step() {
    let Some(folder) = fixtures::archive("ethereum-tests") else { return };
    let mut count = 0;
    for file in [
        "trietest_secureTrie.json",
        "trieanyorder_secureTrie.json",
        "hex_encoded_securetrie_test.json",
    ] {
        let text = std::fs::read(folder.join("ethereum-tests/TrieTests").join(file)).unwrap();
        let tests: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&text).unwrap();
        for (name, test) in &tests {
            let bytes = |text: &str| match text.strip_prefix("0x") {
                Some(digits) => fixtures::hex_bytes(digits),
                None => text.as_bytes().to_vec(),
            };
            let pairs: Vec<(String, &serde_json::Value)> = match &test["in"] {
                serde_json::Value::Array(steps) => steps
                    .iter()
                    .map(|step| (step[0].as_str().unwrap().to_owned(), &step[1]))
                    .collect(),
                pairs => pairs
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(key, value)| (key.clone(), value))
                    .collect(),
            };
            let pairs: Vec<(H256, Option<Vec<u8>>)> = pairs
                .into_iter()
                .map(|(key, value)| (crate::keccak256(&bytes(&key)), value.as_str().map(bytes)))
                .collect();
            let mut trie = Trie::new();
            for (key, value) in &pairs {
                trie.apply(vec![(*key, value.as_deref())]);
                rehash(&mut [&mut trie], hashing(Backend::detect(), 1));
            }
            let expected = H256::from_slice(&bytes(test["root"].as_str().unwrap()));
            assert_eq!(trie.root_hash(), expected, "{file} {name}");
            count += 1;
        }
    }
    assert_eq!(count, 13);
}
