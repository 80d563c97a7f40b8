//! Proofs that a list of leaves is all that a trie holds in a range of keys, as in the snap protocol.
//!
//! The nodes on the two edges of the range are authenticated from the root down. A child beside the range is left
//! alone; a child inside the range must be what its leaves hash to; a child on the edge is followed.

use std::collections::BTreeMap;

use primitive_types::H256;

use crate::{
    keccak::{Backend, EMPTY_TRIE_ROOT, keccak256},
    nibbles::{CompactPath, KEY_NIBBLES, Prefix},
    proof::{ChildReference, ProofError, ProofNode},
    trie::{Hashing, Trie, rehash},
};

/// Leaves from an origin on, in ascending order of keys, and the nodes that prove that none is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeProof {
    /// The lowest key that the range covers.
    pub origin: H256,
    /// Hashed keys and what the trie commits to: an account's or a slot's RLP.
    pub leaves: Vec<(H256, Vec<u8>)>,
    /// The nodes on the paths to the origin and to the last leaf, in any order; none for a whole trie.
    pub nodes: Vec<Vec<u8>>,
}

/// What lies beyond a proven range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeEnd {
    /// The trie has leaves with higher keys.
    More,
    /// The last leaf of the range is the last of the trie.
    Last,
}

impl RangeProof {
    /// Checks that the leaves are exactly what a trie of this root holds from the origin to the last leaf; without
    /// leaves, that it holds nothing from the origin on. Nodes that are not needed are ignored.
    ///
    /// # Errors
    ///
    /// `ProofError` names the first defect.
    pub fn verify(&self, root: H256) -> Result<RangeEnd, ProofError> {
        self.check_leaves()?;
        let hashing = Hashing { backend: Backend::detect(), threads: std::num::NonZeroUsize::MIN };
        if self.nodes.is_empty() {
            let found = root_of(&self.leaves, hashing);
            return if found == root {
                Ok(RangeEnd::Last)
            } else {
                Err(ProofError::Leaves { expected: root, found })
            };
        }
        let nodes = self.nodes.iter().map(|node| (keccak256(node), node.as_slice())).collect();
        let last = self.leaves.last().map_or(H256::repeat_byte(0xff), |(key, _)| *key);
        let mut walk = EdgeWalk {
            range: self,
            last,
            nodes,
            hashing,
            end: RangeEnd::Last,
            pending: Vec::new(),
        };
        walk.pending.push((Prefix::ROOT, ChildReference::Hash(root)));
        while let Some((prefix, reference)) = walk.pending.pop() {
            walk.visit(prefix, reference)?;
        }
        Ok(walk.end)
    }

    fn check_leaves(&self) -> Result<(), ProofError> {
        let mut lowest = Some(self.origin);
        for (key, value) in &self.leaves {
            if lowest.is_none_or(|lowest| *key < lowest) {
                return Err(ProofError::KeyOrder { key: *key });
            }
            if value.is_empty() {
                return Err(ProofError::EmptyLeaf { key: *key });
            }
            lowest = successor(*key);
        }
        Ok(())
    }

    /// The leaves under a node.
    fn leaves_under(&self, prefix: Prefix) -> &[(H256, Vec<u8>)] {
        let first = self.leaves.partition_point(|(key, _)| *key < prefix.first_key());
        let end = self.leaves.partition_point(|(key, _)| *key <= prefix.last_key());
        &self.leaves[first..end]
    }
}

struct EdgeWalk<'a> {
    range: &'a RangeProof,
    /// The highest key that the range covers.
    last: H256,
    nodes: BTreeMap<H256, &'a [u8]>,
    hashing: Hashing,
    end: RangeEnd,
    /// Nodes to visit. At most two of each depth are on an edge, so there are at most 2 * 16 * 64.
    pending: Vec<(Prefix, ChildReference<'a>)>,
}

