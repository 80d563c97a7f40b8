//! Finds the shared vectors and unpacks them once.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio, id},
};

/// Returns the folder with the unpacked vectors; `None`, with a note, when they are not there.
///
/// The folder with the archives is named by `CYBERMILES_FIXTURES`; without it, `../shared` beside the workspace.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
pub(crate) fn consensus_vectors() -> Option<PathBuf> {
    const NAME: &str = "consensus-vectors";
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shared = std::env::var_os("CYBERMILES_FIXTURES")
        .map_or_else(|| workspace.join("../shared"), PathBuf::from);
    let file = format!("{NAME}.tar.zst");
    let Some(archive) = [shared.join("fixtures").join(&file), shared.join(&file)]
        .into_iter()
        .find(|path| path.exists())
    else {
        println!("skipped: no {file} in {}", shared.display());
        return None;
    };
    let unpacked = workspace.join("target/fixtures").join(NAME);
    if !unpacked.exists() {
        unpack(&archive, &unpacked);
    }
    Some(unpacked)
}

/// Unpacks beside the goal, then renames, so that tests may race for it.
fn unpack(archive: &Path, goal: &Path) {
    let partial =
        goal.with_extension(format!("partial-{}-{:?}", id(), std::thread::current().id()));
    fs::create_dir_all(&partial).expect("the target folder can be written");
    let mut zstd = Command::new("zstd")
        .arg("-dc")
        .arg(archive)
        .stdout(Stdio::piped())
        .spawn()
        .expect("zstd is installed");
    let archive_bytes = zstd.stdout.take().expect("the output is piped");
    let tar = Command::new("tar")
        .arg("xf")
        .arg("-")
        .arg("-C")
        .arg(&partial)
        .stdin(archive_bytes)
        .status();
    assert!(tar.expect("tar is installed").success(), "tar unpacks the archive");
    assert!(zstd.wait().expect("zstd ends").success(), "zstd unpacks the archive");
    if fs::rename(&partial, goal).is_err() {
        assert!(goal.exists(), "another test has unpacked it");
        fs::remove_dir_all(&partial).expect("the partial folder can be removed");
    }
}
