//! The commands about a piece of code: run it, list it, list its opcodes.

use crate::{arguments, suites::StandardError};
use clap::{Args, ValueEnum};
use cybermiles_cvm::{
    Address, Block, CallTracer, Called, Eip3155Tracer, Environment, MemoryAccount, MemoryState,
    Message, Outcome, Revision, Rules, Step, StepEnd, Tracer, U256, Vm, revert_reason,
    tool::disassembly::{self, opcode_table},
};
use serde_json::{Value, json};
use std::{fmt::Write, io, process::ExitCode};

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The bytecode in hexadecimal, or @FILE, or @- for standard input.
    #[arg(long, value_name = "HEX|@FILE")]
    code: String,
    /// The call data.
    #[arg(long, value_name = "HEX|@FILE", default_value = "")]
    input: String,
    /// Gas for the call.
    #[arg(long, value_name = "N", default_value_t = 30_000_000)]
    gas: u64,
    /// Wei that the call is said to carry (CALLVALUE).
    #[arg(long, value_name = "WEI", default_value = "0", value_parser = arguments::word)]
    value: U256,
    /// Who calls.
    #[arg(long, value_name = "ADDRESS", default_value = "0x0000000000000000000000000000000000000000", value_parser = arguments::address)]
    caller: Address,
    /// The contract that the code runs as.
    #[arg(long, value_name = "ADDRESS", default_value = "0x00000000000000000000000000000000c0de0000", value_parser = arguments::address)]
    address: Address,
    /// The rules: frontier ... osaka, miles, travis, travis@HEIGHT.
    #[arg(long, value_name = "RULES", default_value = "osaka", value_parser = arguments::rules)]
    rules: Rules,
    /// Show each step, or the tree of calls, before the result.
    #[arg(long, value_name = "FORM")]
    trace: Option<TraceForm>,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TraceForm {
    /// One line of JSON for each step (EIP-3155), on standard error.
    Json,
    /// A table of the steps, on standard output.
    Table,
    /// The calls as nested JSON (callTracer), on standard output.
    Calls,
}

#[derive(Debug, Args)]
pub(crate) struct DisasmArguments {
    /// The bytecode in hexadecimal, or @FILE, or @- for standard input.
    #[arg(value_name = "HEX|@FILE")]
    code: String,
    /// The rules: frontier ... osaka, miles, travis, travis@HEIGHT.
    #[arg(long, value_name = "RULES", default_value = "osaka", value_parser = arguments::rules)]
    rules: Rules,
}

#[derive(Debug, Args)]
pub(crate) struct OpcodesArguments {
    /// The rules: frontier ... osaka, miles, travis, travis@HEIGHT.
    #[arg(long, value_name = "RULES", default_value = "osaka", value_parser = arguments::rules)]
    rules: Rules,
}

