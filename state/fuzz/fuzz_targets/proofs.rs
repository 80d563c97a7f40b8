//! Decodes arbitrary bytes as proofs. Nothing may panic, and a changed proof of a real trie must be refused.

#![no_main]

use std::num::NonZeroUsize;

use arbitrary::Arbitrary;
use cybermiles_state::{
    Account, AccountChange, AccountWrite, ChangeSet, EMPTY_CODE_HASH, NoStorage, RangeProof,
    StateTrie, StateTrieOptions, keccak256, rlp, verify_proof,
};
use libfuzzer_sys::fuzz_target;
use primitive_types::{H160, H256, U256};

#[derive(Arbitrary, Debug)]
struct Input {
    key: Vec<u8>,
    nodes: Vec<Vec<u8>>,
    leaves: Vec<([u8; 32], Vec<u8>)>,
    origin: [u8; 32],
    accounts: Vec<(u8, u64)>,
    chosen: u8,
    flips: Vec<(u8, u16)>,
    count: u8,
}

fuzz_target!(|input: Input| {
    for node in &input.nodes {
        // A root that fits makes the first node authentic, so that its decoding is reached.
        let root = keccak256(node);
        let _ = verify_proof(root, &input.key, &input.nodes);
        let leaves = input.leaves.iter().map(|(key, value)| (H256(*key), value.clone())).collect();
        let range = RangeProof { origin: H256(input.origin), leaves, nodes: input.nodes.clone() };
        let _ = range.verify(root);
        let _ = Account::from_rlp(node);
        let _ = rlp::decode(node);
    }
    changed_proofs_are_refused(&input);
});

fn changed_proofs_are_refused(input: &Input) {
    let mut changes = ChangeSet::default();
    for (who, balance) in &input.accounts {
        let write = AccountWrite::new(1, U256::from(*balance), EMPTY_CODE_HASH);
        changes.accounts.insert(H160::repeat_byte(*who), AccountChange::Written(write));
    }
    let mut state = StateTrie::new(StateTrieOptions::default());
    let root = state.apply(&changes, &NoStorage).expect("nothing is read").root;
    let good = state
        .prove_account(H160::repeat_byte(input.chosen), &[], &NoStorage)
        .expect("nothing is read");
    assert_eq!(good.verify(root), Ok(()));
    let mut forged = good.clone();
    for (node, bit) in &input.flips {
        if let Some(node) = forged.nodes.get_mut(usize::from(*node))
            && let Some(byte) = node.get_mut(usize::from(bit / 8))
        {
            *byte ^= 1 << (bit % 8);
        }
    }
    assert_eq!(forged.verify(root).is_ok(), forged == good);
    let count = NonZeroUsize::MIN.saturating_add(input.count.into());
    let range = state.prove_account_range(H256(input.origin), count);
    assert!(range.verify(root).is_ok());
    let mut shorter = range.clone();
    if range.leaves.len() > 1 {
        shorter.leaves.remove(usize::from(input.chosen) % (range.leaves.len() - 1));
        assert!(shorter.verify(root).is_err());
    }
}
