//! Runs a list of test files on all cores and reports in order.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    string::String,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    vec::Vec,
};

/// How many cases ended how. Shown as the closing line of every suite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cases whose every expectation held.
    pub passed: u64,
    /// Cases with an expectation that did not hold, and files that could not be read.
    pub failed: u64,
    /// Cases that do not apply; each is named with its reason.
    pub skipped: u64,
}

impl Tally {
    /// Adds the cases of another tally.
    pub const fn add(&mut self, other: Self) {
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

/// What one file gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    /// The file's cases.
    pub tally: Tally,
    /// One line for each case that failed or was skipped: `FAIL ...` or `SKIP ...`.
    pub lines: Vec<String>,
}

impl FileReport {
    /// Counts a case that held.
    pub const fn pass(&mut self) {
        self.tally.passed += 1;
    }

    /// Counts a case that did not hold; `what` names it and says what differed.
    pub fn fail(&mut self, what: impl fmt::Display) {
        self.tally.failed += 1;
        self.lines.push(format!("FAIL {what}"));
    }

    /// Counts a case that does not apply; `what` names it and says why.
    pub fn skip(&mut self, what: impl fmt::Display) {
        self.tally.skipped += 1;
        self.lines.push(format!("SKIP {what}"));
    }
}

/// Test files below `paths`, in order: files as given, folders walked by name. Hidden folders (such as `.meta`) and files
/// that do not end in `.json` are passed over, unless they are named themselves.
///
/// # Errors
/// When a path cannot be read; the error names it.
pub fn json_files(paths: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut pending: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = pending.pop() {
        match tests_in(&path)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?
        {
            None => files.push(path),
            Some(inside) => pending.extend(inside),
        }
    }
    Ok(files)
}

/// What a folder holds, last name first; `None` when the path is a file.
fn tests_in(path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(None);
    }
    let mut inside = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && (name.ends_with(".json") || entry.path().is_dir()) {
            inside.push(entry.path());
        }
    }
    inside.sort_unstable_by(|left, right| right.cmp(left));
    Ok(Some(inside))
}

/// Runs every file on `threads` threads and hands the reports to `observe` in the order of `files`, each as soon as
/// those before it are there. `runner` makes what one thread keeps between files.
///
/// A file whose runner panics counts as one failure; the thread goes on with a new runner.
pub fn run<R: FnMut(&Path) -> FileReport>(
    files: &[PathBuf],
    threads: usize,
    runner: &(dyn Fn() -> R + Sync),
    observe: &mut dyn FnMut(&Path, &FileReport),
) -> Tally {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, files.len().max(1)) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                let mut run_file = runner();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = files.get(index) else { return };
                    let report = guarded(&mut run_file, file).unwrap_or_else(|report| {
                        run_file = runner();
                        report
                    });
                    if sender.send((index, report)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        collect_in_order(files, receiver, observe)
    })
}

fn collect_in_order(
    files: &[PathBuf],
    reports: mpsc::Receiver<(usize, FileReport)>,
    observe: &mut dyn FnMut(&Path, &FileReport),
) -> Tally {
    let mut tally = Tally::default();
    let mut early: Vec<Option<FileReport>> = files.iter().map(|_| None).collect();
    let mut expected = 0;
    for (index, report) in reports {
        early[index] = Some(report);
        while let Some(report) = early.get_mut(expected).and_then(Option::take) {
            tally.add(report.tally);
            observe(&files[expected], &report);
            expected += 1;
        }
    }
    tally
}

fn guarded<R: FnMut(&Path) -> FileReport>(
    run_file: &mut R,
    file: &Path,
) -> Result<FileReport, FileReport> {
    std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| run_file(file))).map_err(|cause| {
        let mut report = FileReport::default();
        report.fail(format!("{}: panic: {}", file.display(), panic_message(&*cause)));
        report
    })
}

/// The text that a panic was given, for a report.
#[must_use]
pub fn panic_message(cause: &(dyn core::any::Any + Send)) -> &str {
    let text = cause.downcast_ref::<&str>().copied();
    text.or_else(|| cause.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_come_in_order_and_a_panic_is_one_failure() {
        let files: Vec<PathBuf> = (0..40).map(|index| PathBuf::from(format!("{index}"))).collect();
        let runner = || {
            |path: &Path| {
                let mut report = FileReport::default();
                match path.to_str().unwrap() {
                    "7" => panic!("seven"),
                    "9" => report.skip("9: odd"),
                    _ => report.pass(),
                }
                report
            }
        };
        let mut seen = Vec::new();
        let tally = run(&files, 3, &runner, &mut |path, report| {
            seen.push(path.to_path_buf());
            if path == Path::new("7") {
                assert_eq!(report.lines, ["FAIL 7: panic: seven"]);
            }
        });
        assert_eq!(seen, files);
        assert_eq!(tally, Tally { passed: 38, failed: 1, skipped: 1 });
        assert_eq!(format!("{tally}"), "38 passed, 1 failed, 1 skipped");
    }
}
