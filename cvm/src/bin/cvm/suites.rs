//! The commands that run official test suites.

use crate::arguments;
use clap::Args;
use cybermiles_cvm::{
    Translate,
    tool::{
        state_test::{self, Detail, Lines, Selection},
        suite::{self, FileReport, Tally},
        transaction_test, vm_test,
    },
};
use std::{
    fmt, io,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

#[derive(Debug, Args)]
pub(crate) struct SuiteArguments {
    /// Test files, or folders that are walked for them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Threads to use [default: one for each core].
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct StateTestArguments {
    #[command(flatten)]
    suite: SuiteArguments,
    /// Only this fork, by its name in the files or of its revision; may be repeated.
    #[arg(long, value_name = "F")]
    fork: Vec<String>,
    /// Only tests whose name contains this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    name: String,
    /// When to translate code for the fast loop: hot, always or never.
    #[arg(long, value_name = "WHEN", default_value = "hot", value_parser = arguments::translate)]
    translate: Translate,
    /// Write each step to standard error (EIP-3155), and after them a line with the state root.
    #[arg(long)]
    json: bool,
    /// Write a line with the state root of each case to standard error, without the steps.
    #[arg(long, conflicts_with = "json")]
    json_outcome: bool,
}

/// Runs `cvm statetest`.
pub(crate) fn state_tests(arguments: &StateTestArguments) -> io::Result<ExitCode> {
    let selection = Selection {
        forks: arguments.fork.clone(),
        name_contains: arguments.name.clone(),
        translate: arguments.translate,
    };
    let detail = match (arguments.json, arguments.json_outcome) {
        (true, _) => Detail::Steps,
        (false, true) => Detail::Outcomes,
        (false, false) => {
            let runner = || {
                let mut runner = state_test::Runner::new(selection.clone());
                move |path: &Path| runner.run_file(path)
            };
            return run(&arguments.suite, &runner);
        }
    };
    // Lines for machines come in order and as they arise, so one thread writes them.
    let mut out = StandardError::new();
    let mut runner = state_test::Runner::new(selection);
    let mut tally = Tally::default();
    for file in suite::json_files(&arguments.suite.paths)? {
        let report = runner.run_file_writing(&file, &mut Some(Lines { detail, out: &mut out }));
        print_lines(&report);
        tally.add(report.tally);
    }
    out.flush()?;
    Ok(close(tally))
}

/// Runs `cvm vmtest`.
pub(crate) fn vm_tests(arguments: &SuiteArguments) -> io::Result<ExitCode> {
    run(arguments, &|| vm_test::run_file)
}

/// Runs `cvm txtest`.
pub(crate) fn transaction_tests(arguments: &SuiteArguments) -> io::Result<ExitCode> {
    let tally =
        transaction_test::run(&arguments.paths, &mut io::stdout()).map_err(io::Error::other)?;
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run<R: FnMut(&Path) -> FileReport>(
    arguments: &SuiteArguments,
    runner: &(dyn Fn() -> R + Sync),
) -> io::Result<ExitCode> {
    let files = suite::json_files(&arguments.paths)?;
    let threads = match arguments.jobs {
        Some(threads) => threads,
        None => thread::available_parallelism()?.get(),
    };
    let mut progress = Progress { files_total: files.len(), files_done: 0 };
    let tally = suite::run(&files, threads, runner, &mut |_, report| {
        progress.clear();
        print_lines(report);
        progress.advance();
    });
    progress.clear();
    Ok(close(tally))
}

fn print_lines(report: &FileReport) {
    for line in &report.lines {
        println!("{line}");
    }
}

fn close(tally: Tally) -> ExitCode {
    println!("{tally}");
    if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tells on standard error how far a run is: one line that moves on a terminal, else one line for each tenth.
struct Progress {
    files_total: usize,
    files_done: usize,
}

impl Progress {
    fn advance(&mut self) {
        let tenth = |files: usize| files * 10 / self.files_total.max(1);
        let is_new_tenth = tenth(self.files_done) != tenth(self.files_done + 1);
        self.files_done += 1;
        if io::stderr().is_terminal() {
            eprint!("\r{} of {} files", self.files_done, self.files_total);
        } else if is_new_tenth && self.files_total > 1 {
            eprintln!("{} of {} files", self.files_done, self.files_total);
        }
    }

    fn clear(&self) {
        if io::stderr().is_terminal() && self.files_done > 0 {
            eprint!("\r\x1b[K");
        }
    }
}

/// Text to standard error through a buffer.
pub(crate) struct StandardError(io::BufWriter<io::StderrLock<'static>>);

impl StandardError {
    /// Takes standard error for itself.
    pub(crate) fn new() -> Self {
        Self(io::BufWriter::new(io::stderr().lock()))
    }

    /// Writes what is still in the buffer.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl fmt::Write for StandardError {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_all(text.as_bytes()).map_err(|_closed| fmt::Error)
    }
}
