//! Runs files of the official `TransactionTests`.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{Address, Envelope, EnvelopeRules, H256, IntrinsicGas, Revision, Transaction, U256};

/// The chain that the official tests are for.
const CHAIN_ID: u64 = 1;

/// How many cases ended how; a case is one fork of one test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cases with the expected result.
    pub passed: usize,
    /// Cases with another result.
    pub failed: usize,
    /// Cases for a fork that this crate does not know.
    pub skipped: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// Why a file could not be run.
#[derive(Debug, thiserror::Error)]
pub enum TestFileError {
    /// It cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It is not of the format.
    #[error("{path} is no file of TransactionTests")]
    Format {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// The report cannot be written.
    #[error("cannot write the report")]
    Report(#[source] io::Error),
}

/// One test: bytes and what each fork makes of them.
#[derive(Debug, Deserialize)]
struct TransactionTest {
    result: BTreeMap<String, Expected>,
    txbytes: String,
}

/// What one fork makes of the bytes: an exception, or the other three.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    exception: Option<String>,
    hash: Option<H256>,
    sender: Option<Address>,
    intrinsic_gas: U256,
}

/// What this crate makes of the bytes.
#[derive(Debug)]
struct Found {
    hash: H256,
    transaction: Transaction,
    gas: IntrinsicGas,
}

/// Runs every `.json` file under the paths, writes a line for each failure to `report`, and the tally last.
///
/// # Errors
/// When a path cannot be read, a file is not of the format, or the report cannot be written.
pub fn run(paths: &[PathBuf], report: &mut dyn io::Write) -> Result<Tally, TestFileError> {
    let mut tally = Tally::default();
    for path in json_files(paths)? {
        tally.add(run_file(&path, report)?);
    }
    writeln!(report, "{tally}").map_err(TestFileError::Report)?;
    Ok(tally)
}

/// Runs one file and writes a line for each failure to `report`.
///
/// # Errors
/// As [`run`].
pub fn run_file(path: &Path, report: &mut dyn io::Write) -> Result<Tally, TestFileError> {
    let text =
        fs::read(path).map_err(|source| TestFileError::Read { path: path.to_owned(), source })?;
    let tests: BTreeMap<String, TransactionTest> = serde_json::from_slice(&text)
        .map_err(|source| TestFileError::Format { path: path.to_owned(), source })?;
    let mut tally = Tally::default();
    for (name, test) in &tests {
        for (fork, expected) in &test.result {
            let Ok(revision) = fork.parse::<Revision>() else {
                tally.skipped += 1;
                continue;
            };
            match check(&test.txbytes, revision, expected) {
                Ok(()) => tally.passed += 1,
                Err(mismatch) => {
                    tally.failed += 1;
                    let path = path.display();
                    writeln!(report, "{path}: {name}/{fork}: {mismatch}")
                        .map_err(TestFileError::Report)?;
                }
            }
        }
    }
    Ok(tally)
}

/// How a case differs from what its file says.
#[derive(Debug, thiserror::Error)]
enum Mismatch {
    #[error("accepted, expected {expected}")]
    Accepted { expected: String },
    #[error("refused: {reason}")]
    Refused { reason: String },
    #[error("{what} is {found}, expected {expected}")]
    Value { what: &'static str, found: String, expected: String },
}

fn check(bytes: &str, revision: Revision, expected: &Expected) -> Result<(), Mismatch> {
    match (judge(bytes, revision), &expected.exception) {
        (Err(_), Some(_)) => Ok(()),
        (Ok(_), Some(exception)) => Err(Mismatch::Accepted { expected: exception.clone() }),
        (Err(error), None) => Err(Mismatch::Refused { reason: with_causes(&*error) }),
        (Ok(found), None) => {
            same("hash", &Some(found.hash), &expected.hash)?;
            same("sender", &Some(found.transaction.sender), &expected.sender)?;
            same("intrinsicGas", &U256::from(found.gas.initial), &expected.intrinsic_gas)
        }
    }
}

fn judge(bytes: &str, revision: Revision) -> Result<Found, Box<dyn Error>> {
    let bytes = hex::decode(bytes.strip_prefix("0x").unwrap_or(bytes))?;
    let envelope = Envelope::decode(&bytes)?;
    let transaction = envelope.validate(&EnvelopeRules::ethereum(revision, CHAIN_ID))?;
    let gas = IntrinsicGas::of(revision, &transaction);
    Ok(Found { hash: envelope.hash(), transaction, gas })
}

fn same<T: PartialEq + fmt::Debug>(
    what: &'static str,
    found: &T,
    expected: &T,
) -> Result<(), Mismatch> {
    if found == expected {
        return Ok(());
    }
    Err(Mismatch::Value { what, found: format!("{found:?}"), expected: format!("{expected:?}") })
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Lists the files under the paths, folders walked with an explicit stack, sorted.
fn json_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, TestFileError> {
    let mut pending = paths.to_vec();
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        let failed = |source| TestFileError::Read { path: path.clone(), source };
        if !path.is_dir() {
            files.push(path);
            continue;
        }
        for entry in fs::read_dir(&path).map_err(failed)? {
            let inner = entry.map_err(failed)?.path();
            if inner.is_dir() || inner.extension().is_some_and(|extension| extension == "json") {
                pending.push(inner);
            }
        }
    }
    files.sort();
    Ok(files)
}
