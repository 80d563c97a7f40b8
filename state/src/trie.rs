//! A resident Merkle Patricia trie over 32-byte keys (YP appendix D), updated in batches.
//!
//! Nodes are found by path, never by hash: nothing dead stays behind and nothing is read back to be hashed. A batch
//! marks what it touches; [`rehash`] then hashes level by level, many nodes at once.
//!
//! **Deviations**: none in what is computed. Extension nodes exist only when hashing and proving; in memory a branch
//! knows the depth of its nibble, and the path in front of it is read off any leaf below it.

mod arena;
mod build;
mod encode;
mod prove;
mod range;
mod rehash;

use primitive_types::H256;

use self::arena::{Arena, Child, NodeId};
pub(crate) use self::{
    encode::LeafValue,
    rehash::{Hashing, rehash},
};
use crate::{
    keccak::EMPTY_TRIE_ROOT,
    nibbles::{common_prefix, nibble},
};

/// A trie whose leaves hold `V`.
///
/// # Invariants
///
/// Every branch has at least two children. A child whose dirty bit is clear has a current reference in its parent.
/// `root_hash` is current when `is_root_dirty` is false.
#[derive(Clone, Debug)]
pub(crate) struct Trie<V> {
    arena: Arena<V>,
    root: Option<NodeId>,
    root_hash: H256,
    is_root_dirty: bool,
}

/// A leaf to write, or to delete when there is no value.
pub(crate) type Update<V> = (H256, Option<V>);

/// The leaf of a key, if there is one; valid until the trie is written to, or by the write that deletes other keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located(Option<u32>);

/// Nodes that are fetched into the cache together, ahead of their use.
const PREFETCHED: usize = 64;

impl<V: LeafValue> Trie<V> {
    pub(crate) fn new() -> Self {
        Self { arena: Arena::new(), root: None, root_hash: EMPTY_TRIE_ROOT, is_root_dirty: false }
    }

    /// The root of what was last hashed.
    pub(crate) fn root_hash(&self) -> H256 {
        debug_assert!(!self.is_root_dirty, "the trie is hashed after every batch");
        self.root_hash
    }

    pub(crate) const fn leaf_count(&self) -> usize {
        self.arena.leaf_count()
    }

    pub(crate) const fn branch_count(&self) -> usize {
        self.arena.branch_count()
    }

    /// Bytes held, the unused part of the buffers included.
    pub(crate) fn memory_size_bytes(&self) -> usize {
        self.arena.memory_size_bytes()
    }

    pub(crate) fn find(&self, key: &H256) -> Option<&V> {
        let mut node = self.root?;
        loop {
            match node.kind() {
                Child::Leaf(leaf) => {
                    let leaf = self.arena.leaf(leaf);
                    return (leaf.key == *key).then_some(&leaf.value);
                }
                Child::Branch(branch) => {
                    let depth = usize::from(self.arena.branch(branch).depth);
                    node = self.arena.child(branch, nibble(&key.0, depth))?;
                }
            }
        }
    }

    /// Applies updates in ascending order of keys, each key at most once; returns what undoes them, in the same order.
    ///
    /// The root hash is stale until [`rehash`].
    pub(crate) fn apply(&mut self, updates: Vec<Update<V>>) -> Vec<Update<V>> {
        let keys: Vec<H256> = updates.iter().map(|(key, _)| *key).collect();
        let located = self.locate(&keys);
        self.write(updates, located)
    }

    /// The value of a leaf that was located.
    pub(crate) fn value(&self, located: Located) -> Option<&V> {
        located.0.map(|leaf| &self.arena.leaf(leaf).value)
    }

    /// Applies updates whose leaves are located; see [`Trie::apply`].
    pub(crate) fn write(
        &mut self,
        updates: Vec<Update<V>>,
        located: Vec<Located>,
    ) -> Vec<Update<V>> {
        if self.root.is_none() {
            let undo = updates
                .iter()
                .filter(|(_, value)| value.is_some())
                .map(|(key, _)| (*key, None))
                .collect();
            *self = Self::from_sorted(
                updates.into_iter().filter_map(|(key, value)| Some((key, value?))),
            );
            return undo;
        }
        let mut undo = Vec::with_capacity(updates.len());
        for ((key, value), Located(leaf)) in updates.into_iter().zip(located) {
            match (leaf, value) {
                (Some(leaf), Some(value)) => {
                    let old = std::mem::replace(&mut self.arena.leaf_mut(leaf).value, value);
                    undo.push((key, Some(old)));
                }
                (Some(_), None) => undo.push((key, self.remove(&key))),
                (None, Some(value)) => {
                    self.insert(key, value);
                    undo.push((key, None));
                }
                (None, None) => {}
            }
        }
        undo
    }

