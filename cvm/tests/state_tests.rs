//! Every state test of the official suites: state root, logs, accounts, and refusals with their cause.

mod fixtures;

use cybermiles_cvm::{
    Translate,
    tool::{
        state_test::{Runner, Selection},
        suite::{self, Tally},
    },
};
use std::{
    path::{Path, PathBuf},
    thread,
};

/// Runs a folder of an archive; fails on a failed case, an unexpected skip, or fewer cases than the suite is known to have.
fn check(archive: &str, folder: &str, passed_least: u64, skipped: u64) {
    let Some(root) = fixtures::archive(archive) else { return };
    let files = suite::json_files(&[root.join(folder)]).expect("the archive has the folder");
    // Once as embedders run it, where the short tests stay in the exact loop; once all in the fast loop.
    for translate in [Translate::WhenHot, Translate::Always] {
        check_in(&files, translate, passed_least, skipped);
    }
}

fn check_in(files: &[PathBuf], translate: Translate, passed_least: u64, skipped: u64) {
    let runner = || {
        let mut runner = Runner::new(Selection { translate, ..Selection::default() });
        move |path: &Path| runner.run_file(path)
    };
    let mut lines = Vec::new();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let tally = suite::run(files, threads, &runner, &mut |_, report| {
        lines.extend(report.lines.iter().filter(|line| line.starts_with("FAIL")).cloned());
    });
    lines.truncate(20);
    assert_eq!(tally.failed, 0, "{translate:?}: {tally}\n{}", lines.join("\n"));
    assert!(tally.passed >= passed_least && tally.skipped == skipped, "{translate:?}: {tally}");
}

#[test]
fn general_state_tests() {
    check("ethereum-tests", "ethereum-tests/GeneralStateTests", 21_442, 0);
}

#[test]
fn general_state_tests_of_constantinople() {
    check("legacytests-constantinople", "legacytests/Constantinople/GeneralStateTests", 31_291, 0);
}

#[test]
fn execution_spec_state_tests() {
    check("eest-v5.4.0-state-part", "eest-v5.4.0/state_tests", 6_960, 0);
}

/// 1,403 BLS12-381 tests run under the draft of Prague that they were filled with; the 35 skipped ones need the EVM object
/// format, which no fork has.
#[test]
fn eip_state_tests() {
    check("ethereum-tests", "ethereum-tests/EIPTests/StateTests", 1_416, 35);
}

/// A runner that cannot fail proves nothing.
#[test]
fn each_wrong_expectation_fails() {
    let folder = std::env::temp_dir().join(format!("cvm-state-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
    let path = folder.join("test.json");
    let run = |from: &str, to: &str| {
        assert!(STORE_ONE.contains(from), "{from}");
        std::fs::write(&path, STORE_ONE.replace(from, to)).expect("the file is writable");
        Runner::new(Selection::default()).run_file(&path)
    };
    let tally = |passed, failed, skipped| Tally { passed, failed, skipped };
    assert_eq!(run("Cancun", "Cancun").tally, tally(1, 0, 0));
    let wrong = [
        (r#""hash": "0x78"#, r#""hash": "0x79"#, "state root"),
        (r#""logs": "0x1"#, r#""logs": "0x2"#, "logs hash"),
        (r#"{"0x00": "0x01"}"#, r#"{"0x00": "0x02"}"#, "slot 0x0"),
        (
            r#""indexes": {"#,
            r#""expectException": "any", "indexes": {"#,
            "executed, but any was expected",
        ),
        (r#""gasLimit": ["0x0f4240"]"#, r#""gasLimit": []"#, "indexes"),
        (r#""gasUsed": "0xa861""#, r#""gasUsed": "0xa863""#, "gas used"),
        (r#""nonce": "0x00", "gasLimit""#, r#""nonce": "0x01", "gasLimit""#, "nonce"),
    ];
    for (from, to, why) in wrong {
        let report = run(from, to);
        assert_eq!(report.tally, tally(0, 1, 0), "{why}: {:?}", report.lines);
        assert!(report.lines[0].contains(why), "{why}: {:?}", report.lines);
    }
    assert_eq!(run(r#""Cancun": ["#, r#""Tomorrow": ["#).tally, tally(0, 0, 1));
    assert_eq!(run(r#""post""#, r#""blocks""#).tally, tally(0, 0, 1), "not a state test");
    assert_eq!(run(r#"{"store": {"#, "{").tally, tally(0, 1, 0), "not JSON");
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// PUSH1 1, PUSH0, SSTORE.
const STORE_ONE: &str = r#"{"store": {
    "env": {"currentCoinbase": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "currentGasLimit": "10000000",
        "currentNumber": 1, "currentTimestamp": "0x03e8", "currentBaseFee": "0x0a", "currentRandom": "0x00"},
    "pre": {
        "0x00000000000000000000000000000000000000aa": {"balance": "0x00", "code": "0x60015f55", "nonce": "0x01", "storage": {}},
        "0x00000000000000000000000000000000000000bb": {"balance": "0xffffffff", "nonce": "0x00"}},
    "transaction": {"data": ["0x"], "nonce": "0x00", "gasLimit": ["0x0f4240"], "value": ["0x00"], "gasPrice": "0x0a",
        "to": "0x00000000000000000000000000000000000000aa", "sender": "0x00000000000000000000000000000000000000bb"},
    "post": {"Cancun": [{
        "hash": "0x78e73db49605f34bdb679feddad7d2acd1654b909aef074079def1af2531bd96",
        "logs": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
        "indexes": {"data": 0, "gas": 0, "value": 0},
        "receipt": {"gasUsed": "0xa861", "status": true, "logs": []},
        "state": {
            "0x00000000000000000000000000000000000000aa": {"balance": "0x00", "code": "0x60015f55", "nonce": "0x01",
                "storage": {"0x00": "0x01"}},
            "0x00000000000000000000000000000000000000bb": {"balance": "0xfff96c35", "nonce": "0x01"}}}]}
}}"#;
