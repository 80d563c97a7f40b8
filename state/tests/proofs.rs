//! Forged, cut and mixed proofs are refused; ranges prove that nothing is missing.

mod fixtures;

use std::{collections::BTreeMap, num::NonZeroUsize};

use cybermiles_state::{
    Account, AccountChange, AccountProof, AccountWrite, ChangeSet, EMPTY_CODE_HASH,
    EMPTY_TRIE_ROOT, NoStorage, ProofError, RangeEnd, RangeProof, StateTrie, StateTrieOptions,
    StorageProof, keccak256, rlp, sorted_trie_root, verify_proof,
};
use primitive_types::{H160, H256, U256};
use proptest::prelude::*;

fn address(n: u64) -> H160 {
    H160::from_slice(&word(n)[12..])
}

fn word(n: u64) -> H256 {
    H256(U256::from(n).to_big_endian())
}

/// A state of many accounts, one of them with storage.
fn state() -> StateTrie {
    let mut changes = ChangeSet::default();
    for n in 0..300 {
        let mut write = AccountWrite::new(n, U256::from(n) << 40, EMPTY_CODE_HASH);
        if n == 7 {
            write.storage = (0..200).map(|n| (word(n), U256::from(n + 1))).collect();
        }
        changes.accounts.insert(address(n), AccountChange::Written(write));
    }
    let mut state = StateTrie::new(StateTrieOptions::default());
    assert_ne!(state.apply(&changes, &NoStorage).expect("nothing is read").root, EMPTY_TRIE_ROOT);
    state
}

fn proof_of(state: &mut StateTrie, account: u64, slots: &[u64]) -> AccountProof {
    let keys: Vec<H256> = slots.iter().map(|slot| word(*slot)).collect();
    state.prove_account(address(account), &keys, &NoStorage).expect("all storage is resident")
}

#[test]
fn proves_presence_and_absence() {
    let mut state = state();
    let root = state.root();
    for account in [0, 7, 299, 300, 1 << 40] {
        let proof = proof_of(&mut state, account, &[0, 1, 199, 200, 1 << 50]);
        assert_eq!(proof.verify(root), Ok(()));
        assert_eq!(proof.account.is_some(), account < 300);
        for slot in &proof.storage {
            let n = U256::from_big_endian(slot.key.as_bytes()).low_u64();
            let expected = if account == 7 && n < 200 { n + 1 } else { 0 };
            assert_eq!(slot.value, expected.into());
        }
    }
    let mut empty = StateTrie::new(StateTrieOptions::default());
    let proof = proof_of(&mut empty, 1, &[1]);
    assert_eq!((proof.verify(EMPTY_TRIE_ROOT), proof.nodes.len()), (Ok(()), 0));
    assert!(matches!(proof.verify(root), Err(ProofError::Missing { .. })));
}

#[test]
fn refuses_every_flipped_bit_and_every_cut() {
    let mut state = state();
    let root = state.root();
    let good = proof_of(&mut state, 7, &[3, 1 << 50]);
    let mut refused = 0;
    let mut refuse = |forged: &AccountProof| {
        assert!(forged.verify(root).is_err(), "{forged:?}");
        refused += 1;
    };
    let chains = 3;
    for chain in 0..chains {
        let nodes_of = |proof: &mut AccountProof| match chain {
            0 => std::mem::take(&mut proof.nodes),
            _ => std::mem::take(&mut proof.storage[chain - 1].nodes),
        };
        let with = |nodes: Vec<Vec<u8>>| {
            let mut forged = good.clone();
            match chain {
                0 => forged.nodes = nodes,
                _ => forged.storage[chain - 1].nodes = nodes,
            }
            forged
        };
        let nodes = nodes_of(&mut good.clone());
        assert_eq!(with(nodes.clone()), good);
        for at in 0..nodes.len() {
            for bit in 0..nodes[at].len() * 8 {
                let mut changed = nodes.clone();
                changed[at][bit / 8] ^= 1 << (bit % 8);
                refuse(&with(changed));
            }
            for length in 0..nodes[at].len() {
                let mut changed = nodes.clone();
                changed[at].truncate(length);
                refuse(&with(changed));
            }
            refuse(&with(nodes[..at].to_vec()));
            let mut doubled = nodes.clone();
            doubled.insert(at, nodes[at].clone());
            refuse(&with(doubled));
            let mut shortened = nodes.clone();
            shortened.remove(at);
            refuse(&with(shortened));
        }
        let mut reversed = nodes.clone();
        reversed.reverse();
        refuse(&with(reversed));
        let mut longer = nodes;
        longer.push(vec![0x80]);
        refuse(&with(longer));
    }
    println!("{refused} forged proofs refused");
}

