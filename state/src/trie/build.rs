//! Builds a whole trie from sorted leaves in one pass.

use primitive_types::H256;

use super::{
    Trie,
    arena::{Arena, NodeId},
    encode::LeafValue,
};
use crate::nibbles::{common_prefix, nibble};

/// A branch that may still get children.
struct OpenBranch {
    depth: usize,
    present: u16,
    children: [NodeId; 16],
}

impl OpenBranch {
    const fn new(depth: usize) -> Self {
        Self { depth, present: 0, children: [NodeId::PLACEHOLDER; 16] }
    }

    fn add(&mut self, nibble: usize, child: NodeId) {
        self.children[self.present.count_ones() as usize] = child;
        self.present |= 1 << nibble;
    }

    fn close<V: LeafValue>(self, arena: &mut Arena<V>) -> NodeId {
        let count = self.present.count_ones() as usize;
        arena.add_full_branch(self.depth, self.present, &self.children[..count])
    }
}

impl<V: LeafValue> Trie<V> {
    /// Builds a trie from leaves in strictly ascending order of keys. Its root hash is stale.
    ///
    /// # Panics
    ///
    /// Panics when the keys do not ascend.
    pub(crate) fn from_sorted(leaves: impl Iterator<Item = (H256, V)>) -> Self {
        let mut trie = Self::new();
        let arena = &mut trie.arena;
        arena.reserve_leaves(leaves.size_hint().0);
        // Branches on the path of the last leaf, and the finished node that belongs under the last of them.
        let mut path: Vec<OpenBranch> = Vec::new();
        let mut last: Option<(H256, NodeId)> = None;
        for (key, value) in leaves {
            if let Some((last_key, mut node)) = last {
                assert!(last_key < key, "leaves ascend");
                let depth = common_prefix(&last_key.0, &key.0);
                while let Some(mut branch) = path.pop_if(|branch| branch.depth > depth) {
                    branch.add(nibble(&last_key.0, branch.depth), node);
                    node = branch.close(arena);
                }
                if path.last().is_none_or(|branch| branch.depth < depth) {
                    path.push(OpenBranch::new(depth));
                }
                if let Some(branch) = path.last_mut() {
                    branch.add(nibble(&last_key.0, depth), node);
                }
            }
            last = Some((key, arena.add_leaf(key, value)));
        }
        if let Some((last_key, mut node)) = last {
            while let Some(mut branch) = path.pop() {
                branch.add(nibble(&last_key.0, branch.depth), node);
                node = branch.close(arena);
            }
            trie.root = Some(node);
            trie.is_root_dirty = true;
        }
        trie.arena.shrink();
        trie
    }
}
