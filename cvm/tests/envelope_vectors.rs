//! The signed transactions of the execution-spec state tests: every type, valid ones and each way of being invalid.

mod fixtures;

use std::{collections::BTreeMap, fs, path::PathBuf};

use cybermiles_cvm::{
    Address, Envelope, EnvelopeRules, InvalidTransaction, NetworkEnvelope, Revision, Transaction,
    TransactionKind,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct StateTest {
    transaction: Sent,
    post: BTreeMap<String, Vec<Post>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    sender: Address,
    #[serde(default)]
    authorization_list: Vec<SentAuthorization>,
}

#[derive(Deserialize)]
struct SentAuthorization {
    signer: Option<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Post {
    txbytes: String,
    expect_exception: Option<String>,
}

/// The names that the tests give to our refusals.
#[expect(clippy::panic, reason = "a mismatch fails the test")]
fn exception(error: &InvalidTransaction) -> &'static str {
    match error {
        InvalidTransaction::TypeNotSupported { kind: TransactionKind::AccessList, .. } => {
            "TYPE_1_TX_PRE_FORK"
        }
        InvalidTransaction::TypeNotSupported { kind: TransactionKind::DynamicFee, .. } => {
            "TYPE_2_TX_PRE_FORK"
        }
        InvalidTransaction::TypeNotSupported { kind: TransactionKind::Blob, .. } => {
            "TYPE_3_TX_PRE_FORK"
        }
        InvalidTransaction::TypeNotSupported { kind: TransactionKind::SetCode, .. } => {
            "TYPE_4_TX_PRE_FORK"
        }
        InvalidTransaction::BlobHashVersion { .. } => "TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH",
        InvalidTransaction::NoBlobs => "TYPE_3_TX_ZERO_BLOBS",
        InvalidTransaction::BlobCount { .. } => "TYPE_3_TX_BLOB_COUNT_EXCEEDED",
        InvalidTransaction::IntrinsicGas { .. } => "INTRINSIC_GAS_TOO_LOW",
        InvalidTransaction::FloorGas { .. } => "INTRINSIC_GAS_BELOW_FLOOR_GAS_COST",
        InvalidTransaction::GasLimitAboveMax { .. } => "GAS_LIMIT_EXCEEDS_MAXIMUM",
        InvalidTransaction::NoAuthorizations => "TYPE_4_EMPTY_AUTHORIZATION_LIST",
        other => panic!("no test asks for {other}"),
    }
}

fn json_files(folder: PathBuf) -> Vec<PathBuf> {
    let mut pending = vec![folder];
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("the folder is readable");
            pending.extend(entries.map(|entry| entry.expect("the folder is readable").path()));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files
}

fn assert_authorities(transaction: &Transaction, sent: &Sent) {
    for (authorization, sent) in transaction.authorizations.iter().zip(&sent.authorization_list) {
        if let (Some(signer), Some(authority)) = (sent.signer, authorization.authority()) {
            assert_eq!(authority, signer);
        }
    }
}

#[test]
fn signed_transactions_of_state_tests_are_judged_as_expected() {
    let Some(folder) = fixtures::archive("eest-v5.4.0-state-part") else { return };
    let (mut valid, mut refused) = (0, 0);
    for path in json_files(folder) {
        let text = fs::read(&path).expect("the file is readable");
        let tests: BTreeMap<String, StateTest> =
            serde_json::from_slice(&text).expect("the file is of the format");
        for (name, test) in tests {
            for (fork, post) in test
                .post
                .iter()
                .flat_map(|(fork, posts)| posts.iter().map(move |post| (fork, post)))
            {
                let revision: Revision = fork.parse().expect("the fork is known");
                let bytes = hex::decode(&post.txbytes[2..]).expect("transactions are hexadecimal");
                let envelope = Envelope::decode(&bytes)
                    .expect("the transactions of state tests are canonical");
                assert_eq!(envelope.encode(), bytes, "{name}");
                assert_eq!(
                    NetworkEnvelope::decode(&bytes).expect("as above").envelope,
                    envelope,
                    "{name}"
                );
                assert_eq!(envelope.sender(), Ok(test.transaction.sender), "{name}");
                match (
                    envelope.validate(&EnvelopeRules::ethereum(revision, 1)),
                    &post.expect_exception,
                ) {
                    (Ok(transaction), None) => {
                        assert_authorities(&transaction, &test.transaction);
                        valid += 1;
                    }
                    (Err(error), Some(expected)) => {
                        let found = exception(&error);
                        let mut names = expected
                            .split('|')
                            .map(|name| name.trim_start_matches("TransactionException."));
                        assert!(
                            names.any(|name| name == found),
                            "{name}: {found}, expected {expected}"
                        );
                        refused += 1;
                    }
                    (found, expected) => {
                        panic!("{name} in {fork}: {found:?}, expected {expected:?}")
                    }
                }
            }
        }
    }
    println!("{valid} valid, {refused} refused");
    assert!(valid >= 6_838 && refused >= 122, "{valid} valid, {refused} refused");
}
