//! The reference trie of the tool against the official trie tests.

mod fixtures;

use cybermiles_cvm::tool::trie::{secure_trie_root, trie_root};
use serde_json::Value;
use std::{collections::BTreeMap, fs};

/// A string is bytes in hexadecimal after `0x`, else its characters; null removes the key.
fn bytes(value: &Value) -> Vec<u8> {
    match value.as_str() {
        None => Vec::new(),
        Some(text) => match text.strip_prefix("0x") {
            Some(digits) => hex::decode(digits).expect("the vectors have pairs of digits"),
            None => text.as_bytes().to_vec(),
        },
    }
}

/// Either an object, or a list of pairs in the order of insertion.
fn entries(input: &Value) -> Vec<(Vec<u8>, Vec<u8>)> {
    if let Some(pairs) = input.as_array() {
        return pairs.iter().map(|pair| (bytes(&pair[0]), bytes(&pair[1]))).collect();
    }
    let map = input.as_object().expect("the input is a list or an object");
    map.iter().map(|(key, value)| (bytes(&key.as_str().into()), bytes(value))).collect()
}

fn check(file: &str, is_secure: bool, tests_least: usize) {
    let Some(root) = fixtures::archive("ethereum-tests") else { return };
    let path = root.join("ethereum-tests/TrieTests").join(file);
    let text = fs::read_to_string(path).expect("the archive has the file");
    let tests: BTreeMap<String, Value> = serde_json::from_str(&text).expect("the vectors are JSON");
    assert!(tests.len() >= tests_least, "{} tests", tests.len());
    for (name, test) in tests {
        let entries = entries(&test["in"]);
        let root = if is_secure { secure_trie_root(entries) } else { trie_root(entries) };
        assert_eq!(Some(format!("{root:#x}").as_str()), test["root"].as_str(), "{file}: {name}");
    }
}

#[test]
fn roots_of_plain_tries() {
    check("trietest.json", false, 4);
    check("trieanyorder.json", false, 7);
}

#[test]
fn roots_of_tries_with_hashed_keys() {
    check("trietest_secureTrie.json", true, 3);
    check("trieanyorder_secureTrie.json", true, 7);
    check("hex_encoded_securetrie_test.json", true, 3);
}
