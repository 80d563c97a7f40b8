//! Are the invariants of the simulator strict enough? Every mistake of the list is made, in a copy of this crate, and
//! has to be noticed by random schedules.
//!
//! The copy is built once, with all mistakes in it and a switch; the sources themselves know nothing of it.
//! `MUTANTS_TABLE=1 cargo test -p cybermiles-consensus --test mutants` writes `docs/mutants.md` anew.

#[path = "mutants/table.rs"]
mod table;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use table::{MUTANTS, Mutant};

/// A mutant has survived when it gets through this many schedules.
const SCHEDULES_MAX: u64 = 20_000;

const SWITCH: &str = "
//! Which mistake is made; 0 is none.
use core::sync::atomic::{AtomicUsize, Ordering};
static ACTIVE: AtomicUsize = AtomicUsize::new(0);
/// Makes a mistake from now on.
pub fn switch(mutant: usize) {
    ACTIVE.store(mutant, Ordering::Relaxed);
}
pub(crate) fn is(mutant: usize) -> bool {
    ACTIVE.load(Ordering::Relaxed) == mutant
}
";

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the target folder can be written");
    for entry in fs::read_dir(from).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        let goal = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &goal);
        } else {
            fs::copy(&path, &goal).expect("a copy");
        }
    }
}

/// The text of a file with all its mistakes in it.
fn infect(file: &str, source: &str) -> String {
    let mut here: Vec<(usize, &Mutant)> =
        MUTANTS.iter().enumerate().filter(|(_, mutant)| mutant.file == file).collect();
    // What lies inside of something else comes later, and then is the last of its kind.
    here.sort_by_key(|(_, mutant)| core::cmp::Reverse(mutant.original.len()));
    let mut text = source.to_string();
    let mut done: Vec<&str> = Vec::new();
    for (_, mutant) in &here {
        let original = mutant.original;
        assert_eq!(source.matches(original).count(), 1, "{}: {original}", mutant.name);
        if done.contains(&original) {
            continue;
        }
        done.push(original);
        let mut replacement = original.to_string();
        for (number, other) in here.iter().filter(|(_, other)| other.original == original) {
            let active = format!("crate::mutant::is({})", number + 1);
            replacement = if other.mutated.contains("ACTIVE") {
                other.mutated.replace("ACTIVE", &active)
            } else {
                format!("(if {active} {{ {} }} else {{ {replacement} }})", other.mutated)
            };
        }
        let at = text.rfind(original).expect("it was there");
        text.replace_range(at..at + original.len(), &replacement);
    }
    text
}

/// Makes and builds the copy; returns the program that runs one mutant.
fn build() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants");
    let copy = root.join("consensus");
    if copy.exists() {
        fs::remove_dir_all(&copy).expect("the old copy can go");
    }
    for folder in ["src", "benches"] {
        copy_folder(&own.join(folder), &copy.join(folder));
    }
    for file in ["Cargo.toml", "README.md"] {
        fs::copy(own.join(file), copy.join(file)).expect("a copy");
    }
    let manifest = fs::read_to_string(own.join("../Cargo.toml")).expect("the workspace");
    let members = |line: &str| {
        if line.starts_with("members") {
            "members = [\"consensus\"]\n".to_string()
        } else {
            format!("{line}\n")
        }
    };
    let manifest: String = manifest.lines().map(members).collect();
    fs::write(root.join("Cargo.toml"), manifest).expect("the manifest");
    fs::copy(own.join("../Cargo.lock"), root.join("Cargo.lock")).expect("the lock file");
    for file in MUTANTS.iter().map(|mutant| mutant.file) {
        let source = fs::read_to_string(own.join("src").join(file)).expect("a source file");
        fs::write(copy.join("src").join(file), infect(file, &source)).expect("a changed file");
    }
    fs::write(copy.join("src/mutant.rs"), SWITCH).expect("the switch");
    let list = fs::read_to_string(own.join("src/lib.rs")).expect("the library");
    let list = list.replacen("mod log_entry;", "mod log_entry;\npub mod mutant;", 1);
    fs::write(copy.join("src/lib.rs"), list).expect("the library");
    fs::copy(own.join("tests/mutants/kill.rs"), copy.join("src/bin/kill.rs")).expect("the program");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--quiet", "--bin", "kill"])
        .current_dir(&root)
        .env("CARGO_TARGET_DIR", root.join("target"))
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "2")
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env("RUSTFLAGS", "--cap-lints=allow")
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    root.join("target/debug/kill")
}

/// Runs one mutant; returns after how many schedules it was noticed (0: never) and by what.
fn run(program: &Path, number: usize, schedules: u64) -> (u64, String) {
    let arguments = [number.to_string(), schedules.to_string()];
    let output = Command::new(program).args(arguments).output().expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    let (schedules, seen) = text.split_once(' ').expect("a number and what was seen");
    (schedules.parse().expect("a number"), seen.to_string())
}

#[test]
fn every_mutant_is_noticed() {
    let program = build();
    assert_eq!(run(&program, 0, 3_000).0, 0, "without a mistake nothing is noticed");
    let mut table = String::from(
        "# Mutants\n\nGenerated by `MUTANTS_TABLE=1 cargo test -p cybermiles-consensus --test mutants`: each row is one \
         mistake made\nin the sources, how many random schedules the simulator needed to notice it, and what it \
         noticed.\n\n| mistake | in | schedules | noticed as |\n|---|---|---:|---|\n",
    );
    let mut counts = Vec::new();
    let mut survivors = Vec::new();
    for (at, mutant) in MUTANTS.iter().enumerate() {
        let (schedules, seen) = run(&program, at + 1, SCHEDULES_MAX);
        println!("{schedules:>6} {seen:<40} {}", mutant.name);
        let Mutant { name, file, .. } = mutant;
        writeln!(table, "| {name} | `{file}` | {schedules} | {seen} |").expect("a string");
        if schedules == 0 {
            survivors.push(name);
        } else {
            counts.push(schedules);
        }
    }
    counts.sort_unstable();
    let (median, most) = (counts[counts.len() / 2], counts[counts.len() - 1]);
    writeln!(
        table,
        "\n{} of {} mutants noticed; median {median} schedules, at most {most}.",
        counts.len(),
        MUTANTS.len()
    )
    .expect("a string");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mutants.md");
    if std::env::var_os("MUTANTS_TABLE").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        fs::write(&path, &table).expect("the table");
    }
    assert!(survivors.is_empty(), "not noticed: {survivors:#?}");
    let written = fs::read_to_string(&path).expect("the table is checked in");
    for Mutant { name, .. } in MUTANTS {
        assert!(written.contains(&format!("| {name} |")), "{name} is not in docs/mutants.md");
    }
}
