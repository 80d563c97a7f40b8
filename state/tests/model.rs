//! The state trie against a plain map that is hashed from scratch, and against the tries of other authors.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use cybermiles_state::{
    Account, AccountChange, AccountWrite, ChangeSet, EMPTY_CODE_HASH, EMPTY_TRIE_ROOT, StateTrie,
    StateTrieOptions, StorageError, StorageReader, StorageReaderError, keccak256, rlp,
    sorted_trie_root,
};
use eth_trie::{EthTrie, MemoryDB, Trie};
use primitive_types::{H160, H256, U256};
use proptest::prelude::*;

#[derive(Clone, Debug, Default, PartialEq)]
struct ModelAccount {
    nonce: u64,
    balance: U256,
    code_hash: H256,
    storage: BTreeMap<H256, U256>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Model(BTreeMap<H160, ModelAccount>);

impl Model {
    fn apply(&mut self, changes: &ChangeSet) {
        for (address, change) in &changes.accounts {
            let AccountChange::Written(write) = change else {
                self.0.remove(address);
                continue;
            };
            let account = self.0.entry(*address).or_default();
            (account.nonce, account.balance, account.code_hash) =
                (write.nonce, write.balance, write.code_hash);
            if write.storage_cleared {
                account.storage.clear();
            }
            account.storage.extend(&write.storage);
            account.storage.retain(|_, value| !value.is_zero());
        }
    }

    fn storage_pairs(account: &ModelAccount) -> BTreeMap<H256, Vec<u8>> {
        let encoded = |value: &U256| {
            let mut out = Vec::new();
            rlp::put_u256(&mut out, value);
            out
        };
        account
            .storage
            .iter()
            .map(|(key, value)| (keccak256(key.as_bytes()), encoded(value)))
            .collect()
    }

    fn account(account: &ModelAccount) -> Account {
        let storage_root = sorted_trie_root(Self::storage_pairs(account));
        Account {
            nonce: account.nonce,
            balance: account.balance,
            storage_root,
            code_hash: account.code_hash,
        }
    }

    fn account_pairs(&self) -> BTreeMap<H256, Vec<u8>> {
        let pair = |(address, account): (&H160, &ModelAccount)| {
            (keccak256(address.as_bytes()), Self::account(account).to_rlp())
        };
        self.0.iter().map(pair).collect()
    }

