//! The command-line tool of the virtual machine: run code, look at it, and check it against the official suites.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool prints")]

mod arguments;
mod bench;
mod run;
mod suites;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes:
  0  every case passed; the code ran to its end
  1  a case failed; the code reverted or halted
  2  the arguments make no sense, or a file cannot be read";

/// Run EVM bytecode and transactions, and check the machine against the official test suites.
#[derive(Debug, Parser)]
#[command(name = "cvm", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run bytecode and show what it did.
    Run(Box<run::RunArguments>),
    /// Run state tests of ethereum/tests, ethereum/legacytests or execution-spec-tests.
    Statetest(suites::StateTestArguments),
    /// Run VM tests of ethereum/legacytests.
    Vmtest(suites::SuiteArguments),
    /// Run transaction tests of ethereum/tests.
    Txtest(suites::SuiteArguments),
    /// List the instructions of bytecode.
    Disasm(run::DisasmArguments),
    /// List the opcodes of a rule set: byte, name, stack, gas, first revision.
    Opcodes(run::OpcodesArguments),
    /// Time workloads, in millions of gas per second.
    Bench(bench::BenchArguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Statetest(arguments) => suites::state_tests(&arguments),
        Command::Vmtest(arguments) => suites::vm_tests(&arguments),
        Command::Txtest(arguments) => suites::transaction_tests(&arguments),
        Command::Disasm(arguments) => run::disassemble(&arguments),
        Command::Opcodes(arguments) => run::opcodes(&arguments),
        Command::Bench(arguments) => bench::bench(&arguments),
    };
    result.unwrap_or_else(|error| {
        eprintln!("cvm: {error}");
        ExitCode::from(2)
    })
}
