//! Every VM test of ethereum/legacytests: bare code, gas left, output, logs, state.

mod fixtures;

use cybermiles_cvm::tool::{suite, vm_test};

#[test]
fn vm_tests() {
    let Some(root) = fixtures::archive("legacytests-constantinople") else { return };
    let folder = root.join("legacytests/Constantinople/VMTests");
    let files = suite::json_files(&[folder]).expect("the archive has the folder");
    let mut lines = Vec::new();
    let tally = suite::run(&files, 2, &|| vm_test::run_file, &mut |_, report| {
        lines.extend(report.lines.clone());
    });
    assert_eq!((tally.failed, tally.skipped), (0, 0), "{tally}\n{}", lines.join("\n"));
    assert!(tally.passed >= 609, "{tally}");
}

/// A runner that cannot fail proves nothing.
#[test]
fn each_wrong_expectation_fails() {
    let folder = std::env::temp_dir().join(format!("cvm-vm-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
    let path = folder.join("test.json");
    let run = |from: &str, to: &str| {
        assert!(STORE_ONE.contains(from), "{from}");
        std::fs::write(&path, STORE_ONE.replace(from, to)).expect("the file is writable");
        vm_test::run_file(&path)
    };
    assert_eq!(run("store", "store").lines, [""; 0]);
    let wrong = [
        (r#""gas": "0x61a2""#, r#""gas": "0x61a1""#, "gas left"),
        (r#""out": "0x""#, r#""out": "0x00""#, "output"),
        (r#""0x00": "0x01""#, r#""0x00": "0x02""#, "slot 0x0"),
        (r#""logs": "0x1d"#, r#""logs": "0x2d"#, "logs hash"),
        (r#""gas": "0x61a2", "#, "", "expected a halt"),
        (r#""gas": "0xafc8""#, r#""gas": "0x10""#, "out of gas"),
    ];
    for (from, to, why) in wrong {
        let report = run(from, to);
        assert_eq!(report.tally.failed, 1, "{why}: {:?}", report.lines);
        assert!(report.lines[0].contains(why), "{why}: {:?}", report.lines);
    }
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// PUSH1 1, PUSH1 0, SSTORE: 3 + 3 + 20,000 of 45,000 gas.
const STORE_ONE: &str = r#"{"store": {
    "env": {"currentCoinbase": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "currentDifficulty": "0x0100",
        "currentGasLimit": "0x0f4240", "currentNumber": "0x00", "currentTimestamp": "0x01"},
    "exec": {"address": "0x00000000000000000000000000000000000000aa", "caller": "0x00000000000000000000000000000000000000bb",
        "origin": "0x00000000000000000000000000000000000000bb", "code": "0x6001600055", "data": "0x", "gas": "0xafc8",
        "gasPrice": "0x01", "value": "0x05"},
    "pre": {"0x00000000000000000000000000000000000000aa": {"balance": "0x01", "code": "0x6001600055"}},
    "gas": "0x61a2", "logs": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347", "out": "0x",
    "post": {"0x00000000000000000000000000000000000000aa": {"balance": "0x01", "code": "0x6001600055",
        "storage": {"0x00": "0x01"}}}
}}"#;
