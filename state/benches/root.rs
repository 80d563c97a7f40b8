//! State roots after batches of changes, beside the tries of other authors, on one state of a million accounts.
//!
//! Each row gives the processor time of the whole process, so that threads are not hidden. All implementations apply
//! the same batches, and every root is compared. The peers are spared the hashing of keys and the encoding of
//! accounts; this crate does both.
//!
//! `cargo bench -p cybermiles-state --bench root -- [accounts]`, at least 100,000 of them

#![expect(clippy::print_stdout, reason = "a benchmark prints")]
#![expect(clippy::float_arithmetic, reason = "a benchmark divides times")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::expect_used, reason = "a benchmark stops at the first surprise")]

use std::{
    collections::{BTreeMap, BTreeSet},
    hint::black_box,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use cita_trie::Trie as _;
use cpu_time::ProcessTime;
use cybermiles_state::{
    Account, AccountChange, AccountWrite, ChangeSet, EMPTY_CODE_HASH, NoStorage, StateTrie,
    StateTrieOptions, keccak256, keccak256_many,
};
use eth_trie::Trie as _;
use primitive_types::{H160, H256, U256};

const ROUNDS: usize = 9;

/// A small generator of numbers, the same on every run.
struct Numbers(u64);

impl Numbers {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn address(n: u64) -> H160 {
    H160::from_slice(&keccak256(&n.to_le_bytes())[12..])
}

fn write(numbers: &mut Numbers) -> AccountWrite {
    AccountWrite::new(numbers.next() % 5000, U256::from(numbers.next()) << 20, EMPTY_CODE_HASH)
}

/// What a batch does to accounts.
#[derive(Clone, Copy)]
enum Kind {
    Update,
    /// Of ten changes, eight update, one creates and one deletes.
    Mixed,
}

fn batch(numbers: &mut Numbers, kind: Kind, count: usize, accounts: u64) -> ChangeSet {
    let mut changes = ChangeSet::default();
    while changes.accounts.len() < count {
        let n = numbers.next();
        let (who, change) = match (kind, n % 10) {
            (Kind::Mixed, 0) => (n, AccountChange::Written(write(numbers))),
            (Kind::Mixed, 1) => (n % accounts, AccountChange::Deleted),
            (Kind::Mixed | Kind::Update, _) => {
                (n % accounts, AccountChange::Written(write(numbers)))
            }
        };
        changes.accounts.insert(address(who), change);
    }
    changes
}

/// A batch as the peers get it: hashed keys, encoded accounts.
fn encoded(changes: &ChangeSet) -> Vec<(H256, Option<Vec<u8>>)> {
    let encode = |change: &AccountChange| match change {
        AccountChange::Deleted => None,
        AccountChange::Written(write) => {
            Some(Account::externally_owned(write.nonce, write.balance).to_rlp())
        }
    };
    changes
        .accounts
        .iter()
        .map(|(address, change)| (keccak256(address.as_bytes()), encode(change)))
        .collect()
}

fn measure<T>(work: impl FnOnce() -> T) -> (T, Duration, Duration) {
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    let result = work();
    (result, cpu.elapsed(), wall.elapsed())
}

const fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Times of the rounds of one row.
#[derive(Default)]
struct Row {
    cpu: Vec<f64>,
    wall: Vec<f64>,
}

impl Row {
    fn add(&mut self, cpu: Duration, wall: Duration) {
        self.cpu.push(ms(cpu));
        self.wall.push(ms(wall));
    }

    fn median(&mut self) -> f64 {
        self.cpu.sort_by(f64::total_cmp);
        self.cpu[self.cpu.len() / 2]
    }

    fn print(&mut self, name: &str) {
        let median = self.median();
        self.wall.sort_by(f64::total_cmp);
        let (least, wall) = (self.cpu[0], self.wall[self.wall.len() / 2]);
        println!(
            "{name:<58} cpu ms min {least:>9.3} median {median:>9.3}   wall median {wall:>9.3}"
        );
    }
}

struct Contestants {
    ours: StateTrie,
    eth: eth_trie::EthTrie<eth_trie::MemoryDB>,
    cita: cita_trie::PatriciaTrie<cita_trie::MemoryDB, cita_hasher::HasherKeccak>,
    leaves: BTreeMap<H256, Vec<u8>>,
}

fn build(accounts: u64) -> Contestants {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut sorted: Vec<(H256, Account)> = (0..accounts)
        .map(|n| {
            let AccountWrite { nonce, balance, .. } = write(&mut numbers);
            (keccak256(address(n).as_bytes()), Account::externally_owned(nonce, balance))
        })
        .collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    for threads in [1, 2] {
        let options = StateTrieOptions { threads: many(threads), ..StateTrieOptions::default() };
        let (_, cpu, wall) = measure(|| StateTrie::from_accounts(options, sorted.iter().copied()));
        let name = format!("root::build/accounts={accounts},threads={threads}");
        println!("{name:<58} cpu ms {:>9.1}   wall {:>9.1}", ms(cpu), ms(wall));
    }
    let ours = StateTrie::from_accounts(StateTrieOptions::default(), sorted.iter().copied());
    let memory = ours.memory();
    println!(
        "root::memory/accounts={accounts}: {} MB, {} branches, {} bytes per account; hashing {}",
        memory.size_bytes >> 20,
        memory.account_branches,
        memory.size_bytes / memory.accounts,
        ours.hashing_name(),
    );
    let leaves: BTreeMap<H256, Vec<u8>> =
        sorted.iter().map(|(key, account)| (*key, account.to_rlp())).collect();
    let (root, cpu, wall) = measure(|| {
        let mut builder = alloy_trie::HashBuilder::default();
        leaves
            .iter()
            .for_each(|(key, value)| builder.add_leaf(alloy_trie::Nibbles::unpack(key), value));
        builder.root()
    });
    assert_eq!(root.0, ours.root().0, "alloy-trie agrees");
    println!("{:<58} cpu ms {:>9.1}   wall {:>9.1}", "root::build/alloy-trie", ms(cpu), ms(wall));
    let mut eth = eth_trie::EthTrie::new(Arc::new(eth_trie::MemoryDB::new(false)));
    let (root, cpu, wall) = measure(|| {
        for (key, value) in &leaves {
            eth.insert(key.as_bytes(), value).expect("memory does not fail");
        }
        eth.root_hash().expect("memory does not fail")
    });
    assert_eq!(root.0, ours.root().0, "eth_trie agrees");
    println!("{:<58} cpu ms {:>9.1}   wall {:>9.1}", "root::build/eth_trie", ms(cpu), ms(wall));
    let mut cita = cita_trie::PatriciaTrie::new(
        Arc::new(cita_trie::MemoryDB::new(false)),
        Arc::new(cita_hasher::HasherKeccak::new()),
    );
    let (root, cpu, wall) = measure(|| {
        for (key, value) in &leaves {
            cita.insert(key.as_bytes().to_vec(), value.clone()).expect("memory does not fail");
        }
        cita.root().expect("memory does not fail")
    });
    assert_eq!(root, ours.root().as_bytes(), "cita_trie agrees");
    println!("{:<58} cpu ms {:>9.1}   wall {:>9.1}", "root::build/cita_trie", ms(cpu), ms(wall));
    Contestants { ours, eth, cita, leaves }
}

const fn many(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).expect("not zero")
}

/// Applies the same batches to all, and compares every root.
fn compare(all: &mut Contestants, label: &str, kind: Kind, count: usize) {
    let accounts = all.leaves.len() as u64;
    let mut numbers = Numbers(count as u64 + 77);
    let [mut ours, mut eth, mut cita] = [const { Row { cpu: Vec::new(), wall: Vec::new() } }; 3];
    for _ in 0..ROUNDS {
        let changes = batch(&mut numbers, kind, count, accounts);
        let updates = encoded(&changes);
        let (applied, cpu, wall) =
            measure(|| all.ours.apply(&changes, &NoStorage).expect("nothing is read"));
        ours.add(cpu, wall);
        let (root, cpu, wall) = measure(|| {
            for (key, value) in &updates {
                match value {
                    Some(value) => {
                        all.eth.insert(key.as_bytes(), value).expect("memory does not fail");
                    }
                    None => drop(all.eth.remove(key.as_bytes()).expect("memory does not fail")),
                }
            }
            all.eth.root_hash().expect("memory does not fail")
        });
        eth.add(cpu, wall);
        assert_eq!(root.0, applied.root.0, "eth_trie agrees");
        let (root, cpu, wall) = measure(|| {
            for (key, value) in updates {
                match value {
                    Some(value) => {
                        all.cita.insert(key.0.to_vec(), value).expect("memory does not fail");
                    }
                    None => drop(all.cita.remove(key.as_bytes()).expect("memory does not fail")),
                }
            }
            all.cita.root().expect("memory does not fail")
        });
        cita.add(cpu, wall);
        assert_eq!(root, applied.root.as_bytes(), "cita_trie agrees");
    }
    ours.print(&format!("root::apply/{label}={count}"));
    eth.print(&format!("root::apply/{label}={count},peer=eth_trie"));
    cita.print(&format!("root::apply/{label}={count},peer=cita_trie"));
    println!(
        "    eth_trie / ours {:.1}x, cita_trie / ours {:.1}x (median cpu)",
        eth.median() / ours.median(),
        cita.median() / ours.median()
    );
}

/// What nothing can be faster than: the permutations of all changed nodes and keys, with the kernel at its best.
fn keccak_limit(state: &mut StateTrie, accounts: u64, count: usize) {
    let mut numbers = Numbers(count as u64 + 77);
    let changes = batch(&mut numbers, Kind::Update, count, accounts);
    let (_, cpu, _) = measure(|| state.apply(&changes, &NoStorage).expect("nothing is read"));
    let mut nodes = BTreeSet::new();
    for address in changes.accounts.keys() {
        nodes
            .extend(state.prove_account(*address, &[], &NoStorage).expect("nothing is read").nodes);
    }
    let permutations = count + nodes.iter().map(|node| node.len() / 136 + 1).sum::<usize>();
    let messages = vec![[7_u8; 500]; 1 << 10];
    black_box(keccak256_many(&messages));
    let (_, kernel, _) =
        measure(|| (0..20).for_each(|_| drop(black_box(keccak256_many(&messages)))));
    let per_permutation = ms(kernel) / (20 * messages.len() * 4) as f64;
    let floor = per_permutation * permutations as f64;
    println!(
        "root::keccak_limit/updates={count}: {} nodes, {permutations} permutations of {:.1} ns = {floor:.3} ms; \
         one apply {:.3} ms is {:.1}x that",
        nodes.len(),
        per_permutation * 1e6,
        ms(cpu),
        ms(cpu) / floor,
    );
}

/// Slots of many contracts, changed in one block.
fn storage(contracts: u64, slots: u64, count: u64) {
    let mut numbers = Numbers(5);
    let mut state = StateTrie::new(StateTrieOptions::default());
    let slot = |n: u64| keccak256(&n.to_le_bytes());
    let mut row = Row::default();
    let mut changes = ChangeSet::default();
    for n in 0..contracts {
        let mut write = write(&mut numbers);
        write.storage = (0..slots).map(|n| (slot(n), U256::from(numbers.next()))).collect();
        changes.accounts.insert(address(n), AccountChange::Written(write));
    }
    let (applied, cpu, _) = measure(|| state.apply(&changes, &NoStorage).expect("nothing is read"));
    println!(
        "root::storage_build/contracts={contracts},slots={slots}: cpu ms {:.1}, {} MB, undo to {:?}",
        ms(cpu),
        state.memory().size_bytes >> 20,
        applied.undo.root_before(),
    );
    for _ in 0..ROUNDS {
        let mut changes = ChangeSet::default();
        for _ in 0..count {
            let who = address(numbers.next() % contracts);
            let change = AccountChange::Written(AccountWrite::new(2, U256::one(), EMPTY_CODE_HASH));
            if let AccountChange::Written(write) = changes.accounts.entry(who).or_insert(change) {
                // One of eight changes deletes the slot.
                let value = if numbers.next().is_multiple_of(8) { 0 } else { numbers.next() };
                write.storage.insert(slot(numbers.next() % slots), value.into());
            }
        }
        let (_, cpu, wall) =
            measure(|| state.apply(&changes, &NoStorage).expect("nothing is read"));
        row.add(cpu, wall);
    }
    row.print(&format!("root::apply_storage/contracts={contracts},slots={slots},updates={count}"));
}

fn proofs(all: &mut Contestants) {
    let keys: Vec<u64> = (0..2000).map(|n| n * 7919 % all.leaves.len() as u64).collect();
    let addresses: Vec<H160> = keys.iter().map(|n| address(*n)).collect();
    let count = addresses.len() as f64;
    let (proven, cpu, _) = measure(|| {
        let prove = |address: &H160| {
            all.ours.prove_account(*address, &[], &NoStorage).expect("nothing is read")
        };
        addresses.iter().map(prove).collect::<Vec<_>>()
    });
    println!("proof::prove_account: {:.2} us", ms(cpu) * 1e3 / count);
    let root = all.ours.root();
    let (_, cpu, _) =
        measure(|| proven.iter().for_each(|proof| proof.verify(root).expect("the proof holds")));
    println!("proof::verify: {:.2} us", ms(cpu) * 1e3 / count);
    let (_, cpu, _) = measure(|| {
        for address in &addresses {
            black_box(
                all.eth
                    .get_proof(keccak256(address.as_bytes()).as_bytes())
                    .expect("memory does not fail"),
            );
        }
    });
    println!("proof::prove_account,peer=eth_trie: {:.2} us", ms(cpu) * 1e3 / count);
    let (range, cpu, _) = measure(|| all.ours.prove_account_range(H256::zero(), many(50_000)));
    println!("range_proof::prove/leaves=50000: {:.1} ms", ms(cpu));
    let (_, cpu, _) = measure(|| range.verify(root).expect("the range holds"));
    println!("range_proof::verify/leaves={}: {:.1} ms", range.leaves.len(), ms(cpu));
}

fn main() {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    // Fewer accounts could not fill a batch of ten thousand different ones.
    let accounts = asked.unwrap_or(1_000_000).max(100_000);
    storage(2_000, 100, 10_000);
    let mut all = build(accounts);
    for count in [1_000, 10_000] {
        compare(&mut all, "updates", Kind::Update, count);
        keccak_limit(&mut all.ours, accounts, count);
        // The peers follow, so that the next rounds start from equal states.
        follow(&mut all, count, accounts);
    }
    compare(&mut all, "mixed", Kind::Mixed, 10_000);
    proofs(&mut all);
}

/// Gives the peers the batch that measuring the limit applied.
fn follow(all: &mut Contestants, count: usize, accounts: u64) {
    let changes = batch(&mut Numbers(count as u64 + 77), Kind::Update, count, accounts);
    for (key, value) in encoded(&changes) {
        let value = value.expect("the batch deletes nothing");
        all.eth.insert(key.as_bytes(), &value).expect("memory does not fail");
        all.cita.insert(key.0.to_vec(), value).expect("memory does not fail");
    }
}
