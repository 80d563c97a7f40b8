//! The official trie and RLP vectors, and every state root that the vectors spell out account by account.

#![expect(clippy::panic, reason = "a vector of another shape fails the test")]

mod fixtures;

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use cybermiles_state::{
    Account, AccountChange, AccountWrite, ChangeSet, EMPTY_CODE_HASH, NoStorage, StateTrie,
    StateTrieOptions, keccak256, ordered_trie_root,
    rlp::{self, Item, RlpError},
    sorted_trie_root,
};
use fixtures::hex_bytes;
use primitive_types::{H160, H256, U256};
use serde_json::Value;

/// The JSON files below a folder, in the order of their names.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is readable") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A JSON file.
fn json(path: &Path) -> Value {
    let text = std::fs::read(path).expect("the vector file is readable");
    serde_json::from_slice(&text).expect("the vector file is JSON")
}

/// Hexadecimal digits after `0x`, or else the text itself.
fn bytes(text: &str) -> Vec<u8> {
    match text.strip_prefix("0x") {
        Some(digits) => hex_bytes(digits),
        None => text.as_bytes().to_vec(),
    }
}

fn root_of(test: &Value) -> H256 {
    H256::from_slice(&bytes(test["root"].as_str().expect("a test has a root")))
}

/// The operations of a test: key and value, which is null for a deletion.
fn operations(test: &Value) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let operation = |key: &str, value: &Value| (bytes(key), value.as_str().map(bytes));
    match &test["in"] {
        Value::Array(steps) => {
            let text = |step: &Value| step[0].as_str().expect("a key is text").to_owned();
            steps.iter().map(|step| operation(&text(step), &step[1])).collect()
        }
        Value::Object(pairs) => pairs.iter().map(|(key, value)| operation(key, value)).collect(),
        other => panic!("operations are a list or an object, not {other}"),
    }
}

fn apply(operations: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut pairs = BTreeMap::new();
    for (key, value) in operations {
        match value {
            Some(value) => pairs.insert(key, value),
            None => pairs.remove(&key),
        };
    }
    pairs
}

#[test]
fn roots_equal_the_official_trie_tests() {
    let Some(folder) = fixtures::archive("ethereum-tests") else { return };
    let folder = folder.join("ethereum-tests/TrieTests");
    let mut count = 0;
    for (file, is_secure) in [
        ("trietest.json", false),
        ("trieanyorder.json", false),
        ("trietest_secureTrie.json", true),
        ("trieanyorder_secureTrie.json", true),
        ("hex_encoded_securetrie_test.json", true),
    ] {
        for (name, test) in json(&folder.join(file)).as_object().expect("a file of named tests") {
            let hashed = |key: Vec<u8>| if is_secure { keccak256(&key).0.to_vec() } else { key };
            let pairs: BTreeMap<_, _> = apply(operations(test))
                .into_iter()
                .map(|(key, value)| (hashed(key), value))
                .collect();
            assert_eq!(sorted_trie_root(pairs), root_of(test), "{file} {name}");
            count += 1;
        }
    }
    assert_eq!(count, 25);
}

/// Encodes what an RLP test describes: text, a number (`#` before large ones), or a list of such.
fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::String(text) => match text.strip_prefix('#') {
            Some(digits) => {
                rlp::put_bytes(out, &big_integer(digits));
            }
            None => rlp::put_bytes(out, text.as_bytes()),
        },
        Value::Number(number) => {
            rlp::put_u64(out, number.as_u64().expect("small numbers are natural"));
        }
        Value::Array(items) => {
            let mut payload = Vec::new();
            items.iter().for_each(|item| encode(item, &mut payload));
            rlp::put_list_header(out, payload.len());
            out.extend(payload);
        }
        other => panic!("an RLP test is text, a number or a list, not {other}"),
    }
}

/// Decimal digits as big-endian bytes; some are above 256 bits.
fn big_integer(digits: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits.bytes() {
        let mut carry = u16::from(digit - b'0');
        for byte in bytes.iter_mut().rev() {
            carry += u16::from(*byte) * 10;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            bytes.insert(0, carry as u8);
        }
    }
    bytes
}

/// Reads every item, and writes what was read.
fn read_and_write(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), RlpError> {
    write_again(rlp::decode(bytes)?, out)
}

fn write_again(item: Item<'_>, out: &mut Vec<u8>) -> Result<(), RlpError> {
    match item {
        Item::Bytes(bytes) => rlp::put_bytes(out, bytes),
        Item::List(_) => {
            let mut payload = Vec::new();
            let mut items = item.list()?;
            while !items.is_empty() {
                write_again(items.take()?, &mut payload)?;
            }
            rlp::put_list_header(out, payload.len());
            out.extend(payload);
        }
    }
    Ok(())
}