#[test]
fn refuses_claims_that_the_nodes_do_not_show() {
    let mut state = state();
    let root = state.root();
    let good = proof_of(&mut state, 7, &[3, 1 << 50]);
    let account = good.account.expect("account 7 exists");
    let claim = |change: &dyn Fn(&mut AccountProof)| {
        let mut forged = good.clone();
        change(&mut forged);
        forged.verify(root)
    };
    assert_eq!(claim(&|proof| proof.account = None), Err(ProofError::Account));
    let richer = Account { balance: account.balance + 1, ..account };
    assert_eq!(claim(&|proof| proof.account = Some(richer)), Err(ProofError::Account));
    let one_more = |proof: &mut AccountProof| proof.storage[0].value += U256::one();
    assert!(matches!(claim(&one_more), Err(ProofError::Slot { .. })));
    assert!(matches!(
        claim(&|proof| proof.storage[1].value = U256::one()),
        Err(ProofError::Slot { .. })
    ));
    assert!(claim(&|proof| proof.address = address(8)).is_err());
    assert!(claim(&|proof| proof.storage[0].key = word(4)).is_err());
    assert!(claim(&|proof| proof.storage[1].nodes.clear()).is_err());
    assert!(matches!(good.verify(H256::zero()), Err(ProofError::Hash { index: 0, .. })));
    // The proof of an absent account says nothing about an account that exists.
    let absent = proof_of(&mut state, 1 << 40, &[]);
    let moved = AccountProof { address: good.address, ..absent };
    assert!(moved.verify(root).is_err());
}

/// The other side of a proof: nodes that no trie has, authenticated by their own hash.
#[test]
fn refuses_nodes_that_are_not_canonical() {
    let list = |items: &[&[u8]]| {
        let payload: Vec<u8> = items.concat();
        let mut node = Vec::new();
        rlp::put_list_header(&mut node, payload.len());
        node.extend(payload);
        node
    };
    let hash = [&[0xa0][..], &[9; 32]].concat();
    let empty: &[u8] = &[0x80];
    let branch = |children: &[(usize, &[u8])], value: &[u8]| {
        let mut items = vec![empty; 16];
        children.iter().for_each(|(at, child)| items[*at] = child);
        items.push(value);
        list(&items)
    };
    let long_inline = list(&[&[0x20], &[&[0x80 + 31][..], &[1; 31]].concat()]);
    let cases = [
        ("not a list", vec![0x83, 1, 2, 3]),
        ("empty list", vec![0xc0]),
        ("one item", list(&[empty])),
        ("three items", list(&[&[0x20], &[1], &[1]])),
        ("unknown path flag", list(&[&[0x40], &[1]])),
        ("padded path", list(&[&[0x21], &[1]])),
        ("extension without nibbles", list(&[&[0x00], &hash])),
        ("extension to nothing", list(&[&[0x16], empty])),
        ("extension to a short hash", list(&[&[0x10], &[0x82, 1, 2]])),
        ("branch of one child", branch(&[(0, &hash)], empty)),
        ("branch of no child", branch(&[], empty)),
        ("branch with a list as value", branch(&[(0, &hash), (1, &hash)], &[0xc0])),
        ("branch with a long inline child", branch(&[(0, &hash), (1, &long_inline)], empty)),
        ("branch with a short hash", branch(&[(0, &hash), (1, &[0x82, 1, 2])], empty)),
        ("trailing byte", [branch(&[(0, &hash), (1, &hash)], empty), vec![0]].concat()),
    ];
    for (name, node) in cases {
        let result = verify_proof(keccak256(&node), &[0x66; 32], std::slice::from_ref(&node));
        assert!(matches!(result, Err(ProofError::Node | ProofError::Rlp(_))), "{name}: {result:?}");
    }
    let leaf_without_value = list(&[&[0x20], empty]);
    let result = verify_proof(
        keccak256(&leaf_without_value),
        &[],
        std::slice::from_ref(&leaf_without_value),
    );
    assert_eq!(result, Err(ProofError::Node));
}

