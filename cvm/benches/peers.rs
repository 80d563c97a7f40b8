//! Compares the virtual machine with revm on whole transactions, interleaved in one process.
//!
//! `cargo bench -p cybermiles-cvm --bench peers [-- --filter NAME] [--rounds N]`
//!
//! Workloads come from `bench-data` under `CYBERMILES_FIXTURES`. Both machines start from the same pre-state, already
//! hold the analysis of its code, and throw the result away. Gas, status and output must agree before anything is timed.
//! Times are thread CPU time; each figure is the median over the rounds of the mean of a batch.

#![expect(clippy::print_stdout, clippy::float_arithmetic, reason = "a benchmark prints ratios")]
#![expect(clippy::disallowed_methods, reason = "the fixtures are found by an environment variable")]

use cpu_time::ThreadTime;
use cybermiles_cvm::{
    Address, Block, FeeTerms, MemoryAccount, MemoryState, Revision, Rules, Target, Transaction,
    U256, Vm,
};
use revm::{
    Context, ExecuteEvm, MainBuilder, MainContext,
    context::{BlockEnv, CfgEnv, Evm, TxEnv},
    context_interface::result::ExecutionResult,
    database::{CacheDB, EmptyDB},
    handler::{EthPrecompiles, MainnetContext, instructions::EthInstructions},
    interpreter::interpreter::EthInterpreter,
    primitives::{TxKind, hardfork::SpecId},
    state::{AccountInfo, Bytecode},
};
use std::{collections::BTreeMap, fs, hint::black_box, path::PathBuf, time::Duration};

#[derive(serde::Deserialize)]
struct Workload {
    name: String,
    pre: BTreeMap<String, Account>,
    tx: Call,
    expected: Expected,
}

#[derive(serde::Deserialize)]
struct Account {
    nonce: u64,
    balance: String,
    code: String,
    storage: BTreeMap<String, String>,
}

#[derive(serde::Deserialize)]
struct Call {
    from: String,
    to: String,
    data: String,
    gas: u64,
}

#[derive(serde::Deserialize)]
struct Expected {
    ok: bool,
    gas_used: u64,
}

type Revm = Evm<
    MainnetContext<CacheDB<EmptyDB>>,
    (),
    EthInstructions<EthInterpreter, MainnetContext<CacheDB<EmptyDB>>>,
    EthPrecompiles,
    revm::handler::EthFrame<EthInterpreter>,
>;

/// What both machines must agree on.
type Summary = (bool, u64, Vec<u8>);

struct Ours {
    vm: Vm,
    block: Block,
    transaction: Transaction,
    state: MemoryState,
}

impl Ours {
    fn new(workload: &Workload) -> Self {
        let mut state = MemoryState::default();
        for (address, account) in &workload.pre {
            let storage =
                account.storage.iter().map(|(key, value)| (word(key), word(value))).collect();
            let balance = word(&account.balance);
            let code = bytes(&account.code).into();
            state.insert(
                to_address(address),
                MemoryAccount { nonce: account.nonce, balance, code, storage },
            );
        }
        let transaction = Transaction {
            sender: to_address(&workload.tx.from),
            target: Target::Call(to_address(&workload.tx.to)),
            gas_limit: workload.tx.gas,
            input: bytes(&workload.tx.data).into(),
            ..Transaction::default()
        };
        let block = Block { number: 1, timestamp: 1, gas_limit: u64::MAX, ..Block::default() };
        Self { vm: Vm::new(Rules::ethereum(Revision::Cancun)), block, transaction, state }
    }

    fn run(&mut self) -> Summary {
        let executed = self
            .vm
            .execute(&self.block, &self.transaction, &FeeTerms::default(), &self.state)
            .expect("the workload is valid");
        (executed.outcome.is_success(), executed.gas_used, executed.outcome.output().to_vec())
    }
}

struct Theirs {
    evm: Revm,
    transaction: TxEnv,
}

impl Theirs {
    fn new(workload: &Workload) -> Self {
        let mut database = CacheDB::new(EmptyDB::default());
        for (address, account) in &workload.pre {
            let address = revm::primitives::Address::from_slice(&bytes(address));
            let code = Bytecode::new_raw(bytes(&account.code).into());
            let info = AccountInfo {
                nonce: account.nonce,
                balance: revm_word(&account.balance),
                code_hash: code.hash_slow(),
                code: Some(code),
                ..AccountInfo::default()
            };
            database.insert_account_info(address, info);
            for (key, value) in &account.storage {
                database
                    .insert_account_storage(address, revm_word(key), revm_word(value))
                    .expect("an empty database does not fail");
            }
        }
        let mut cfg = CfgEnv::new_with_spec(SpecId::CANCUN);
        cfg.tx_gas_limit_cap = Some(u64::MAX);
        let block = BlockEnv {
            number: revm::primitives::U256::from(1),
            timestamp: revm::primitives::U256::from(1),
            gas_limit: u64::MAX,
            basefee: 0,
            ..BlockEnv::default()
        };
        let transaction = TxEnv {
            caller: revm::primitives::Address::from_slice(&bytes(&workload.tx.from)),
            kind: TxKind::Call(revm::primitives::Address::from_slice(&bytes(&workload.tx.to))),
            gas_limit: workload.tx.gas,
            data: bytes(&workload.tx.data).into(),
            gas_price: 0,
            ..TxEnv::default()
        };
        let evm =
            Context::mainnet().with_db(database).with_cfg(cfg).with_block(block).build_mainnet();
        Self { evm, transaction }
    }

