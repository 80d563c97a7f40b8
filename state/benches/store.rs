//! What a store costs: commits, reads, proofs, starts, snapshots, disk and memory, beside `eth_trie` over sled.
//!
//! `cargo bench -p cybermiles-state --bench store -- [accounts]`, a million if not given.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]
#![expect(clippy::float_arithmetic, reason = "a benchmark divides times")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and its arguments")]
#![expect(clippy::expect_used, reason = "a benchmark stops at the first surprise")]

use std::{
    fs,
    hint::black_box,
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use cpu_time::ProcessTime;
use cybermiles_state::{
    Account, AccountChange, AccountWrite, Block, ChangeSet, EMPTY_CODE_HASH, History, Options,
    State,
    disk::{FileDisk, simulated::Seed},
    keccak256, verify_snapshot,
};
use eth_trie::{DB, EthTrie, Trie};
use primitive_types::{H160, H256, U256};

fn address(number: u64) -> H160 {
    H160::from_slice(&keccak256(&number.to_le_bytes())[12..])
}

fn updates(random: &mut Seed, accounts: u64, count: u64) -> ChangeSet {
    let mut changes = ChangeSet::default();
    for _ in 0..count {
        let write =
            AccountWrite::new(random.below(5000), U256::from(random.draw()) << 20, EMPTY_CODE_HASH);
        changes.accounts.insert(address(random.below(accounts)), AccountChange::Written(write));
    }
    changes
}

fn genesis(accounts: u64) -> Block {
    let mut block = Block::default();
    for number in 0..accounts {
        let write = AccountWrite::new(1, U256::from(number + 1) << 40, EMPTY_CODE_HASH);
        block.changes.accounts.insert(address(number), AccountChange::Written(write));
    }
    block
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Prints the median of wall and processor time.
fn report(name: &str, mut rounds: Vec<(Duration, Duration)>) {
    rounds.sort();
    let wall = rounds[rounds.len() / 2].0;
    rounds.sort_by_key(|(_, cpu)| *cpu);
    let cpu = rounds[rounds.len() / 2].1;
    println!("{name:<52} wall {:>9.2} ms  cpu {:>9.2} ms", milliseconds(wall), milliseconds(cpu));
}

fn measure<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let (start, cpu) = (Instant::now(), ProcessTime::now());
    let result = work();
    report(name, vec![(start.elapsed(), cpu.elapsed())]);
    result
}

fn folder_bytes(folder: &Path) -> u64 {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path());
    entries
        .map(|path| {
            if path.is_dir() {
                folder_bytes(&path)
            } else {
                path.metadata().map_or(0, |it| it.len())
            }
        })
        .sum()
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn commits(state: &State, accounts: u64, random: &mut Seed) {
    for (count, rounds) in [(1_000, 25), (10_000, 9)] {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let height = state.tip().map_or(0, |tip| tip.height + 1);
            let block =
                Block { height, changes: updates(random, accounts, count), ..Block::default() };
            let (start, cpu) = (Instant::now(), ProcessTime::now());
            state.commit(&block).expect("valid");
            times.push((start.elapsed(), cpu.elapsed()));
            // The view catches up between blocks, as it does in a chain with a block time.
            state.checkpoint().expect("the view follows");
        }
        report(&format!("store::commit/updates={count} (root, durable)"), times);
    }
    let mut times = Vec::new();
    for _ in 0..25 {
        let changes = updates(random, accounts, 1000);
        let (start, cpu) = (Instant::now(), ProcessTime::now());
        black_box(state.root_after(&changes).expect("readable"));
        times.push((start.elapsed(), cpu.elapsed()));
    }
    report("store::root_after/updates=1000 (and back)", times);
    measure("store::commit/blocks=50/updates=1000 (with view)", || {
        for _ in 0..50 {
            let height = state.tip().map_or(0, |tip| tip.height + 1);
            state
                .commit(&Block {
                    height,
                    changes: updates(random, accounts, 1000),
                    ..Block::default()
                })
                .expect("valid");
        }
        state.checkpoint().expect("the view follows");
    });
}

fn reads(state: &State, accounts: u64, random: &mut Seed) {
    let view = state.latest().expect("a tip");
    let count = 100_000;
    let start = Instant::now();
    for _ in 0..count {
        black_box(view.account(address(random.below(accounts))).expect("readable"));
    }
    println!(
        "{:<52} {:>9.2} us",
        "store::account/point_read",
        start.elapsed().as_secs_f64() * 1e6 / f64::from(count)
    );
    let start = Instant::now();
    for _ in 0..10_000 {
        black_box(state.prove(address(random.below(accounts)), &[]).expect("readable"));
    }
    println!("{:<52} {:>9.2} us", "store::prove/account", start.elapsed().as_secs_f64() * 100.0);
}