#[test]
fn rlp_equals_the_official_tests() {
    let Some(folder) = fixtures::archive("ethereum-tests") else { return };
    let folder = folder.join("ethereum-tests/RLPTests");
    let mut counts = [0, 0];
    for file in json_files(&folder) {
        for (name, test) in json(&file).as_object().expect("a file of named tests") {
            let encoded = hex_bytes(test["out"].as_str().expect("a test has bytes"));
            let mut again = Vec::new();
            let result = read_and_write(&encoded, &mut again);
            if test["in"] == "INVALID" {
                assert!(result.is_err(), "{name} is invalid");
                counts[0] += 1;
                continue;
            }
            assert_eq!((result, &again), (Ok(()), &encoded), "{name}");
            if test["in"] != "VALID" {
                let mut written = Vec::new();
                encode(&test["in"], &mut written);
                assert_eq!(written, encoded, "{name}");
            }
            counts[1] += 1;
        }
    }
    println!("{} invalid and {} valid encodings", counts[0], counts[1]);
    assert!(counts[0] >= 26 && counts[1] >= 28, "{counts:?}");
}

fn number(value: &Value) -> U256 {
    match value.as_str() {
        Some(text) if text.starts_with("0x") => U256::from_big_endian(&hex_bytes(text)),
        Some(text) => U256::from_dec_str(text).expect("a decimal number"),
        None => value.as_u64().unwrap_or_default().into(),
    }
}

/// The accounts of a genesis or of a post-state as a change of the empty state.
fn change_set(accounts: &Value) -> ChangeSet {
    let mut changes = ChangeSet::default();
    for (address, fields) in accounts.as_object().expect("accounts by address") {
        let code = fields["code"].as_str().map(hex_bytes).unwrap_or_default();
        let mut write = AccountWrite::new(
            number(&fields["nonce"]).as_u64(),
            number(&fields["balance"]),
            keccak256(&code),
        );
        for (key, value) in fields["storage"].as_object().into_iter().flatten() {
            let key = U256::from_big_endian(&hex_bytes(key));
            write.storage.insert(H256(key.to_big_endian()), number(value));
        }
        changes
            .accounts
            .insert(H160::from_slice(&hex_bytes(address)), AccountChange::Written(write));
    }
    changes
}

fn root_of_accounts(accounts: &Value) -> H256 {
    let mut state = StateTrie::new(StateTrieOptions::default());
    state.apply(&change_set(accounts), &NoStorage).expect("nothing is read").root
}

#[test]
fn mainnet_genesis_has_its_state_root() {
    let Some(folder) = fixtures::folder() else { return };
    let genesis = json(&folder.join("data/mainnet-evm-genesis.json"));
    let vectors = json(&folder.join("data/vectors.json"));
    let expected = &vectors["mainnet_evm_genesis"];
    let root =
        H256::from_slice(&bytes(expected["state_root"].as_str().expect("the vector has a root")));
    let changes = change_set(&genesis["alloc"]);
    assert_eq!(Some(changes.accounts.len() as u64), expected["accounts"].as_u64());
    assert_eq!(root_of_accounts(&genesis["alloc"]), root);
    // The same in one pass over sorted accounts, on two threads.
    let mut accounts = BTreeMap::new();
    for (address, change) in &changes.accounts {
        let AccountChange::Written(write) = change else { panic!("a genesis deletes nothing") };
        assert_eq!((write.code_hash, write.storage.len()), (EMPTY_CODE_HASH, 0));
        accounts.insert(
            keccak256(address.as_bytes()),
            Account::externally_owned(write.nonce, write.balance),
        );
    }
    let options = StateTrieOptions {
        threads: NonZeroUsize::new(2).expect("not zero"),
        ..StateTrieOptions::default()
    };
    assert_eq!(StateTrie::from_accounts(options, accounts.into_iter()).root(), root);
}

#[test]
fn post_states_of_execution_tests_have_their_roots() {
    let Some(folder) = fixtures::archive("eest-v5.4.0-state-part") else { return };
    let mut count = 0;
    for file in json_files(&folder) {
        for (name, test) in json(&file).as_object().expect("a file of named tests") {
            for post in test["post"].as_object().into_iter().flat_map(|forks| forks.values()) {
                for outcome in post.as_array().expect("outcomes of a fork") {
                    let expected = bytes(outcome["hash"].as_str().expect("an outcome has a root"));
                    assert_eq!(root_of_accounts(&outcome["state"]).as_bytes(), expected, "{name}");
                    count += 1;
                }
            }
        }
    }
    println!("{count} post-states");
    assert!(count > 1000, "{count}");
}

#[test]
fn list_roots_equal_those_of_peers() {
    for count in [0, 1, 2, 3, 16, 17, 127, 128, 129, 255, 256, 257, 600] {
        let items: Vec<Vec<u8>> = (0..count).map(|i| vec![i as u8; 1 + i * 7 % 400]).collect();
        let expected = alloy_trie::root::ordered_trie_root_with_encoder(&items, |item, out| {
            out.extend_from_slice(item);
        });
        assert_eq!(ordered_trie_root(&items).0, expected.0, "{count} items");
    }
}
