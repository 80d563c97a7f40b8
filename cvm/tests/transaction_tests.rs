//! Every case of the official `TransactionTests`: hash, sender and intrinsic gas, or a refusal, in every fork.

mod fixtures;

use std::io;

use cybermiles_cvm::tool::transaction_test;

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
    std::fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
    let path = folder.join("wrong.json");
    let text = r#"{"name": {"txbytes": "0xc0", "result": {
        "London": {"hash": null, "sender": null, "intrinsicGas": "0x0"},
        "Berlin": {"exception": "any", "intrinsicGas": "0x0"},
        "Tomorrow": {"exception": "any", "intrinsicGas": "0x0"}}}}"#;
    std::fs::write(&path, text).expect("the file is writable");
    let mut report = Vec::new();
    let tally = transaction_test::run(std::slice::from_ref(&path), &mut report)
        .expect("the file is readable");
    assert_eq!(tally, transaction_test::Tally { passed: 1, failed: 1, skipped: 1 });
    std::fs::write(&path, "[]").expect("the file is writable");
    let refused = transaction_test::run(&[path], &mut io::sink());
    assert!(matches!(refused, Err(transaction_test::TestFileError::Format { .. })));
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}