impl<'a> EdgeWalk<'a> {
    fn visit(&mut self, prefix: Prefix, reference: ChildReference<'a>) -> Result<(), ProofError> {
        let (first_key, last_key) = (prefix.first_key(), prefix.last_key());
        if last_key < self.range.origin {
            return Ok(());
        }
        if first_key > self.last {
            if reference != ChildReference::Empty {
                self.end = RangeEnd::More;
            }
            return Ok(());
        }
        if first_key >= self.range.origin && last_key <= self.last {
            return self.check_inside(prefix, reference);
        }
        let node = match reference {
            ChildReference::Empty => return self.expect_no_leaves(prefix),
            ChildReference::Inline(node) => node,
            ChildReference::Hash(expected) => {
                self.nodes.get(&expected).copied().ok_or(ProofError::Missing { expected })?
            }
        };
        match ProofNode::decode(node)? {
            ProofNode::Empty => self.expect_no_leaves(prefix),
            ProofNode::Branch { children, value: [] } => {
                // An edge runs through the node, so it is not yet at the full depth.
                let children = children.into_iter().enumerate();
                self.pending.extend(children.map(|(nibble, child)| (prefix.child(nibble), child)));
                Ok(())
            }
            ProofNode::Branch { .. } => Err(ProofError::Node),
            ProofNode::Extension { path, child } => {
                let below = self.descend(prefix, &path)?;
                self.pending.push((below, child));
                Ok(())
            }
            ProofNode::Leaf { path, value } => {
                let below = self.descend(prefix, &path)?;
                self.check_leaf(below, value)
            }
        }
    }

    /// Follows the path of a node; beside the path there must be no leaf.
    fn descend(&self, prefix: Prefix, path: &CompactPath<'_>) -> Result<Prefix, ProofError> {
        if prefix.depth + path.len() > KEY_NIBBLES {
            return Err(ProofError::Node);
        }
        let below = (0..path.len()).fold(prefix, |prefix, at| prefix.child(path.nibble(at)));
        if self.range.leaves_under(prefix).len() != self.range.leaves_under(below).len() {
            self.expect_no_leaves(prefix)?;
        }
        Ok(below)
    }

    /// A node whose keys are all in the range: its leaves must hash to it.
    fn check_inside(
        &self,
        prefix: Prefix,
        reference: ChildReference<'_>,
    ) -> Result<(), ProofError> {
        let leaves = self.range.leaves_under(prefix);
        let mut subtrie = subtrie_of(leaves);
        let found = subtrie.reference_at(prefix.depth, self.hashing);
        let is_equal = match (reference, &found) {
            (ChildReference::Empty, None) => true,
            (ChildReference::Hash(hash), Some(found)) => found.as_hash() == Some(hash),
            (ChildReference::Inline(node), Some(found)) => found.as_inline() == Some(node),
            (ChildReference::Empty, Some(_)) | (_, None) => false,
        };
        let expected = if let ChildReference::Hash(hash) = reference { hash } else { H256::zero() };
        let found = found.and_then(|found| found.as_hash()).unwrap_or_default();
        if is_equal { Ok(()) } else { Err(ProofError::Leaves { expected, found }) }
    }

    /// A leaf on the edge path: it is the one leaf there, or it lies outside.
    fn check_leaf(&mut self, prefix: Prefix, value: &[u8]) -> Result<(), ProofError> {
        let key = prefix.key;
        if prefix.depth != KEY_NIBBLES {
            return Err(ProofError::Node);
        }
        if key < self.range.origin || key > self.last {
            if key > self.last {
                self.end = RangeEnd::More;
            }
            return self.expect_no_leaves(prefix);
        }
        match self.range.leaves_under(prefix) {
            [(_, found)] if found == value => Ok(()),
            leaves => {
                let found = leaves.first().map_or(H256::zero(), |(_, found)| keccak256(found));
                Err(ProofError::Leaves { expected: keccak256(value), found })
            }
        }
    }

    fn expect_no_leaves(&self, prefix: Prefix) -> Result<(), ProofError> {
        match self.range.leaves_under(prefix) {
            [] => Ok(()),
            [(_, leaf), ..] => {
                Err(ProofError::Leaves { expected: H256::zero(), found: keccak256(leaf) })
            }
        }
    }
}

fn successor(mut key: H256) -> Option<H256> {
    for byte in key.0.iter_mut().rev() {
        let (next, is_carried) = byte.overflowing_add(1);
        *byte = next;
        if !is_carried {
            return Some(key);
        }
    }
    None
}

fn subtrie_of(leaves: &[(H256, Vec<u8>)]) -> Trie<&[u8]> {
    Trie::from_sorted(leaves.iter().map(|(key, value)| (*key, value.as_slice())))
}

fn root_of(leaves: &[(H256, Vec<u8>)], hashing: Hashing) -> H256 {
    let mut trie = subtrie_of(leaves);
    if leaves.is_empty() {
        return EMPTY_TRIE_ROOT;
    }
    rehash(&mut [&mut trie], hashing);
    trie.root_hash()
}
