//! Kills, power losses and damage, by the tool that users can run as well. `STATE_TORTURE_LONG=1` runs 20 times as many.
#![expect(clippy::disallowed_methods, reason = "a test may read its environment")]
#![expect(clippy::print_stdout, reason = "the counts are the result")]

use std::process::Command;

fn torture(what: &str, count: u64) {
    let factor = if std::env::var("STATE_TORTURE_LONG").is_ok() { 20 } else { 1 };
    let output = Command::new(env!("CARGO_BIN_EXE_state-torture"))
        .args([what, "--count", &(count * factor).to_string(), "--seed", "20190526"])
        .output()
        .expect("the tool is built with the tests");
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{what}: {text}");
    assert!(output.status.success(), "{text}");
    assert!(text.trim_end().ends_with(" 0 failed"), "{text}");
}

#[test]
fn survives_500_kills() {
    torture("kill", 500);
}

#[test]
fn survives_2000_power_losses() {
    torture("power", 2000);
}

#[test]
fn survives_2000_damaged_files() {
    torture("damage", 2000);
}