#[test]
fn proofs_of_another_client_hold() {
    let Some(folder) = fixtures::archive("execution-apis-part") else { return };
    let mut count = 0;
    let folder = std::fs::read_dir(folder.join("execution-apis/tests/eth_getProof"))
        .expect("the folder is readable");
    for file in folder {
        let text = std::fs::read_to_string(file.expect("the entry is readable").path())
            .expect("the file is text");
        let line =
            text.lines().find_map(|line| line.strip_prefix("<< ")).expect("there is a response");
        let response: serde_json::Value = serde_json::from_str(line).expect("the response is JSON");
        let result = &response["result"];
        let bytes = |value: &serde_json::Value| {
            fixtures::hex_bytes(value.as_str().expect("a hexadecimal string"))
        };
        let nodes = |value: &serde_json::Value| -> Vec<Vec<u8>> {
            value.as_array().expect("a list of nodes").iter().map(bytes).collect()
        };
        let number = |value: &serde_json::Value| U256::from_big_endian(&bytes(value));
        let account = Account {
            nonce: number(&result["nonce"]).as_u64(),
            balance: number(&result["balance"]),
            storage_root: H256::from_slice(&bytes(&result["storageHash"])),
            code_hash: H256::from_slice(&bytes(&result["codeHash"])),
        };
        let slots = result["storageProof"].as_array().expect("a list of slots").iter();
        let storage = slots.map(|slot| StorageProof {
            key: H256(number(&slot["key"]).to_big_endian()),
            value: number(&slot["value"]),
            nodes: nodes(&slot["proof"]),
        });
        let proof = AccountProof {
            address: H160::from_slice(&bytes(&result["address"])),
            account: (account != Account::externally_owned(0, U256::zero())).then_some(account),
            nodes: nodes(&result["accountProof"]),
            storage: storage.collect(),
        };
        // The samples do not name the state root; the first node has it.
        assert_eq!(proof.verify(keccak256(&proof.nodes[0])), Ok(()));
        count += 1;
    }
    assert!(count > 0);
}

fn many(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).expect("not zero")
}

#[test]
fn ranges_cover_the_whole_state() {
    let mut state = state();
    let root = state.root();
    for leaves_max in [1, 2, 7, 64, 299, 300, 1000] {
        let mut origin = H256::zero();
        let mut found = Vec::new();
        loop {
            let range = state.prove_account_range(origin, many(leaves_max));
            let end = range.verify(root).expect("the range is whole");
            found.extend(range.leaves.iter().map(|(key, _)| *key));
            if end == RangeEnd::Last {
                break;
            }
            let (last, _) = range.leaves.last().expect("a range that is not the last has leaves");
            origin = H256((U256::from_big_endian(last.as_bytes()) + 1).to_big_endian());
        }
        assert_eq!(
            found,
            state.accounts_from(H256::zero()).map(|(key, _)| key).collect::<Vec<_>>()
        );
    }
    let hashed = keccak256(address(7).as_bytes());
    let storage_root = state.account(hashed).expect("account 7 exists").storage_root;
    let range = state.prove_storage_range(hashed, H256::repeat_byte(0x40), many(50), &NoStorage);
    let range = range.expect("all storage is resident");
    assert_eq!((range.verify(storage_root), range.leaves.len()), (Ok(RangeEnd::More), 50));
    // A whole trie needs no nodes.
    let whole =
        RangeProof { nodes: Vec::new(), ..state.prove_account_range(H256::zero(), many(1000)) };
    assert_eq!(whole.verify(root), Ok(RangeEnd::Last));
    let nothing = RangeProof { origin: H256::zero(), leaves: Vec::new(), nodes: Vec::new() };
    assert_eq!(nothing.verify(EMPTY_TRIE_ROOT), Ok(RangeEnd::Last));
    assert!(nothing.verify(root).is_err());
    let beyond = state.prove_account_range(H256::repeat_byte(0xff), many(1));
    assert_eq!((beyond.verify(root), beyond.leaves.len()), (Ok(RangeEnd::Last), 0));
}

