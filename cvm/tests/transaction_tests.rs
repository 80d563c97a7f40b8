//! Every case of the official `TransactionTests`: hash, sender and intrinsic gas, or a refusal, in every fork.

mod fixtures;

use std::{collections::BTreeMap, fs, io};

use cybermiles_cvm::{
    DecodeError, Envelope, EnvelopeRules, InvalidTransaction, Revision, SignatureError,
    Transaction, tool::transaction_test,
};
use serde::Deserialize;

/// Cases in the archive: 210 files, each with up to 13 forks.
const CASES: usize = 2_665;

#[test]
fn official_transactions_are_judged_as_expected() {
    let Some(folder) = fixtures::archive("ethereum-tests") else { return };
    let tests = folder.join("ethereum-tests/TransactionTests");
    let mut report = Vec::new();
    let tally = transaction_test::run(&[tests], &mut report).expect("the files are readable");
    let report = String::from_utf8_lossy(&report);
    assert_eq!((tally.failed, tally.skipped), (0, 0), "{report}");
    assert!(tally.passed >= CASES, "{report}");
    assert!(
        report.ends_with(&format!("{} passed, 0 failed, 0 skipped\n", tally.passed)),
        "{report}"
    );
}

#[test]
fn a_wrong_expectation_fails() {
    let folder = std::env::temp_dir().join(format!("cvm-transaction-test-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
    let path = folder.join("wrong.json");
    let text = r#"{"name": {"txbytes": "0xc0", "result": {
        "London": {"hash": null, "sender": null, "intrinsicGas": "0x0"},
        "Berlin": {"exception": "any", "intrinsicGas": "0x0"},
        "Tomorrow": {"exception": "any", "intrinsicGas": "0x0"}}}}"#;
    fs::write(&path, text).expect("the file is writable");
    let mut report = Vec::new();
    let tally = transaction_test::run(std::slice::from_ref(&path), &mut report)
        .expect("the file is readable");
    assert_eq!(tally, transaction_test::Tally { passed: 1, failed: 1, skipped: 1 });
    fs::write(&path, "[]").expect("the file is writable");
    let refused = transaction_test::run(&[path], &mut io::sink());
    assert!(matches!(refused, Err(transaction_test::TestFileError::Format { .. })));
    fs::remove_dir_all(&folder).expect("the folder is ours");
}

#[derive(Deserialize)]
struct TransactionTest {
    result: BTreeMap<String, Expected>,
    txbytes: String,
}

#[derive(Deserialize)]
struct Expected {
    exception: Option<String>,
}

/// Both ways of being refused.
#[derive(Debug)]
enum Refusal {
    Decode(DecodeError),
    Invalid(InvalidTransaction),
}

fn judge(bytes: &[u8], revision: Revision) -> Result<Transaction, Refusal> {
    let envelope = Envelope::decode(bytes).map_err(Refusal::Decode)?;
    envelope.validate(&EnvelopeRules::ethereum(revision, 1)).map_err(Refusal::Invalid)
}

/// The field that an exception of the tests is about, for those that are about one.
fn field(exception: &str) -> Option<&'static str> {
    Some(match exception {
        "ADDRESS_TOO_LONG" | "ADDRESS_TOO_SHORT" | "RLP_INVALID_TO" => "to",
        "GASLIMIT_OVERFLOW" | "RLP_INVALID_GASLIMIT" | "RLP_LEADING_ZEROS_GASLIMIT" => "gas",
        "RLP_LEADING_ZEROS_GASPRICE" => "gasPrice",
        "RLP_LEADING_ZEROS_BASEFEE" => "maxFeePerGas",
        "PRIORITY_OVERFLOW" | "RLP_LEADING_ZEROS_PRIORITY_FEE" => "maxPriorityFeePerGas",
        "RLP_INVALID_NONCE"
        | "NONCE_OVERFLOW"
        | "RLP_LEADING_ZEROS_NONCE"
        | "RLP_LEADING_ZEROS_NONCE_SIZE" => "nonce",
        "RLP_INVALID_ACCESS_LIST_ADDRESS_TOO_LONG"
        | "RLP_INVALID_ACCESS_LIST_ADDRESS_TOO_SHORT"
        | "RLP_INVALID_ACCESS_LIST_STORAGE_TOO_LONG"
        | "RLP_INVALID_ACCESS_LIST_STORAGE_TOO_SHORT" => "accessList",
        "RLP_INVALID_DATA" | "RLP_LEADING_ZEROS_DATA_SIZE" => "input",
        "RLP_INVALID_SIGNATURE_R" | "RLP_LEADING_ZEROS_R" => "r",
        "RLP_INVALID_SIGNATURE_S" | "RLP_LEADING_ZEROS_S" => "s",
        "RLP_LEADING_ZEROS_V" => "v",
        "VALUE_OVERFLOW" | "RLP_LEADING_ZEROS_VALUE" => "value",
        _ => return None,
    })
}

