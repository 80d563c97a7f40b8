//! A repeatable chain of random blocks, and a plain model of the state that they lead to.

use std::{collections::BTreeMap, ops::ControlFlow};

use bytes::Bytes;
use cybermiles_state::{
    Account, AccountChange, AccountWrite, Block, EMPTY_CODE_HASH, EMPTY_TRIE_ROOT, ReadView, State,
    disk::simulated::Seed, keccak256, sorted_trie_root,
};
use primitive_types::{H160, H256, U256};

const ADDRESS_COUNT: u64 = 120;
const SLOT_COUNT: u64 = 40;

/// Returns block `height` of the chain of a seed.
pub(crate) fn block(seed: u64, height: u64) -> Block {
    let mut random = Seed::new(seed.wrapping_mul(0x1_0001).wrapping_add(height));
    let mut block = Block { height, hash: hash(&mut random), ..Block::default() };
    let writes = if height == 0 { 60 } else { 2 + random.below(20) };
    for _ in 0..writes {
        let address = address(random.below(ADDRESS_COUNT));
        let change = change(&mut random, &mut block.changes.codes);
        block.changes.accounts.insert(address, change);
    }
    let body_bytes = if random.below(20) == 0 { 60_000 } else { random.below(2_000) };
    block.body = noise(&mut random, body_bytes);
    block.certificate = noise(&mut random, 150);
    block.receipts = noise(&mut random, writes * 30);
    block.logs = noise(&mut random, writes * 8);
    for index in 0..writes.min(5) {
        block.lookups.insert(
            hash(&mut random).as_bytes().to_vec(),
            Bytes::from(format!("{height}/{index}")),
        );
    }
    let value = (random.below(4) != 0).then(|| Bytes::from(format!("set at {height}")));
    block.metadata.insert(format!("name-{}", random.below(3)), value);
    block
}

/// Returns one of the addresses of the workload.
pub(crate) fn address(number: u64) -> H160 {
    let mut bytes = [0x10; 20];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    H160(bytes)
}

/// Returns one of the slots of the workload.
pub(crate) fn slot(number: u64) -> H256 {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    H256(bytes)
}

fn change(random: &mut Seed, codes: &mut BTreeMap<H256, Bytes>) -> AccountChange {
    if random.below(20) == 0 {
        return AccountChange::Deleted;
    }
    let mut code_hash = EMPTY_CODE_HASH;
    if random.below(8) == 0 {
        let code_bytes = 1 + random.below(20_000);
        let code = noise(random, code_bytes);
        code_hash = keccak256(&code);
        codes.insert(code_hash, code);
    }
    let mut write = AccountWrite::new(random.below(1000), U256::from(random.draw()), code_hash);
    write.storage_cleared = random.below(25) == 0;
    if random.below(3) == 0 {
        for _ in 0..random.below(8) {
            let slot = slot(random.below(SLOT_COUNT));
            let value = if random.below(4) == 0 { U256::zero() } else { U256::from(random.draw()) };
            write.storage.insert(slot, value);
        }
    }
    AccountChange::Written(write)
}

fn noise(random: &mut Seed, length: u64) -> Bytes {
    (0..length).map(|_| random.draw().to_le_bytes()[0]).collect()
}

fn hash(random: &mut Seed) -> H256 {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&random.draw().to_le_bytes());
    }
    H256(bytes)
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ModelAccount {
    nonce: u64,
    balance: U256,
    code_hash: H256,
    storage: BTreeMap<H256, U256>,
}

/// The state after some blocks of a chain, kept in the plainest way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) next_height: u64,
    accounts: BTreeMap<H160, ModelAccount>,
    codes: BTreeMap<H256, Bytes>,
    lookups: BTreeMap<Vec<u8>, Bytes>,
    metadata: BTreeMap<String, Bytes>,
}

impl Model {
    /// Returns the state after the blocks below `next_height`.
    pub(crate) fn at(seed: u64, next_height: u64) -> Self {
        let mut model = Self::default();
        model.advance(seed, next_height);
        model
    }

    /// Applies the blocks below `next_height` that are not applied yet.
    pub(crate) fn advance(&mut self, seed: u64, next_height: u64) {
        while self.next_height < next_height {
            self.apply(&block(seed, self.next_height));
        }
    }

