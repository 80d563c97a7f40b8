//! The state of all accounts as one root: the account trie and the storage tries below it.

mod storage_tries;

use std::{collections::BTreeMap, num::NonZeroUsize};

use primitive_types::{H160, H256, U256};

use self::storage_tries::StorageTries;
use crate::{
    account::Account,
    change_set::{AccountChange, AccountWrite, ChangeSet},
    keccak::{Backend, EMPTY_TRIE_ROOT, LaneQueue, keccak256},
    packed_account::PackedAccount,
    proof::{AccountProof, StorageProof},
    range_proof::RangeProof,
    trie::{Hashing, LeafValue, Trie, Update, rehash},
};

/// Where the storage of an account is found when its trie is not resident.
///
/// It is asked for the storage as it is after the last change that was applied and not taken back. What it says is
/// checked against the storage root in the account.
pub trait StorageReader {
    /// Visits all slots of an account: keccak-256 of the slot's key and the value, in strictly ascending order of the
    /// hashed keys, without zero values.
    ///
    /// # Errors
    ///
    /// Any failure of the store.
    fn storage_leaves(
        &self,
        hashed_address: H256,
        visit: &mut dyn FnMut(H256, U256),
    ) -> Result<(), StorageReaderError>;
}

/// A failure of a [`StorageReader`].
pub type StorageReaderError = Box<dyn std::error::Error + Send + Sync>;

/// A reader for states in which every storage trie is resident.
#[derive(Clone, Copy, Debug)]
pub struct NoStorage;

impl StorageReader for NoStorage {
    fn storage_leaves(
        &self,
        _: H256,
        _: &mut dyn FnMut(H256, U256),
    ) -> Result<(), StorageReaderError> {
        Ok(())
    }
}

/// Why the storage of an account cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The reader failed.
    #[error("cannot read the storage of account {hashed_address:?}")]
    Read {
        /// Keccak-256 of the account's address.
        hashed_address: H256,
        /// What the reader said.
        #[source]
        source: StorageReaderError,
    },
    /// The slots do not ascend, or one is zero.
    #[error("storage of account {hashed_address:?} is out of order at slot {hashed_key:?}")]
    OutOfOrder {
        /// Keccak-256 of the account's address.
        hashed_address: H256,
        /// Keccak-256 of the first offending slot's key.
        hashed_key: H256,
    },
    /// The slots that the reader returned are not those the account commits to.
    #[error(
        "storage of account {hashed_address:?} has root {found:?}, its account says {expected:?}"
    )]
    Root {
        /// Keccak-256 of the account's address.
        hashed_address: H256,
        /// The storage root in the account.
        expected: H256,
        /// The root of the slots that were read.
        found: H256,
    },
}

/// How a [`StateTrie`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateTrieOptions {
    /// Threads that hash large batches together.
    pub threads: NonZeroUsize,
    /// Storage leaves that stay resident; beyond it the storage tries that were used longest ago are dropped, and
    /// loaded again when they change. Tries of the batch at hand stay.
    pub resident_storage_leaves_max: usize,
}

impl Default for StateTrieOptions {
    fn default() -> Self {
        Self { threads: NonZeroUsize::MIN, resident_storage_leaves_max: 4_000_000 }
    }
}

/// What a state trie holds in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateTrieMemory {
    /// Accounts.
    pub accounts: usize,
    /// Branch nodes of the account trie.
    pub account_branches: usize,
    /// Storage tries that are resident.
    pub storage_tries: usize,
    /// Leaves in them.
    pub storage_leaves: usize,
    /// Bytes of all nodes, the unused part of their buffers included.
    pub size_bytes: usize,
}

/// Ethereum's account trie and storage tries, resident, with a root that is always up to date.
///
/// # Invariants
///
/// The account trie is complete. A storage trie is resident or not; a resident one has the root its account names.
/// No operation that fails changes the state.
///
/// # Examples
///
/// ```
/// use cybermiles_state::{
///     AccountChange, AccountWrite, ChangeSet, EMPTY_CODE_HASH, NoStorage, StateTrie, StateTrieOptions,
/// };
/// use primitive_types::{H160, H256};
///
/// let alice = H160::repeat_byte(0xa1);
/// let mut write = AccountWrite::new(1, 1_000.into(), EMPTY_CODE_HASH);
/// write.storage.insert(H256::zero(), 42.into());
/// let mut changes = ChangeSet::default();
/// changes.accounts.insert(alice, AccountChange::Written(write));
///
/// let mut state = StateTrie::new(StateTrieOptions::default());
/// let applied = state.apply(&changes, &NoStorage)?;
///
/// // Whoever knows the root can check this without any store.
/// let proof = state.prove_account(alice, &[H256::zero()], &NoStorage)?;
/// assert_eq!(proof.verify(applied.root), Ok(()));
/// assert_eq!(proof.storage[0].value, 42.into());
///
/// // The block was not decided: take it back.
/// state.rollback(applied.undo);
/// assert_eq!(state.root(), cybermiles_state::EMPTY_TRIE_ROOT);
/// # Ok::<(), cybermiles_state::StorageError>(())
/// ```
#[derive(Debug)]
pub struct StateTrie {
    accounts: Trie<PackedAccount>,
    storages: StorageTries,
    hashing: Hashing,
}