/// Whether a refusal is for the reason that the test names.
fn is_reason(exception: &str, refusal: &Refusal) -> bool {
    use DecodeError as D;
    use InvalidTransaction as I;

    if let (Some(field), Refusal::Decode(D::Field { field: found, .. })) =
        (field(exception), refusal)
    {
        return field == *found;
    }
    match (exception, refusal) {
        ("EC_RECOVERY_FAIL", Refusal::Invalid(I::Signature(error))) => *error == SignatureError::Unrecoverable,
        ("GASLIMIT_PRICE_PRODUCT_OVERFLOW", Refusal::Invalid(I::GasCostOverflow { .. }))
        | ("INITCODE_SIZE_EXCEEDED", Refusal::Invalid(I::InitCodeSize { .. }))
        | ("INTRINSIC_GAS_TOO_LOW", Refusal::Invalid(I::IntrinsicGas { .. }))
        | ("INVALID_CHAINID", Refusal::Invalid(I::ChainId { .. }) | Refusal::Decode(D::V { .. }))
        | ("NONCE_TOO_BIG", Refusal::Invalid(I::NonceMax { .. }))
        | ("PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS_2", Refusal::Invalid(I::PriorityFeeAboveFee { .. }))
        // Before EIP-155, a `v` with a chain id was just a wrong `v`.
        | ("INVALID_SIGNATURE_VRS", Refusal::Invalid(I::Signature(_) | I::ProtectedTooEarly { .. }))
        | ("INVALID_SIGNATURE_VRS", Refusal::Decode(D::V { .. }))
        | ("RLP_INVALID_HEADER", Refusal::Decode(D::UnknownType { .. }))
        // One test lacks both gas and a signature; gas is judged first, recovery last.
        | (
            "INVALID_SIGNATURE_VRS" | "EC_RECOVERY_FAIL",
            Refusal::Invalid(I::IntrinsicGas { found: 2_000, .. }),
        )
        // A malformed transaction of a type that comes later is malformed first.
        | ("TYPE_NOT_SUPPORTED", Refusal::Invalid(I::TypeNotSupported { .. }) | Refusal::Decode(_)) => true,
        ("INVALID_SIGNATURE_VRS", Refusal::Decode(D::Field { field, .. })) => matches!(*field, "r" | "s" | "v"),
        ("GASPRICE_OVERFLOW", Refusal::Decode(D::Field { field, .. })) => matches!(*field, "gasPrice" | "maxFeePerGas"),
        ("RLP_ERROR_EOF" | "RLP_ERROR_SIZE" | "RLP_ERROR_SIZE_LEADING_ZEROS", Refusal::Decode(_)) => true,
        ("RLP_TOO_FEW_ELEMENTS" | "RLP_TOO_MANY_ELEMENTS", Refusal::Decode(_)) => true,
        _ => false,
    }
}

#[test]
fn refusals_are_for_the_reason_that_the_tests_name() {
    let Some(folder) = fixtures::archive("ethereum-tests") else { return };
    let mut pending = vec![folder.join("ethereum-tests/TransactionTests")];
    let (mut refused, mut wrong) = (0, Vec::new());
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("the folder is readable");
            pending.extend(entries.map(|entry| entry.expect("the folder is readable").path()));
            continue;
        }
        let text = fs::read(&path).expect("the file is readable");
        let tests: BTreeMap<String, TransactionTest> =
            serde_json::from_slice(&text).expect("the format");
        for (name, test) in &tests {
            let bytes = hex::decode(&test.txbytes[2..]).expect("transactions are hexadecimal");
            for (fork, expected) in &test.result {
                let Some(exception) = &expected.exception else { continue };
                let exception = exception.trim_start_matches("TransactionException.");
                let revision: Revision = fork.parse().expect("the fork is known");
                match judge(&bytes, revision) {
                    Err(refusal) if is_reason(exception, &refusal) => refused += 1,
                    found => wrong.push(format!("{name}/{fork}: {found:?}, expected {exception}")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {refused}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(refused >= 2_059, "{refused}");
}
