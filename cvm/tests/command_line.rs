//! The `cvm` tool as people and fuzzers call it: output, closing line, exit code.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

fn cvm(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cvm")).args(arguments).output().expect("the tool starts")
}

/// Runs the tool and compares its exit code; returns what it printed on standard output and standard error.
fn check(arguments: &[&str], exit_code: i32) -> (String, String) {
    let output = cvm(arguments);
    let out = String::from_utf8(output.stdout).expect("the tool prints text");
    let error = String::from_utf8(output.stderr).expect("the tool prints text");
    assert_eq!(output.status.code(), Some(exit_code), "{arguments:?}\n{out}\n{error}");
    (out, error)
}

/// PUSH1 7, PUSH0, SSTORE, PUSH1 7, PUSH0, MSTORE, PUSH1 32, PUSH0, LOG0, PUSH1 32, PUSH0, RETURN.
const STORE_LOG_RETURN: &str = "60075f5560075f5260205fa060205ff3";

#[test]
fn run_shows_outcome_output_logs_and_storage() {
    let (out, _) = check(&["run", "--code", STORE_LOG_RETURN, "--gas", "100000"], 0);
    let word = format!("{}07", "00".repeat(31));
    let gas = 22_100 + 375 + 8 * 32 + 3 + 3 + 3 + 3 + 3 + 3 + 2 * 4;
    assert!(out.contains("outcome   success\n"), "{out}");
    assert!(out.contains(&format!("gas used  {gas} of 100000\n")), "{out}");
    assert!(out.contains(&format!("output    0x{word}\n")), "{out}");
    assert!(
        out.contains(&format!("log       0x00000000000000000000000000000000c0de0000 0x{word}\n")),
        "{out}"
    );
    assert!(out.contains("[0x0] = 0x7\n"), "{out}");
}

#[test]
fn run_prints_one_json_object() {
    let (out, _) = check(&["run", "--json", "--code", STORE_LOG_RETURN], 0);
    let result: serde_json::Value = serde_json::from_str(&out).expect("the output is JSON");
    assert_eq!(result["success"], true);
    assert_eq!(result["accounts"][0]["storage"]["0x0"], "0x7");
    assert_eq!(result["logs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn run_traces_in_three_forms() {
    let (_, lines) = check(&["run", "--trace", "json", "--code", "0x60016002015f5500"], 0);
    let names: Vec<String> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON")["opName"]
                .to_string()
        })
        .collect();
    assert_eq!(names.join(","), r#""PUSH1","PUSH1","ADD","PUSH0","SSTORE","STOP""#);
    let (table, _) = check(&["run", "--trace", "table", "--code", "600160020100"], 0);
    assert!(table.lines().any(|line| line.contains("ADD") && line.ends_with("0x2 0x1")), "{table}");
    // STATICCALL to the identity contract.
    let (calls, _) = check(&["run", "--trace", "calls", "--code", "5f5f5f5f60045afa00"], 0);
    assert!(calls.contains(r#""calls":[{"type":"STATICCALL""#), "{calls}");
}

#[test]
fn run_says_why_code_failed() {
    let rows = [
        ("fe", "osaka", "halted: invalid instruction"),
        ("5f", "paris", "halted: invalid instruction"),
        ("5f5ffd", "osaka", "reverted"),
        ("600056", "osaka", "halted: invalid jump destination"),
        ("01", "osaka", "halted: stack underflow"),
    ];
    for (code, rules, outcome) in rows {
        let (out, _) = check(&["run", "--code", code, "--rules", rules], 1);
        assert!(out.contains(&format!("outcome   {outcome}\n")), "{code}: {out}");
    }
}

#[test]
fn arguments_that_make_no_sense_are_explained() {
    let rows: [(&[&str], &str); 5] = [
        (&["run", "--code", "0x5"], "--code"),
        (&["run", "--code", "@/no/such/file"], "/no/such/file"),
        (&["run", "--code", "00", "--rules", "tomorrow"], "osaka"),
        (&["statetest", "/no/such/folder"], "/no/such/folder"),
        (&["statetest"], "PATH"),
    ];
    for (arguments, hint) in rows {
        let (_, error) = check(arguments, 2);
        assert!(error.contains(hint), "{arguments:?}: {error}");
    }
    let (help, _) = check(&["--help"], 0);
    assert!(help.contains("Exit codes:"), "{help}");
}

#[test]
fn disasm_and_opcodes_follow_the_rules() {
    let (listing, _) = check(&["disasm", "0x6001 5f 01"], 0);
    assert_eq!(listing, "000000  60  PUSH1 0x01\n000002  5f  PUSH0\n000003  01  ADD\n");
    let has_clz = |rules| check(&["opcodes", "--rules", rules], 0).0.contains("CLZ");
    assert!(has_clz("osaka") && !has_clz("prague"));
}

#[test]
fn bench_times_the_built_in_workload() {
    let (out, _) = check(&["bench", "--time", "1"], 0);
    assert!(out.contains("built-in") && out.contains("8521006"), "{out}");
}

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("cvm-command-line-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("the folder for temporary files is writable");
        Self(path)
    }

    fn write(&self, name: &str, content: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).expect("the folder is writable");
        path.to_str().expect("the path is text").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in the folder for temporary files does no harm.
        let _removed = fs::remove_dir_all(&self.0);
    }
}

/// A call of code that stops. `ROOT` is the state root afterwards.
const STOP: &str = r#"{"stop": {
    "env": {"currentCoinbase": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "currentGasLimit": "0x0f4240",
        "currentNumber": "0x01", "currentTimestamp": "0x03e8"},
    "pre": {"0x00000000000000000000000000000000000000aa": {"balance": "0x00", "code": "0x600100", "nonce": "0x01"}},
    "transaction": {"data": ["0x"], "nonce": "0x00", "gasLimit": ["0x5300"], "value": ["0x00"], "gasPrice": "0x00",
        "to": "0x00000000000000000000000000000000000000aa", "sender": "0x00000000000000000000000000000000000000bb"},
    "post": {"Berlin": [{"hash": "ROOT", "indexes": {"data": 0, "gas": 0, "value": 0}}],
        "Tomorrow": [{"hash": "ROOT", "indexes": {"data": 0, "gas": 0, "value": 0}}]}
}}"#;