/// What [`StateTrie::apply`] did.
#[derive(Debug)]
#[must_use]
pub struct Applied {
    /// The state root after the change.
    pub root: H256,
    /// The storage root after the change of every account written that has storage.
    pub storage_roots: BTreeMap<H160, H256>,
    /// Takes the change back, see [`StateTrie::rollback`].
    pub undo: Undo,
}

/// What takes one [`StateTrie::apply`] back.
#[derive(Debug)]
pub struct Undo {
    root_before: H256,
    root_after: H256,
    accounts: Vec<Update<PackedAccount>>,
    storages: Vec<(H256, StorageUndo)>,
}

impl Undo {
    /// The state root that a rollback leads to.
    #[must_use]
    pub const fn root_before(&self) -> H256 {
        self.root_before
    }
}

#[derive(Debug)]
enum StorageUndo {
    /// Writes these slots.
    Slots(Vec<Update<U256>>),
    /// Puts the trie back that was taken out; one that was not resident is loaded again when needed.
    Trie(Option<Box<Trie<U256>>>),
}

/// The changes of one account, with its keys hashed and sorted.
struct HashedWrite<'a> {
    hashed_address: H256,
    address: H160,
    write: Option<&'a AccountWrite>,
    slots: Vec<Update<U256>>,
}

impl StateTrie {
    /// A state without accounts.
    #[must_use]
    pub fn new(options: StateTrieOptions) -> Self {
        Self {
            accounts: Trie::new(),
            storages: StorageTries::new(options.resident_storage_leaves_max),
            hashing: Hashing { backend: Backend::detect(), threads: options.threads },
        }
    }

    /// A state of these accounts: keccak-256 of the address and the account, in strictly ascending order of the hashes.
    /// Storage is loaded when needed.
    ///
    /// # Panics
    ///
    /// Panics when the accounts are not in ascending order.
    #[must_use]
    pub fn from_accounts(
        options: StateTrieOptions,
        accounts: impl Iterator<Item = (H256, Account)>,
    ) -> Self {
        let mut state = Self::new(options);
        state.accounts = Trie::from_sorted(accounts.map(|(key, account)| (key, account.into())));
        rehash(&mut [&mut state.accounts], state.hashing);
        state
    }

    /// The state root.
    #[must_use]
    pub fn root(&self) -> H256 {
        self.accounts.root_hash()
    }

