//! Walks leaves in the order of their keys.

use primitive_types::H256;

use super::{
    Trie,
    arena::{Child, NodeId, nibbles_of},
    encode::LeafValue,
};
use crate::nibbles::nibble;

impl<V: LeafValue> Trie<V> {
    /// The leaves from a key on, the key included, in ascending order.
    pub(crate) fn leaves_from(&self, origin: H256) -> Leaves<'_, V> {
        let mut leaves = Leaves { trie: self, origin, stack: Vec::new() };
        leaves.stack.extend(self.root.map(|node| Pending {
            node,
            from: 0,
            is_on_origin_path: true,
        }));
        leaves
    }
}

/// Leaves in ascending order of keys.
#[derive(Debug)]
pub(crate) struct Leaves<'a, V> {
    trie: &'a Trie<V>,
    origin: H256,
    /// Nodes still to visit, the lowest last.
    stack: Vec<Pending>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    node: NodeId,
    /// The depth where the node's path begins.
    from: usize,
    /// True when the path to the node is a prefix of the origin, so that keys below it may lie before the origin.
    is_on_origin_path: bool,
}

impl<'a, V: LeafValue> Iterator for Leaves<'a, V> {
    type Item = (&'a H256, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let arena = &self.trie.arena;
        while let Some(pending) = self.stack.pop() {
            match pending.node.kind() {
                Child::Leaf(leaf) => {
                    let leaf = arena.leaf(leaf);
                    if !pending.is_on_origin_path || leaf.key >= self.origin {
                        return Some((&leaf.key, &leaf.value));
                    }
                }
                Child::Branch(index) => {
                    let branch = arena.branch(index);
                    let depth = usize::from(branch.depth);
                    let mut is_on_origin_path = pending.is_on_origin_path;
                    if is_on_origin_path && depth > pending.from {
                        let path = arena.first_key(pending.node);
                        let at = (pending.from..depth)
                            .find(|at| nibble(&path.0, *at) != nibble(&self.origin.0, *at));
                        if let Some(at) = at {
                            if nibble(&path.0, at) < nibble(&self.origin.0, at) {
                                continue;
                            }
                            is_on_origin_path = false;
                        }
                    }
                    let first = if is_on_origin_path { nibble(&self.origin.0, depth) } else { 0 };
                    let lowest = self.stack.len();
                    for (at, node) in nibbles_of(branch.present).zip(arena.children(branch)) {
                        if at >= first {
                            let is_on_origin_path = is_on_origin_path && at == first;
                            self.stack.push(Pending {
                                node: *node,
                                from: depth + 1,
                                is_on_origin_path,
                            });
                        }
                    }
                    self.stack[lowest..].reverse();
                }
            }
        }
        None
    }
}