#[test]
fn statetest_prints_traces_roots_and_a_closing_line() {
    let folder = Folder::new("statetest");
    let unfilled = folder.write("unfilled.json", &STOP.replace("ROOT", "0x00"));
    let (out, error) = check(&["statetest", "--json", "--fork", "Berlin", &unfilled], 0);
    assert!(out.ends_with("0 passed, 0 failed, 1 skipped\n"), "{out}");
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 3, "{error}");
    assert!(
        lines[0]
            .starts_with(r#"{"pc":0,"op":96,"gas":"0xf8","gasCost":"0x3","memSize":0,"stack":[]"#),
        "{error}"
    );
    let root = lines[2]
        .strip_prefix(r#"{"stateRoot":""#)
        .and_then(|rest| rest.get(..66))
        .expect("the root comes first");

    folder.write("right.json", &STOP.replace("ROOT", root));
    let wrong = folder.write("wrong.json", &STOP.replace("ROOT", "0x01"));
    let (out, error) = check(&["statetest", "--json-outcome", "--fork", "Berlin", &wrong], 1);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        out.contains("FAIL ")
            && out.contains(":: stop :: Berlin d0 g0 v0: state root: expected 0x"),
        "{out}"
    );
    let (out, _) = check(&["statetest", folder.0.to_str().expect("the path is text")], 1);
    assert!(out.contains("the rules of Tomorrow are not implemented"), "{out}");
    assert!(out.ends_with("\n1 passed, 1 failed, 4 skipped\n"), "{out}");
}

#[test]
fn vmtest_and_txtest_print_a_closing_line() {
    let folder = Folder::new("suites");
    let empty = folder.write("empty.json", "{}");
    for suite in ["vmtest", "txtest", "statetest"] {
        let (out, _) = check(&[suite, &empty], 0);
        assert_eq!(out, "0 passed, 0 failed, 0 skipped\n", "{suite}");
    }
}

#[test]
fn rules_of_cybermiles_run_and_list_their_opcodes() {
    let table = |rules| check(&["opcodes", "--rules", rules], 0).0;
    let line = |rules, name: &str| {
        table(rules).lines().find(|line| line.contains(name)).map(str::to_owned)
    };
    assert_eq!(
        line("travis", "FREEGAS").as_deref(),
        Some("0xf8  FREEGAS          0    0      3  block 1321176")
    );
    assert_eq!(
        line("travis", " ADD ").as_deref(),
        Some("0x01  ADD              2    1      3  block 0")
    );
    assert_eq!(line("travis@1321175", "FREEGAS"), None);
    assert_eq!(
        line("travis", "SAR").as_deref(),
        Some("0x1d  SAR              2    1      3  Constantinople")
    );
    assert!(line("miles", "CLZ").is_some());
    let overflow = ["run", "--code", "6001600003506002600103", "--rules", "travis"];
    let (out, _) = check(&overflow, 1);
    assert!(out.contains("halted: arithmetic overflow"), "{out}");
    // consent() of the free-gas contract answers 1.
    let consent = "63b3d3404a5f5260205f6004601c5f61cc015af160205ff3";
    let (out, _) = check(&["run", "--code", consent, "--rules", "miles"], 0);
    assert!(out.contains(&format!("output    0x{}01\n", "00".repeat(31))), "{out}");
    let (_, error) = check(&["run", "--code", "00", "--rules", "travis@x"], 2);
    assert!(error.contains("height"), "{error}");
}
