//! Rules of the workspace that no compiler checks. They hold for every crate; the test lives here because it must live
//! in one.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The crates that do not know each other.
const LEAVES: [&str; 4] = ["cvm", "gas-policy", "state", "consensus"];

/// Lines of code in a source file, without its tests and blank or comment lines.
const FILE_LINES_MAX: usize = 600;

fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("the crate is in the workspace").to_path_buf()
}

/// Every file of the workspace with one of the endings, outside of build folders.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the workspace can be read").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.')
                    && !["target", "corpus", "artifacts", "node_modules"].contains(&name.as_str())
                {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a source file can be read")
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The lines of a manifest's section.
fn section<'a>(manifest: &'a str, title: &str) -> Vec<&'a str> {
    let after = manifest.lines().skip_while(|line| line.trim() != title).skip(1);
    after.take_while(|line| !line.starts_with('[')).collect()
}

#[test]
fn no_leaf_depends_on_another() {
    for leaf in LEAVES {
        let path = root().join(leaf).join("Cargo.toml");
        let manifest = text(&path);
        for line in section(&manifest, "[dependencies]") {
            let names_member = line.starts_with("cybermiles-");
            assert!(!names_member, "{} depends on a member: {line}", shown(&path));
        }
    }
}

#[test]
fn every_manifest_inherits_the_lints() {
    for path in files(&["Cargo.toml"]) {
        let manifest = text(&path);
        // Fuzz packages are workspaces of their own.
        if manifest.contains("[workspace]") {
            continue;
        }
        let lints = section(&manifest, "[lints]");
        assert!(lints.contains(&"workspace = true"), "{} does not inherit the lints", shown(&path));
    }
}

#[test]
fn no_source_file_is_long() {
    for path in files(&[".rs"]) {
        let name = shown(&path);
        if !name.contains("/src/") || name.ends_with("tests.rs") {
            continue;
        }
        let source = text(&path);
        let before_tests = source.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let lines = before_tests.lines().filter(is_code).count();
        assert!(
            lines <= FILE_LINES_MAX,
            "{name} has {lines} lines of code, at most {FILE_LINES_MAX} are allowed"
        );
    }
}

#[test]
fn nothing_is_left_over() {
    // Put together here, so that this file does not find itself.
    let leftovers = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X"],
        ["to", "do!("],
        ["unimple", "mented!("],
        ["#[ign", "ore"],
    ];
    for path in files(&[".rs"]) {
        for (number, line) in text(&path).lines().enumerate() {
            for leftover in leftovers {
                let leftover = leftover.concat();
                assert!(!line.contains(&leftover), "{}:{}: {leftover}", shown(&path), number + 1);
            }
        }
    }
}

#[test]
fn sources_and_documents_are_ascii() {
    for path in files(&[".rs", ".md", ".toml", ".sol"]) {
        for (number, line) in text(&path).lines().enumerate() {
            assert!(line.is_ascii(), "{}:{}: {line}", shown(&path), number + 1);
        }
    }
}