    fn run(&mut self) -> Summary {
        let done = self.evm.transact(self.transaction.clone()).expect("the workload is valid");
        let gas_used = done.result.tx_gas_used();
        match done.result {
            ExecutionResult::Success { output, .. } => {
                (true, gas_used, output.into_data().to_vec())
            }
            ExecutionResult::Revert { output, .. } => (false, gas_used, output.to_vec()),
            ExecutionResult::Halt { .. } => (false, gas_used, Vec::new()),
        }
    }
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.trim_start_matches("0x")).expect("hexadecimal")
}

fn word(text: &str) -> U256 {
    U256::from_str_radix(text.trim_start_matches("0x"), 16).expect("hexadecimal")
}

fn revm_word(text: &str) -> revm::primitives::U256 {
    revm::primitives::U256::from_str_radix(text.trim_start_matches("0x"), 16).expect("hexadecimal")
}

fn to_address(text: &str) -> Address {
    Address::from_slice(&bytes(text))
}

/// Thread CPU time of one run, from a batch.
fn time(batch: u32, mut run: impl FnMut() -> Summary) -> Duration {
    let start = ThreadTime::now();
    for _ in 0..batch {
        black_box(run());
    }
    start.elapsed() / batch
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Medians of both machines.
fn compare(workload: &Workload, rounds: usize) -> (Duration, Duration) {
    let (mut ours, mut theirs) = (Ours::new(workload), Theirs::new(workload));
    for _ in 0..3 {
        // Enough for the code to become hot.
        let (our, their) = (ours.run(), theirs.run());
        assert_eq!(our, their, "{}: ours and revm's (success, gas, output)", workload.name);
        let expected = (workload.expected.ok, workload.expected.gas_used);
        assert_eq!((our.0, our.1), expected, "{}: found and expected", workload.name);
    }
    let once = time(1, || theirs.run());
    let batch =
        (Duration::from_millis(3).as_nanos() / once.as_nanos().max(1)).clamp(1, 2000) as u32;
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        times.0.push(time(batch, || ours.run()));
        times.1.push(time(batch, || theirs.run()));
    }
    (median(times.0), median(times.1))
}

fn workloads(filter: &str) -> Vec<Workload> {
    let root = std::env::var("CYBERMILES_FIXTURES").map(PathBuf::from);
    let root = root
        .unwrap_or_else(|_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")));
    let Ok(entries) = fs::read_dir(root.join("bench-data")) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let texts = paths.iter().map(|path| fs::read_to_string(path).expect("a workload can be read"));
    let parsed = texts
        .map(|text| serde_json::from_str::<Workload>(&text).expect("a workload can be parsed"));
    parsed.filter(|workload| workload.name.contains(filter)).collect()
}

fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}

fn main() {
    let rounds = option("--rounds").and_then(|rounds| rounds.parse().ok()).unwrap_or(11);
    let workloads = workloads(&option("--filter").unwrap_or_default());
    if workloads.is_empty() {
        println!(
            "skipped: no workloads; set CYBERMILES_FIXTURES to the folder that holds bench-data"
        );
        return;
    }
    println!(
        "{:32} {:>12} {:>12} {:>9} {:>7}",
        "workload", "ours us", "revm us", "Mgas/s", "ratio"
    );
    let mut logarithms = 0.0;
    let mut worst = (f64::INFINITY, String::new());
    for workload in &workloads {
        let (ours, theirs) = compare(workload, rounds);
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        let speed = workload.expected.gas_used as f64 / ours.as_secs_f64() / 1e6;
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        println!(
            "{:32} {:12.2} {:12.2} {speed:9.0} {ratio:7.2}",
            workload.name,
            micros(ours),
            micros(theirs)
        );
        logarithms += ratio.ln();
        if ratio < worst.0 {
            worst = (ratio, workload.name.clone());
        }
    }
    let mean = (logarithms / workloads.len() as f64).exp();
    println!("geomean {mean:.2} vs revm, worst {:.2} ({})", worst.0, worst.1);
}