/// Runs `cvm disasm`.
pub(crate) fn disassemble(arguments: &DisasmArguments) -> io::Result<ExitCode> {
    let code = read_bytes("CODE", &arguments.code)?;
    for line in disassembly::disassemble(&arguments.rules, &code) {
        println!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `cvm opcodes`.
pub(crate) fn opcodes(arguments: &OpcodesArguments) -> io::Result<ExitCode> {
    print!("{}", opcode_table(&arguments.rules));
    Ok(ExitCode::SUCCESS)
}

/// Runs `cvm run`.
pub(crate) fn run(arguments: &RunArguments) -> io::Result<ExitCode> {
    let code = read_bytes("--code", &arguments.code)?;
    let message = Message {
        caller: arguments.caller,
        origin: arguments.caller,
        address: arguments.address,
        code: Some(code.clone().into()),
        input: read_bytes("--input", &arguments.input)?.into(),
        value: arguments.value,
        gas_limit: arguments.gas,
        ..Message::default()
    };
    let mut state = MemoryState::default();
    state.insert(
        arguments.address,
        MemoryAccount { nonce: 1, code: code.into(), ..MemoryAccount::default() },
    );
    let called = call_traced(arguments, &message, &state)?;
    if arguments.json {
        println!("{}", to_json(&called, arguments.gas));
    } else {
        print!("{}", to_text(&called, arguments.gas));
    }
    Ok(if called.outcome.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The block around the call: height 1, one second into the epoch, with room for every gas limit.
fn block_of(rules: &Rules) -> Block {
    let blob_base_fee =
        if rules.revision() >= Revision::Cancun { U256::one() } else { U256::zero() };
    Block { number: 1, timestamp: 1, gas_limit: u64::MAX, blob_base_fee, ..Block::default() }
}

fn call_traced(
    arguments: &RunArguments,
    message: &Message,
    state: &MemoryState,
) -> io::Result<Called> {
    let block = block_of(&arguments.rules);
    let mut machine = Vm::new(arguments.rules.clone());
    let mut watch = |tracer: &mut dyn Tracer| {
        let environment = Environment { tracer: Some(tracer), ..Environment::new(&block, state) };
        machine.call_in(environment, message).map_err(io::Error::other)
    };
    match arguments.trace {
        None => machine.call(&block, message, state).map_err(io::Error::other),
        Some(TraceForm::Json) => {
            let mut out = StandardError::new();
            let called = watch(&mut Eip3155Tracer::new(&mut out));
            out.flush()?;
            called
        }
        Some(TraceForm::Table) => {
            println!(
                "{:>6}  {:<14}  {:>10}  {:>8}  {:>6}  stack, top first",
                "pc", "opcode", "gas", "cost", "memory"
            );
            watch(&mut TableTracer::default())
        }
        Some(TraceForm::Calls) => {
            let mut tracer = CallTracer::new().with_logs();
            let called = watch(&mut tracer)?;
            println!("{}", tracer.into_trace(message.gas_limit, called.gas_used).to_json());
            Ok(called)
        }
    }
}

fn read_bytes(name: &str, text: &str) -> io::Result<Vec<u8>> {
    arguments::bytes(text).map_err(|error| io::Error::other(format!("{name}: {error}")))
}

/// Prints each step as a row, indented by depth.
#[derive(Debug, Default)]
struct TableTracer {
    row: String,
    stack: String,
}

impl Tracer for TableTracer {
    fn step(&mut self, step: &Step<'_>) {
        let name = step.name.map_or_else(|| format!("{:#04x}", step.opcode), str::to_owned);
        let name = format!("{}{name}", " ".repeat(step.depth.saturating_sub(1)));
        self.row = format!("{:>6}  {name:<14}  {:>10}", step.pc, step.gas);
        self.stack = format!("{:>6}  ", step.memory.len());
        for word in step.stack.iter().rev().take(TABLE_WORDS_MAX) {
            // Writing to a string cannot fail.
            let _written = write!(self.stack, "{:#x} ", U256::from(*word));
        }
        if step.stack.len() > TABLE_WORDS_MAX {
            let _written = write!(self.stack, "... {} more", step.stack.len() - TABLE_WORDS_MAX);
        }
    }

    fn step_end(&mut self, end: &StepEnd) {
        let halt = end.halt.map_or_else(String::new, |halt| format!("  halts: {halt}"));
        println!("{}  {:>8}  {}{halt}", self.row, end.gas_cost, self.stack.trim_end());
    }
}

/// Words of the stack that a row shows.
const TABLE_WORDS_MAX: usize = 6;

fn outcome_name(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Success { .. } => "success".into(),
        Outcome::Created { address, .. } => format!("created {address:?}"),
        Outcome::Revert { output } => match revert_reason(output) {
            Some(reason) => format!("reverted: {reason}"),
            None => "reverted".into(),
        },
        Outcome::Halt(halt) => format!("halted: {halt}"),
    }
}

fn to_text(called: &Called, gas_limit: u64) -> String {
    let mut lines = vec![
        format!("outcome   {}", outcome_name(&called.outcome)),
        format!("gas used  {} of {gas_limit}", called.gas_used),
    ];
    if called.gas_refund > 0 {
        lines.push(format!("refund    {}", called.gas_refund));
    }
    lines.push(format!("output    0x{}", hex::encode(called.outcome.output())));
    for log in &called.logs {
        lines.push(format!("log       {:?} 0x{}", log.address, hex::encode(&log.data)));
        lines.extend(log.topics.iter().map(|topic| format!("  topic   {topic:?}")));
    }
    for change in &called.diff.accounts {
        for (key, value) in &change.storage {
            lines.push(format!("storage   {:?} [{key:#x}] = {value:#x}", change.address));
        }
        if let (Some(after), Some(code)) = (&change.account, &change.code) {
            lines.push(format!(
                "contract  {:?} {} bytes, {:?}",
                change.address,
                code.len(),
                after.code_hash
            ));
        }
        if change.account.is_none() {
            lines.push(format!("destroyed {:?}", change.address));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn to_json(called: &Called, gas_limit: u64) -> Value {
    let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
    let logs = called.logs.iter().map(|log| {
        let topics: Vec<String> = log.topics.iter().map(|topic| format!("{topic:?}")).collect();
        json!({ "address": format!("{:?}", log.address), "topics": topics, "data": hex(&log.data) })
    });
    let accounts = called.diff.accounts.iter().map(|change| {
        let slots = change
            .storage
            .iter()
            .map(|(key, value)| (format!("{key:#x}"), json!(format!("{value:#x}"))));
        json!({
            "address": format!("{:?}", change.address),
            "exists": change.account.is_some(),
            "nonce": change.account.map(|account| account.nonce),
            "balance": change.account.map(|account| format!("{:#x}", account.balance)),
            "code": change.code.as_deref().map(hex),
            "storage": slots.collect::<serde_json::Map<_, _>>(),
        })
    });
    json!({
        "outcome": outcome_name(&called.outcome),
        "success": called.outcome.is_success(),
        "output": hex(called.outcome.output()),
        "gasUsed": called.gas_used,
        "gasLeft": gas_limit.saturating_sub(called.gas_used),
        "refund": called.gas_refund,
        "logs": logs.collect::<Vec<_>>(),
        "accounts": accounts.collect::<Vec<_>>(),
    })
}