    /// Finds the leaves of keys in strictly ascending order, and marks the paths on the way as dirty: all located keys
    /// are about to be written.
    ///
    /// All keys descend together, one level per round, so that their cache misses overlap.
    pub(crate) fn locate(&mut self, keys: &[H256]) -> Vec<Located> {
        debug_assert!(keys.is_sorted_by(|a, b| a < b), "keys ascend");
        let mut found = vec![Located(None); keys.len()];
        let mut hits = Vec::with_capacity(keys.len());
        let mut level = Vec::new();
        if let Some(root) = self.root {
            self.is_root_dirty = true;
            match root.kind() {
                Child::Leaf(leaf) => hits.push((leaf, 0, keys.len())),
                Child::Branch(branch) => level.push((branch, 0, keys.len())),
            }
        }
        let mut next = Vec::new();
        while !level.is_empty() {
            for part in level.chunks(PREFETCHED) {
                self.arena.prefetch_children(part.iter().map(|(branch, ..)| *branch));
                for (branch, first, end) in part.iter().copied() {
                    let depth = usize::from(self.arena.branch(branch).depth);
                    let mut group = first;
                    while group < end {
                        let at = nibble(&keys[group].0, depth);
                        let length = keys[group..end]
                            .iter()
                            .take_while(|key| nibble(&key.0, depth) == at)
                            .count();
                        if let Some(child) = self.arena.touch_child(branch, at) {
                            match child.kind() {
                                Child::Leaf(leaf) => hits.push((leaf, group, group + length)),
                                Child::Branch(branch) => next.push((branch, group, group + length)),
                            }
                        }
                        group += length;
                    }
                }
            }
            level.clear();
            std::mem::swap(&mut level, &mut next);
        }
        for part in hits.chunks(PREFETCHED) {
            self.arena.prefetch_leaves(part.iter().map(|(leaf, ..)| *leaf));
            for (leaf, first, end) in part.iter().copied() {
                let found_key = &self.arena.leaf(leaf).key;
                if let Some(at) = keys[first..end].iter().position(|key| key == found_key) {
                    found[first + at] = Located(Some(leaf));
                }
            }
        }
        found
    }

    /// Adds a leaf whose key is not in the trie.
    fn insert(&mut self, key: H256, value: V) {
        self.is_root_dirty = true;
        let leaf = self.arena.add_leaf(key, value);
        let Some(root) = self.root else {
            self.root = Some(leaf);
            return;
        };
        let neighbour = self.neighbour_key(root, &key);
        let split = common_prefix(&key.0, &neighbour.0);
        let at = nibble(&key.0, split);
        // Descend to the branch at the depth of the split, or to the place where it has to be put.
        let mut parent = None;
        let mut node = root;
        while let Child::Branch(branch) = node.kind() {
            let depth = usize::from(self.arena.branch(branch).depth);
            if depth > split {
                break;
            }
            if depth == split {
                self.arena.add_child(branch, at, leaf);
                return;
            }
            let slot = nibble(&key.0, depth);
            parent = Some((branch, slot));
            node = self
                .arena
                .touch_child(branch, slot)
                .expect("the neighbour shares the path above the split");
        }
        let children = [(nibble(&neighbour.0, split), node), (at, leaf)];
        let branch = self.arena.add_branch(split, children);
        self.put_child(parent, branch);
    }

    /// The key of a leaf that shares as many nibbles with `key` as any leaf does.
    fn neighbour_key(&self, root: NodeId, key: &H256) -> H256 {
        let mut node = root;
        while let Child::Branch(branch) = node.kind() {
            let depth = usize::from(self.arena.branch(branch).depth);
            match self.arena.child(branch, nibble(&key.0, depth)) {
                Some(child) => node = child,
                None => return self.arena.first_key(node),
            }
        }
        self.arena.first_key(node)
    }

    /// Removes a leaf; a branch left with one child gives way to that child.
    fn remove(&mut self, key: &H256) -> Option<V> {
        let mut parent = None;
        let mut grandparent = None;
        let mut node = self.root?;
        while let Child::Branch(branch) = node.kind() {
            let slot = nibble(&key.0, usize::from(self.arena.branch(branch).depth));
            grandparent = parent;
            parent = Some((branch, slot));
            node = self.arena.touch_child(branch, slot)?;
        }
        let Child::Leaf(leaf) = node.kind() else { return None };
        if self.arena.leaf(leaf).key != *key {
            return None;
        }
        self.is_root_dirty = true;
        let value = self.arena.remove_leaf(leaf);
        match parent {
            None => self.root = None,
            Some((branch, slot)) => {
                if let Some(only_child) = self.arena.remove_child(branch, slot) {
                    self.put_child(grandparent, only_child);
                }
            }
        }
        Some(value)
    }

    fn put_child(&mut self, parent: Option<(u32, usize)>, child: NodeId) {
        match parent {
            None => self.root = Some(child),
            Some((branch, slot)) => self.arena.replace_child(branch, slot, child),
        }
    }
}

#[cfg(test)]
mod tests;
