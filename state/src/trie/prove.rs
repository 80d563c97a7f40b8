//! The nodes between the root and a key.

use primitive_types::H256;

use super::{
    Trie,
    arena::Child,
    encode::{LeafValue, Reference, encode_branch, encode_extension, encode_leaf},
};
use crate::{keccak::keccak256, nibbles::nibble};

impl<V: LeafValue> Trie<V> {
    /// The encoded nodes on the path to a key, from the root down, as far as the path exists.
    ///
    /// Nodes that their parent contains are not repeated. An empty trie has an empty proof.
    pub(crate) fn prove(&self, key: &H256) -> Vec<Vec<u8>> {
        let mut proof = Vec::new();
        let mut next = self.root;
        let mut from = 0;
        while let Some(node) = next {
            let mut encoded = Vec::new();
            match node.kind() {
                Child::Leaf(leaf) => {
                    let leaf = self.arena.leaf(leaf);
                    encode_leaf(&leaf.key, from, &leaf.value, &mut Vec::new(), &mut encoded);
                    add(&mut proof, encoded);
                    break;
                }
                Child::Branch(index) => {
                    let branch = self.arena.branch(index);
                    let depth = usize::from(branch.depth);
                    encode_branch(&self.arena, branch, &mut encoded);
                    if depth > from {
                        let reference = Reference::inline(&encoded)
                            .unwrap_or_else(|| Reference::hash(keccak256(&encoded).0));
                        let path = self.arena.first_key(node);
                        let mut extension = Vec::new();
                        encode_extension(&path, from, depth, &reference, &mut extension);
                        add(&mut proof, extension);
                        if (from..depth).any(|at| nibble(&path.0, at) != nibble(&key.0, at)) {
                            break;
                        }
                    }
                    add(&mut proof, encoded);
                    next = self.arena.child(index, nibble(&key.0, depth));
                    from = depth + 1;
                }
            }
        }
        proof
    }
}

fn add(proof: &mut Vec<Vec<u8>>, node: Vec<u8>) {
    // The root is referred to by hash whatever its length.
    if proof.is_empty() || node.len() >= 32 {
        proof.push(node);
    }
}