    fn root(&self) -> H256 {
        sorted_trie_root(self.account_pairs())
    }
}

/// A model is also the store that a state trie reads cold storage from.
impl StorageReader for Model {
    fn storage_leaves(
        &self,
        hashed: H256,
        visit: &mut dyn FnMut(H256, U256),
    ) -> Result<(), StorageReaderError> {
        let account = self.0.iter().find(|(address, _)| keccak256(address.as_bytes()) == hashed);
        let account = account.map(|(_, account)| account).ok_or("no such account")?;
        let leaves: BTreeMap<_, _> = account
            .storage
            .iter()
            .map(|(key, value)| (keccak256(key.as_bytes()), *value))
            .collect();
        leaves.into_iter().for_each(|(key, value)| visit(key, value));
        Ok(())
    }
}

fn address(n: u8) -> H160 {
    H160::from_slice(&slot(n)[12..])
}

fn slot(n: u8) -> H256 {
    H256(U256::from(n).to_big_endian())
}

fn write() -> impl Strategy<Value = AccountWrite> {
    let storage = prop::collection::btree_map((0_u8..40).prop_map(slot), 0_u64..4, 0..12);
    (0_u64..3, any::<u64>(), any::<bool>(), prop::bool::weighted(0.15), storage).prop_map(
        |(nonce, balance, has_code, storage_cleared, storage)| AccountWrite {
            nonce,
            balance: U256::from(balance) << (balance % 190) as usize,
            code_hash: if has_code { H256::repeat_byte(7) } else { EMPTY_CODE_HASH },
            storage_cleared,
            storage: storage.into_iter().map(|(key, value)| (key, U256::from(value))).collect(),
        },
    )
}

fn change_set() -> impl Strategy<Value = ChangeSet> {
    let change = prop_oneof![
        1 => Just(AccountChange::Deleted),
        4 => write().prop_map(AccountChange::Written),
    ];
    prop::collection::btree_map((0_u8..24).prop_map(address), change, 0..10).prop_map(|accounts| {
        ChangeSet { accounts, codes: BTreeMap::from([(EMPTY_CODE_HASH, Bytes::new())]) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn changes_give_the_root_of_the_model(
        blocks in prop::collection::vec((change_set(), change_set(), any::<bool>()), 1..12),
        resident_storage_leaves_max in prop_oneof![Just(0), Just(20), Just(1000)],
    ) {
        let options = StateTrieOptions { resident_storage_leaves_max, ..StateTrieOptions::default() };
        let mut state = StateTrie::new(options);
        let mut model = Model::default();
        for (candidate, other, is_refused) in blocks {
            // A candidate that is not decided is taken back before another one is applied.
            if is_refused {
                let root = state.root();
                let applied = state.apply(&candidate, &model).unwrap();
                let mut candidate_model = model.clone();
                candidate_model.apply(&candidate);
                prop_assert_eq!(applied.root, candidate_model.root());
                let second = state.apply(&other, &candidate_model).unwrap();
                state.rollback(second.undo);
                prop_assert_eq!(applied.undo.root_before(), root);
                state.rollback(applied.undo);
                prop_assert_eq!(state.root(), root);
            }
            let applied = state.apply(&other, &model).unwrap();
            model.apply(&other);
            prop_assert_eq!(applied.root, model.root());
            prop_assert_eq!(state.root(), model.root());
            for (address, change) in &other.accounts {
                let root = matches!(change, AccountChange::Written(_))
                    .then(|| Model::account(&model.0[address]).storage_root)
                    .filter(|root| *root != EMPTY_TRIE_ROOT);
                prop_assert_eq!(applied.storage_roots.get(address).copied(), root);
            }
            for (address, account) in &model.0 {
                let found = state.account(keccak256(address.as_bytes()));
                prop_assert_eq!(found, Some(Model::account(account)));
            }
            prop_assert_eq!(state.memory().accounts, model.0.len());
        }
        let rebuilt = StateTrie::from_accounts(options, state.accounts_from(H256::zero()));
        prop_assert_eq!(rebuilt.root(), state.root());
        // Whatever is resident or cold: every account and slot can be proven, and so can absence.
        for n in 0..24 {
            let keys: Vec<H256> = (0..44).map(slot).collect();
            let proof = state.prove_account(address(n), &keys, &model).unwrap();
            prop_assert_eq!(proof.verify(state.root()), Ok(()));
            let account = model.0.get(&address(n));
            prop_assert_eq!(proof.account, account.map(Model::account));
            for slot in proof.storage {
                let value = account.and_then(|account| account.storage.get(&slot.key));
                prop_assert_eq!(slot.value, value.copied().unwrap_or_default());
            }
        }
    }

    #[test]
    fn accounts_and_proofs_equal_those_of_peers(blocks in prop::collection::vec(change_set(), 1..8)) {
        let mut state = StateTrie::new(StateTrieOptions::default());
        let mut peer = EthTrie::new(Arc::new(MemoryDB::new(false)));
        let mut model = Model::default();
        for changes in blocks {
            let applied = state.apply(&changes, &model).unwrap();
            model.apply(&changes);
            let pairs = model.account_pairs();
            for address in changes.accounts.keys() {
                let key = keccak256(address.as_bytes());
                match pairs.get(&key) {
                    Some(value) => peer.insert(key.as_bytes(), value).unwrap(),
                    None => drop(peer.remove(key.as_bytes()).unwrap()),
                }
            }
            prop_assert_eq!(applied.root.0, peer.root_hash().unwrap().0);
            let mut builder = alloy_trie::HashBuilder::default();
            for (key, value) in &pairs {
                builder.add_leaf(alloy_trie::Nibbles::unpack(key), value);
            }
            prop_assert_eq!(state.root().0, builder.root().0);
        }
        for n in 0..30 {
            let key = keccak256(address(n).as_bytes());
            let proof = state.prove_account(address(n), &[], &model).unwrap();
            let expected = if model.0.is_empty() { Vec::new() } else { peer.get_proof(key.as_bytes()).unwrap() };
            prop_assert_eq!(proof.nodes, expected);
        }
    }
}

/// Storage that is wrong in one way or another.
struct WrongStorage(Vec<(u8, u64)>, Option<&'static str>);

impl StorageReader for WrongStorage {
    fn storage_leaves(
        &self,
        _: H256,
        visit: &mut dyn FnMut(H256, U256),
    ) -> Result<(), StorageReaderError> {
        self.0.iter().for_each(|(key, value)| visit(H256::repeat_byte(*key), U256::from(*value)));
        self.1.map_or(Ok(()), |reason| Err(reason.into()))
    }
}

#[test]
fn storage_that_cannot_be_trusted_changes_nothing() {
    let account = Account {
        storage_root: sorted_trie_root([([1; 32], [5]), ([2; 32], [6])]),
        ..Account::externally_owned(1, 1.into())
    };
    // The account whose storage is read last, so that other tries are begun before the failure.
    let others = (0..20).map(address);
    let victim =
        others.clone().max_by_key(|address| keccak256(address.as_bytes())).expect("twenty");
    let hashed_address = keccak256(victim.as_bytes());
    let options =
        StateTrieOptions { resident_storage_leaves_max: 0, ..StateTrieOptions::default() };
    let mut state = StateTrie::from_accounts(options, std::iter::once((hashed_address, account)));
    let root = state.root();
    let mut write = AccountWrite::new(2, 2.into(), EMPTY_CODE_HASH);
    write.storage.insert(slot(1), 9.into());
    let mut changes = ChangeSet::default();
    changes.accounts.insert(victim, AccountChange::Written(write));

    for other in others.filter(|address| *address != victim) {
        let mut write = AccountWrite::new(1, 1.into(), EMPTY_CODE_HASH);
        write.storage.insert(slot(1), 1.into());
        changes.accounts.insert(other, AccountChange::Written(write));
    }

    let mut refuse = |reader: WrongStorage| {
        let error = state.apply(&changes, &reader).expect_err("the storage is wrong");
        assert_eq!(
            (state.root(), state.memory().accounts, state.memory().storage_tries),
            (root, 1, 0)
        );
        assert!(state.prove_account(victim, &[slot(1)], &reader).is_err());
        error
    };
    assert!(matches!(
        refuse(WrongStorage(vec![(1, 5), (2, 6)], Some("disk"))),
        StorageError::Read { .. }
    ));
    assert!(matches!(
        refuse(WrongStorage(vec![(2, 6), (1, 5)], None)),
        StorageError::OutOfOrder { .. }
    ));
    assert!(matches!(
        refuse(WrongStorage(vec![(1, 5), (1, 5)], None)),
        StorageError::OutOfOrder { .. }
    ));
    assert!(matches!(
        refuse(WrongStorage(vec![(1, 5), (2, 0)], None)),
        StorageError::OutOfOrder { .. }
    ));
    assert!(matches!(refuse(WrongStorage(vec![(1, 5)], None)), StorageError::Root { .. }));
    let error = refuse(WrongStorage(vec![], None));
    assert!(matches!(error, StorageError::Root { found, .. } if found == EMPTY_TRIE_ROOT));

    let applied = state
        .apply(&changes, &WrongStorage(vec![(1, 5), (2, 6)], None))
        .expect("the storage is right");
    assert_eq!((applied.root != root, applied.undo.root_before()), (true, root));
}

#[test]
fn cold_storage_is_dropped_and_comes_back() {
    let options =
        StateTrieOptions { resident_storage_leaves_max: 100, ..StateTrieOptions::default() };
    let mut state = StateTrie::new(options);
    let mut model = Model::default();
    for block in 0..60_u8 {
        let mut write = AccountWrite::new(1, block.into(), EMPTY_CODE_HASH);
        write.storage.extend((0..30).map(|n| (slot(n), U256::from(block) + 1)));
        let mut changes = ChangeSet::default();
        changes.accounts.insert(address(block % 12), AccountChange::Written(write));
        let applied = state.apply(&changes, &model).expect("the model holds all storage");
        model.apply(&changes);
        assert_eq!(applied.root, model.root());
        assert!(state.memory().storage_leaves <= 100);
    }
    assert_eq!(state.memory().storage_tries, 3);
}