    /// The instructions that hash, for operators.
    #[must_use]
    pub const fn hashing_name(&self) -> &'static str {
        self.hashing.backend.name()
    }

    /// The account with this hashed address.
    #[must_use]
    pub fn account(&self, hashed_address: H256) -> Option<Account> {
        self.accounts.find(&hashed_address).map(Account::from)
    }

    /// The accounts from a hashed address on, in ascending order of hashed addresses.
    pub fn accounts_from(&self, hashed_origin: H256) -> impl Iterator<Item = (H256, Account)> {
        self.accounts.leaves_from(hashed_origin).map(|(key, account)| (*key, account.into()))
    }

    /// What is held in memory.
    #[must_use]
    pub fn memory(&self) -> StateTrieMemory {
        let storages = self.storages.memory();
        StateTrieMemory {
            accounts: self.accounts.leaf_count(),
            account_branches: self.accounts.branch_count(),
            size_bytes: self.accounts.memory_size_bytes() + storages.size_bytes,
            ..storages
        }
    }

    /// Applies what a block changes, and returns the new root together with what takes the change back.
    ///
    /// # Errors
    ///
    /// `StorageError` when storage that must be loaded cannot be. The state is then as before.
    pub fn apply(
        &mut self,
        changes: &ChangeSet,
        reader: &dyn StorageReader,
    ) -> Result<Applied, StorageError> {
        let mut writes = self.hash_keys(changes);
        writes.sort_unstable_by_key(|write| write.hashed_address);
        self.storages.begin_batch();
        let loaded = self.load_storages(&writes, reader);
        if loaded.is_err() {
            // Tries that were begun for accounts without storage do not stay.
            self.storages.evict();
        }
        loaded?;
        let root_before = self.root();
        let storages = self.apply_storages(&mut writes);
        let keys: Vec<H256> = writes.iter().map(|write| write.hashed_address).collect();
        let located = self.accounts.locate(&keys);
        let mut storage_roots = BTreeMap::new();
        let mut updates = Vec::with_capacity(writes.len());
        for (HashedWrite { hashed_address, address, write, .. }, located) in
            writes.into_iter().zip(&located)
        {
            let account = write.map(|write| {
                let storage_root = if !write.storage.is_empty() {
                    self.storages.root(hashed_address)
                } else if write.storage_cleared {
                    EMPTY_TRIE_ROOT
                } else {
                    self.accounts
                        .value(*located)
                        .map_or(EMPTY_TRIE_ROOT, PackedAccount::storage_root)
                };
                if storage_root != EMPTY_TRIE_ROOT {
                    storage_roots.insert(address, storage_root);
                }
                let AccountWrite { nonce, balance, code_hash, .. } = *write;
                PackedAccount::from(Account { nonce, balance, storage_root, code_hash })
            });
            updates.push((hashed_address, account));
        }
        let accounts = self.accounts.write(updates, located);
        rehash(&mut [&mut self.accounts], self.hashing);
        self.storages.evict();
        let root = self.root();
        let undo = Undo { root_before, root_after: root, accounts, storages };
        Ok(Applied { root, storage_roots, undo })
    }

    /// Takes back the last change that was not taken back yet.
    ///
    /// # Panics
    ///
    /// Panics when it is not the last change: going on would fork the chain.
    pub fn rollback(&mut self, undo: Undo) {
        assert_eq!(self.root(), undo.root_after, "changes are taken back in reverse order");
        let mut changed = Vec::new();
        self.storages.begin_batch();
        for (hashed_address, undo) in undo.storages {
            match undo {
                StorageUndo::Trie(trie) => {
                    self.storages.put_back(hashed_address, trie.map(|trie| *trie));
                }
                // A trie that was evicted meanwhile is loaded in its old form when needed.
                StorageUndo::Slots(slots) => {
                    if let Some(trie) = self.storages.resident(hashed_address) {
                        trie.apply(slots);
                        changed.push(hashed_address);
                    }
                }
            }
        }
        self.storages.rehash(&changed, self.hashing);
        self.accounts.apply(undo.accounts);
        rehash(&mut [&mut self.accounts], self.hashing);
        self.storages.evict();
        assert_eq!(self.root(), undo.root_before, "a change taken back leaves no trace");
    }

    /// Hashes addresses and slots, all in the same lanes.
    fn hash_keys<'a>(&self, changes: &'a ChangeSet) -> Vec<HashedWrite<'a>> {
        let mut digests: Vec<H256> = Vec::new();
        let mut queue = LaneQueue::new(self.hashing.backend);
        let slot_count: usize = changes
            .accounts
            .values()
            .map(|change| storage_of(change).map_or(0, BTreeMap::len))
            .sum();
        digests.resize(changes.accounts.len() + slot_count, H256::zero());
        let mut sink = |ticket: u32, digest| digests[ticket as usize] = H256(digest);
        let mut ticket = 0;
        for (address, change) in &changes.accounts {
            let keys = storage_of(change).into_iter().flat_map(BTreeMap::keys);
            for message in std::iter::once(address.as_bytes()).chain(keys.map(H256::as_bytes)) {
                queue.push(ticket, message, &mut sink);
                ticket += 1;
            }
        }
        queue.finish(&mut sink);
        let mut digests = digests.into_iter();
        let mut next = || digests.next().expect("one digest for each key");
        let mut writes = Vec::with_capacity(changes.accounts.len());
        for (address, change) in &changes.accounts {
            let hashed_address = next();
            let write = match change {
                AccountChange::Deleted => None,
                AccountChange::Written(write) => Some(write),
            };
            let slots = storage_of(change).into_iter().flat_map(BTreeMap::values);
            let mut slots: Vec<_> =
                slots.map(|value| (next(), (!value.is_zero()).then_some(*value))).collect();
            slots.sort_unstable_by_key(|(key, _)| *key);
            writes.push(HashedWrite { hashed_address, address: *address, write, slots });
        }
        writes
    }

    /// Makes the storage tries resident that are about to change.
    fn load_storages(
        &mut self,
        writes: &[HashedWrite<'_>],
        reader: &dyn StorageReader,
    ) -> Result<(), StorageError> {
        for HashedWrite { hashed_address, write, slots, .. } in writes {
            let needs_old_storage =
                write.is_some_and(|write| !write.storage_cleared) && !slots.is_empty();
            if needs_old_storage {
                let root = self
                    .account(*hashed_address)
                    .map_or(EMPTY_TRIE_ROOT, |account| account.storage_root);
                self.storages.load(*hashed_address, root, reader, self.hashing)?;
            }
        }
        Ok(())
    }

    fn apply_storages(&mut self, writes: &mut [HashedWrite<'_>]) -> Vec<(H256, StorageUndo)> {
        let mut undo = Vec::new();
        let mut changed = Vec::new();
        for HashedWrite { hashed_address, write, slots, .. } in writes {
            let is_cleared = write.is_none_or(|write| write.storage_cleared);
            if is_cleared {
                let old = self.storages.take(*hashed_address);
                undo.push((*hashed_address, StorageUndo::Trie(old.map(Box::new))));
            }
            if !slots.is_empty() {
                let trie = self.storages.resident_or_new(*hashed_address);
                let old = trie.apply(std::mem::take(slots));
                if !is_cleared {
                    undo.push((*hashed_address, StorageUndo::Slots(old)));
                }
                changed.push(*hashed_address);
            }
        }
        self.storages.rehash(&changed, self.hashing);
        undo
    }

    /// Proves an account and some of its slots, or their absence (EIP-1186).
    ///
    /// # Errors
    ///
    /// `StorageError` when the account's storage is needed and cannot be loaded.
    pub fn prove_account(
        &mut self,
        address: H160,
        keys: &[H256],
        reader: &dyn StorageReader,
    ) -> Result<AccountProof, StorageError> {
        let hashed_address = keccak256(address.as_bytes());
        let account = self.account(hashed_address);
        let storage_root = account.map_or(EMPTY_TRIE_ROOT, |account| account.storage_root);
        let mut storage = Vec::with_capacity(keys.len());
        if !keys.is_empty() {
            self.storages.begin_batch();
            let trie = self.storages.load(hashed_address, storage_root, reader, self.hashing)?;
            for key in keys {
                let hashed_key = keccak256(key.as_bytes());
                let value = trie.find(&hashed_key).copied().unwrap_or_default();
                storage.push(StorageProof { key: *key, value, nodes: trie.prove(&hashed_key) });
            }
            self.storages.evict();
        }
        Ok(AccountProof { address, account, nodes: self.accounts.prove(&hashed_address), storage })
    }

    /// The accounts from a hashed address on, at most `leaves_max` of them, and what proves that none is missing.
    #[must_use]
    pub fn prove_account_range(&self, hashed_origin: H256, leaves_max: NonZeroUsize) -> RangeProof {
        prove_range(&self.accounts, hashed_origin, leaves_max)
    }

    /// The slots of an account from a hashed key on, at most `leaves_max` of them, and what proves that none is missing.
    ///
    /// # Errors
    ///
    /// `StorageError` when the account's storage cannot be loaded.
    pub fn prove_storage_range(
        &mut self,
        hashed_address: H256,
        hashed_origin: H256,
        leaves_max: NonZeroUsize,
        reader: &dyn StorageReader,
    ) -> Result<RangeProof, StorageError> {
        let root =
            self.account(hashed_address).map_or(EMPTY_TRIE_ROOT, |account| account.storage_root);
        self.storages.begin_batch();
        let trie = self.storages.load(hashed_address, root, reader, self.hashing)?;
        let proof = prove_range(trie, hashed_origin, leaves_max);
        self.storages.evict();
        Ok(proof)
    }
}

const fn storage_of(change: &AccountChange) -> Option<&BTreeMap<H256, U256>> {
    match change {
        AccountChange::Deleted => None,
        AccountChange::Written(write) => Some(&write.storage),
    }
}

fn prove_range<V: LeafValue>(trie: &Trie<V>, origin: H256, leaves_max: NonZeroUsize) -> RangeProof {
    let mut leaves = Vec::new();
    for (key, value) in trie.leaves_from(origin).take(leaves_max.get()) {
        let mut encoded = Vec::new();
        value.encode(&mut encoded);
        leaves.push((*key, encoded));
    }
    let mut nodes = trie.prove(&origin);
    if let Some((last, _)) = leaves.last() {
        for node in trie.prove(last) {
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
    }
    RangeProof { origin, leaves, nodes }
}