    fn apply(&mut self, block: &Block) {
        self.next_height = block.height + 1;
        for (address, change) in &block.changes.accounts {
            match change {
                AccountChange::Deleted => drop(self.accounts.remove(address)),
                AccountChange::Written(write) => {
                    let mut storage = self
                        .accounts
                        .remove(address)
                        .map(|account| account.storage)
                        .unwrap_or_default();
                    if write.storage_cleared {
                        storage.clear();
                    }
                    storage.extend(&write.storage);
                    storage.retain(|_, value| !value.is_zero());
                    let AccountWrite { nonce, balance, code_hash, .. } = *write;
                    self.accounts
                        .insert(*address, ModelAccount { nonce, balance, code_hash, storage });
                }
            }
        }
        self.codes.extend(block.changes.codes.clone());
        self.lookups.extend(block.lookups.clone());
        for (name, value) in &block.metadata {
            match value {
                Some(value) => drop(self.metadata.insert(name.clone(), value.clone())),
                None => drop(self.metadata.remove(name)),
            }
        }
    }

    /// Computes the state root from scratch.
    pub(crate) fn root(&self) -> H256 {
        sorted_trie_root(
            self.hashed_accounts().iter().map(|(key, account)| (*key, account.to_rlp())),
        )
    }

    fn hashed_accounts(&self) -> BTreeMap<H256, Account> {
        self.accounts
            .iter()
            .map(|(address, account)| {
                let storage_root = storage_root(&account.storage);
                let ModelAccount { nonce, balance, code_hash, .. } = *account;
                (keccak256(address.as_bytes()), Account { nonce, balance, storage_root, code_hash })
            })
            .collect()
    }

    /// Compares a view of the state, entry by entry; says what is wrong.
    pub(crate) fn check(&self, view: &ReadView) -> Result<(), String> {
        let mut found = BTreeMap::new();
        let collect = |key, account: Account| {
            found.insert(key, account);
            ControlFlow::Continue(())
        };
        view.accounts_from(H256::zero(), &mut { collect }).map_err(|error| format!("{error:?}"))?;
        if found != self.hashed_accounts() {
            return Err(format!("height {}: accounts differ", view.height()));
        }
        for (address, account) in &self.accounts {
            self.check_account(view, *address, account)?;
        }
        for (code_hash, code) in &self.codes {
            let found = view.code(*code_hash).map_err(|error| format!("{error:?}"))?;
            if found.as_deref() != Some(code.as_ref()) {
                return Err(format!("height {}: code {code_hash:?} differs", view.height()));
            }
        }
        for (name, value) in &self.lookups {
            if view.lookup(name).map_err(|error| format!("{error:?}"))?.as_deref()
                != Some(value.as_ref())
            {
                return Err(format!("height {}: a lookup differs", view.height()));
            }
        }
        for name in ["name-0", "name-1", "name-2"] {
            let found = view.metadata(name).map_err(|error| format!("{error:?}"))?;
            if found.as_deref() != self.metadata.get(name).map(AsRef::as_ref) {
                return Err(format!("height {}: metadata {name} differs", view.height()));
            }
        }
        Ok(())
    }

    fn check_account(
        &self,
        view: &ReadView,
        address: H160,
        account: &ModelAccount,
    ) -> Result<(), String> {
        let hashed = keccak256(address.as_bytes());
        let mut found = BTreeMap::new();
        view.storage_of(hashed, &mut |key, value| {
            found.insert(key, value);
            ControlFlow::Continue(())
        })
        .map_err(|error| format!("{error:?}"))?;
        if found != hashed_storage(&account.storage) {
            return Err(format!("height {}: storage of {address:?} differs", view.height()));
        }
        for slot in (0..SLOT_COUNT).step_by(7).map(slot) {
            let found = view.storage(address, slot).map_err(|error| format!("{error:?}"))?;
            if found != account.storage.get(&slot).copied().unwrap_or_default() {
                return Err(format!(
                    "height {}: slot {slot:?} of {address:?} differs",
                    view.height()
                ));
            }
        }
        Ok(())
    }
}

fn hashed_storage(storage: &BTreeMap<H256, U256>) -> BTreeMap<H256, U256> {
    storage.iter().map(|(slot, value)| (keccak256(slot.as_bytes()), *value)).collect()
}

fn storage_root(storage: &BTreeMap<H256, U256>) -> H256 {
    if storage.is_empty() {
        return EMPTY_TRIE_ROOT;
    }
    let mut leaves = Vec::new();
    for (key, value) in hashed_storage(storage) {
        let mut encoded = Vec::new();
        cybermiles_state::rlp::put_u256(&mut encoded, &value);
        leaves.push((key, encoded));
    }
    sorted_trie_root(leaves)
}

/// Checks that a block reads back as it was committed.
pub(crate) fn check_block(state: &State, seed: u64, height: u64) -> Result<(), String> {
    let expected = block(seed, height);
    let found = state.block(height).map_err(|error| format!("block {height}: {error:?}"))?;
    let same = found.hash == expected.hash
        && found.body == expected.body
        && found.certificate == expected.certificate
        && found.receipts == expected.receipts
        && found.logs == expected.logs;
    if same { Ok(()) } else { Err(format!("block {height} differs")) }
}
