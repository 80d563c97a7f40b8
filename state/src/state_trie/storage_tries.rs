//! The storage tries that are resident, and which of them to drop first.

use std::collections::{BTreeMap, BTreeSet};

use primitive_types::{H256, U256};

use super::{StateTrieMemory, StorageError, StorageReader};
use crate::{
    keccak::EMPTY_TRIE_ROOT,
    trie::{Hashing, Trie, rehash},
};

/// Resident storage tries by hashed address.
///
/// # Invariants
///
/// Between batches no resident trie is empty, and `leaf_count` is the number of all their leaves.
#[derive(Debug)]
pub(super) struct StorageTries {
    tries: BTreeMap<H256, Resident>,
    /// Batch of the last use and hashed address, the longest ago first.
    uses: BTreeSet<(u64, H256)>,
    leaf_count: usize,
    leaves_max: usize,
    batch: u64,
}

#[derive(Debug)]
struct Resident {
    trie: Trie<U256>,
    last_use: u64,
    /// The share of this trie in `StorageTries::leaf_count`.
    counted_leaves: usize,
}

impl StorageTries {
    pub(super) const fn new(leaves_max: usize) -> Self {
        Self { tries: BTreeMap::new(), uses: BTreeSet::new(), leaf_count: 0, leaves_max, batch: 0 }
    }

    /// From here on, what is used is used in a new batch.
    pub(super) const fn begin_batch(&mut self) {
        self.batch += 1;
    }

    pub(super) fn memory(&self) -> StateTrieMemory {
        StateTrieMemory {
            storage_tries: self.tries.len(),
            storage_leaves: self.leaf_count,
            size_bytes: self.tries.values().map(|resident| resident.trie.memory_size_bytes()).sum(),
            ..StateTrieMemory::default()
        }
    }

    /// The trie of an account, read if it is not resident, and checked against the root its account names.
    pub(super) fn load(
        &mut self,
        hashed_address: H256,
        root: H256,
        reader: &dyn StorageReader,
        hashing: Hashing,
    ) -> Result<&mut Trie<U256>, StorageError> {
        if !self.tries.contains_key(&hashed_address) && root != EMPTY_TRIE_ROOT {
            let trie = read(hashed_address, root, reader, hashing)?;
            self.insert(hashed_address, trie);
        }
        Ok(self.resident_or_new(hashed_address))
    }

    pub(super) fn resident_or_new(&mut self, hashed_address: H256) -> &mut Trie<U256> {
        let batch = self.batch;
        let resident = self.tries.entry(hashed_address).or_insert_with(|| Resident {
            trie: Trie::new(),
            last_use: batch,
            counted_leaves: 0,
        });
        self.uses.remove(&(resident.last_use, hashed_address));
        self.uses.insert((batch, hashed_address));
        resident.last_use = batch;
        &mut resident.trie
    }

    pub(super) fn resident(&mut self, hashed_address: H256) -> Option<&mut Trie<U256>> {
        self.tries.contains_key(&hashed_address).then(|| self.resident_or_new(hashed_address))
    }

    /// The root of a resident trie.
    pub(super) fn root(&self, hashed_address: H256) -> H256 {
        self.tries
            .get(&hashed_address)
            .map_or(EMPTY_TRIE_ROOT, |resident| resident.trie.root_hash())
    }

    /// Takes a trie out.
    pub(super) fn take(&mut self, hashed_address: H256) -> Option<Trie<U256>> {
        let resident = self.tries.remove(&hashed_address)?;
        self.uses.remove(&(resident.last_use, hashed_address));
        self.leaf_count -= resident.counted_leaves;
        Some(resident.trie)
    }

    /// Puts a trie in the place of whatever is there.
    pub(super) fn put_back(&mut self, hashed_address: H256, trie: Option<Trie<U256>>) {
        drop(self.take(hashed_address));
        if let Some(trie) = trie {
            self.insert(hashed_address, trie);
        }
    }

    /// Brings the roots of these tries up to date, all in the same lanes.
    pub(super) fn rehash(&mut self, hashed_addresses: &[H256], hashing: Hashing) {
        let changed = hashed_addresses
            .iter()
            .filter_map(|address| Some((*address, self.tries.remove(address)?)));
        let mut changed: Vec<(H256, Resident)> = changed.collect();
        let mut tries: Vec<&mut Trie<U256>> =
            changed.iter_mut().map(|(_, resident)| &mut resident.trie).collect();
        rehash(&mut tries, hashing);
        for (_, resident) in &mut changed {
            self.leaf_count =
                self.leaf_count - resident.counted_leaves + resident.trie.leaf_count();
            resident.counted_leaves = resident.trie.leaf_count();
        }
        self.tries.extend(changed);
    }

    /// Drops empty tries of this batch, and those used longest ago while there are too many leaves.
    pub(super) fn evict(&mut self) {
        let this_batch = self.uses.range((self.batch, H256::zero())..);
        let empty = this_batch.filter(|(_, address)| self.tries[address].trie.leaf_count() == 0);
        for (_, address) in empty.copied().collect::<Vec<_>>() {
            drop(self.take(address));
        }
        while self.leaf_count > self.leaves_max {
            match self.uses.first() {
                Some((batch, address)) if *batch < self.batch => drop(self.take(*address)),
                _ => break,
            }
        }
    }

    fn insert(&mut self, hashed_address: H256, trie: Trie<U256>) {
        let counted_leaves = trie.leaf_count();
        self.leaf_count += counted_leaves;
        self.uses.insert((self.batch, hashed_address));
        self.tries.insert(hashed_address, Resident { trie, last_use: self.batch, counted_leaves });
    }
}

fn read(
    hashed_address: H256,
    expected: H256,
    reader: &dyn StorageReader,
    hashing: Hashing,
) -> Result<Trie<U256>, StorageError> {
    let mut leaves: Vec<(H256, U256)> = Vec::new();
    let mut first_offender = None;
    let mut visit = |hashed_key: H256, value: U256| {
        let ascends = leaves.last().is_none_or(|(last, _)| *last < hashed_key);
        if ascends && !value.is_zero() && first_offender.is_none() {
            leaves.push((hashed_key, value));
        } else {
            first_offender.get_or_insert(hashed_key);
        }
    };
    reader
        .storage_leaves(hashed_address, &mut visit)
        .map_err(|source| StorageError::Read { hashed_address, source })?;
    if let Some(hashed_key) = first_offender {
        return Err(StorageError::OutOfOrder { hashed_address, hashed_key });
    }
    let mut trie = Trie::from_sorted(leaves.into_iter());
    rehash(&mut [&mut trie], hashing);
    if trie.root_hash() != expected {
        return Err(StorageError::Root { hashed_address, expected, found: trie.root_hash() });
    }
    Ok(trie)
}