#[test]
fn ranges_with_missing_added_or_changed_leaves_are_refused() {
    let state = state();
    let root = state.root();
    for origin in [H256::zero(), H256::repeat_byte(0x31), H256::repeat_byte(0xd0)] {
        let good = state.prove_account_range(origin, many(40));
        assert!(good.verify(root).is_ok());
        let forged = |change: &dyn Fn(&mut RangeProof)| {
            let mut range = good.clone();
            change(&mut range);
            range.verify(root)
        };
        for at in 0..good.leaves.len() {
            if at + 1 < good.leaves.len() {
                assert!(
                    forged(&|range| drop(range.leaves.remove(at))).is_err(),
                    "without leaf {at}"
                );
                assert!(forged(&|range| range.leaves.swap(at, at + 1)).is_err(), "swapped {at}");
            }
            assert!(forged(&|range| range.leaves[at].1[5] ^= 1).is_err(), "changed {at}");
            assert!(forged(&|range| range.leaves[at].1.clear()).is_err(), "emptied {at}");
            assert!(forged(&|range| range.leaves[at].0.0[31] ^= 1).is_err(), "moved {at}");
            assert!(
                forged(&|range| range.leaves.insert(at, range.leaves[at].clone())).is_err(),
                "doubled {at}"
            );
            let added = |range: &mut RangeProof| {
                let mut key = range.leaves[at].0;
                key.0[31] ^= 1;
                range.leaves.push((key, vec![1]));
                range.leaves.sort();
            };
            assert!(forged(&added).is_err(), "added at {at}");
        }
        for at in 0..good.nodes.len() {
            let changed = forged(&|range| range.nodes[at][1] ^= 1);
            let removed = forged(&|range| drop(range.nodes.remove(at)));
            // Only the nodes that the origin does not need can be done without, and then nothing changes.
            for result in [changed, removed] {
                assert!(
                    result == good.verify(root)
                        || matches!(result, Err(ProofError::Missing { .. }))
                );
            }
        }
        assert!(matches!(
            forged(&|range| range.nodes = vec![Vec::new()]),
            Err(ProofError::Missing { .. })
        ));
        assert!(forged(&|range| range.leaves.clear()).is_err());
        assert!(forged(&|range| range.origin = H256::repeat_byte(0xff)).is_err());
        assert!(good.verify(H256::zero()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any cut of any trie is accepted exactly when it is what the trie holds.
    #[test]
    fn a_range_is_accepted_exactly_when_it_is_whole(
        slots in prop::collection::btree_map(any::<u16>(), 1_u64..1000, 1..60),
        origin in any::<[u8; 2]>(),
        count in 1_usize..70,
        dropped in any::<prop::sample::Index>(),
    ) {
        let mut write = AccountWrite::new(1, U256::one(), EMPTY_CODE_HASH);
        for (key, value) in &slots {
            write.storage.insert(word((*key).into()), U256::from(*value));
        }
        let mut changes = ChangeSet::default();
        changes.accounts.insert(address(1), AccountChange::Written(write));
        let mut state = StateTrie::new(StateTrieOptions::default());
        let root = state.apply(&changes, &NoStorage).unwrap().storage_roots[&address(1)];
        let hashed = keccak256(address(1).as_bytes());
        let mut first = H256::zero();
        first.0[..2].copy_from_slice(&origin);
        let range = state.prove_storage_range(hashed, first, many(count), &NoStorage).unwrap();
        let all: BTreeMap<H256, u64> = slots
            .iter()
            .map(|(key, value)| (keccak256(word((*key).into()).as_bytes()), *value))
            .collect();
        let expected = all.range(first..).count();
        prop_assert_eq!(range.leaves.len(), expected.min(count));
        let end = if expected > count { RangeEnd::More } else { RangeEnd::Last };
        prop_assert_eq!(range.verify(root), Ok(end));
        if range.leaves.len() > 1 {
            let mut missing = range.clone();
            missing.leaves.remove(dropped.index(range.leaves.len() - 1));
            prop_assert!(missing.verify(root).is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_and_never_panic(
        nodes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..6),
        key in any::<[u8; 32]>(),
        leaves in prop::collection::vec((any::<[u8; 32]>(), prop::collection::vec(any::<u8>(), 0..4)), 0..4),
    ) {
        let root = keccak256(&nodes[0]);
        let shown = verify_proof(root, &key, &nodes);
        prop_assert!(!matches!(shown, Ok(Some(_))), "no random node holds a leaf under this key");
        let leaves: Vec<_> = leaves.into_iter().map(|(key, value)| (H256(key), value)).collect();
        let range = RangeProof { origin: H256::zero(), leaves: leaves.clone(), nodes };
        if range.verify(root).is_ok() {
            prop_assert!(leaves.is_empty());
        }
    }
}

#[test]
fn proves_keys_of_any_length() {
    // A list of one item: its root is one leaf node.
    let leaf = [&[0xc8_u8, 0x82, 0x20, 0x80, 0x84][..], b"item"].concat();
    let root = sorted_trie_root([([0x80], b"item")]);
    assert_eq!(keccak256(&leaf), root);
    let nodes = [leaf];
    assert_eq!(verify_proof(root, &[0x80], &nodes), Ok(Some(&b"item"[..])));
    assert_eq!(verify_proof(root, &[0x01], &nodes), Ok(None));
    assert_eq!(verify_proof(root, &[], &nodes), Ok(None));
    assert_eq!(verify_proof(root, &[0x80, 0x80], &nodes), Ok(None));
}