fn snapshots(state: &State, folder: &Path, options: &Options) {
    let snapshot = folder.join("snapshot");
    let height = state.tip().expect("a tip").height;
    let rate = |name: &str, bytes: u64, start: Instant| {
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{name:<52} {:>9.1} MB/s ({:.2} s, {:.0} MB)",
            megabytes(bytes) / seconds,
            seconds,
            megabytes(bytes)
        );
    };
    let start = Instant::now();
    let manifest =
        state.create_snapshot(height, &snapshot, &mut |_| ()).expect("the tip can be read");
    rate("store::snapshot/create", manifest.size_bytes(), start);
    let threads = NonZeroUsize::new(2).expect("two");
    let start = Instant::now();
    verify_snapshot(&FileDisk::new(), &snapshot, Some(manifest.state_root), threads, &|_| ())
        .expect("right");
    rate("store::snapshot/verify/threads=2", manifest.size_bytes(), start);
    let start = Instant::now();
    let restored = Options { folder: folder.join("restored"), ..options.clone() };
    drop(State::restore(restored, &snapshot, manifest.state_root, &|_| ()).expect("right"));
    rate("store::snapshot/restore", manifest.size_bytes(), start);
}

/// Nodes by hash in a sled tree, as `eth_trie` wants them.
#[derive(Debug)]
struct SledNodes(sled::Db);

impl DB for SledNodes {
    type Error = sled::Error;

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Self::Error> {
        Ok(self.0.get(key)?.map(|value| value.to_vec()))
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> Result<(), Self::Error> {
        self.0.insert(key, value).map(drop)
    }

    fn remove(&self, key: &[u8]) -> Result<(), Self::Error> {
        self.0.remove(key).map(drop)
    }

    fn flush(&self) -> Result<(), Self::Error> {
        self.0.flush().map(drop)
    }
}

fn peer(folder: &Path, accounts: u64, random: &mut Seed) {
    let database = sled::Config::new()
        .path(folder.join("peer"))
        .cache_capacity(256 << 20)
        .open()
        .expect("a new folder");
    let nodes = Arc::new(SledNodes(database));
    let mut trie = EthTrie::new(Arc::clone(&nodes));
    let encode = |nonce, balance| Account::externally_owned(nonce, balance).to_rlp();
    measure("eth_trie over sled: build", || {
        for number in 0..accounts {
            let key: H256 = keccak256(address(number).as_bytes());
            trie.insert(key.as_bytes(), &encode(1, U256::from(number + 1) << 40))
                .expect("sled works");
            if number % 50_000 == 49_999 {
                trie.root_hash().expect("sled works");
            }
        }
        trie.root_hash().expect("sled works");
        nodes.flush().expect("sled works");
    });
    let mut times = Vec::new();
    for _ in 0..9 {
        let changes = updates(random, accounts, 1000);
        let (start, cpu) = (Instant::now(), ProcessTime::now());
        for (address, change) in &changes.accounts {
            let AccountChange::Written(write) = change else { continue };
            trie.insert(
                keccak256(address.as_bytes()).as_bytes(),
                &encode(write.nonce, write.balance),
            )
            .expect("sled works");
        }
        black_box(trie.root_hash().expect("sled works"));
        nodes.flush().expect("sled works");
        times.push((start.elapsed(), cpu.elapsed()));
    }
    report("eth_trie over sled: updates=1000 (root, flush)", times);
    println!(
        "{:<52} {:>9.1} MB",
        "eth_trie over sled: disk",
        megabytes(folder_bytes(&folder.join("peer")))
    );
}

fn main() {
    let accounts =
        std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir_in(".").expect("a folder on a real disk");
    let options =
        Options { history: History::Full(1000), ..Options::new(folder.path().join("store")) };
    let mut random = Seed::new(1);
    let (state, _) = State::open(options.clone()).expect("a new store");
    let block = genesis(accounts);
    measure(&format!("store::commit/genesis={accounts}"), || state.commit(&block).expect("valid"));
    drop(block);
    measure("store::checkpoint/genesis", || state.checkpoint().expect("the view follows"));
    commits(&state, accounts, &mut random);
    reads(&state, accounts, &mut random);
    let view = folder_bytes(&folder.path().join("store/view"));
    let journal = folder_bytes(&folder.path().join("store/journal"));
    println!(
        "{:<52} view {:.0} MB, journal {:.0} MB",
        "store: disk",
        megabytes(view),
        megabytes(journal)
    );
    println!(
        "{:<52} {:>9.1} MB",
        "store: trie in memory",
        megabytes(state.stats().trie.size_bytes as u64)
    );
    snapshots(&state, folder.path(), &options);
    state.close().expect("the view follows");
    let state = measure("store::open/closed", || State::open(options.clone()).expect("intact").0);
    for _ in 0..3 {
        let height = state.tip().map_or(0, |tip| tip.height + 1);
        state
            .commit(&Block {
                height,
                changes: updates(&mut random, accounts, 1000),
                ..Block::default()
            })
            .expect("valid");
    }
    drop(state);
    let state =
        measure("store::open/not_closed", || State::open(options.clone()).expect("intact").0);
    drop(state);
    peer(folder.path(), accounts, &mut random);
}
