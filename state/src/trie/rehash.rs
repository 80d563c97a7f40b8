//! Recomputes stale references from the leaves up, one level of all given tries at a time.

use std::num::NonZeroUsize;

use primitive_types::H256;

use super::{
    PREFETCHED, Trie,
    arena::{Child, nibbles_of},
    encode::{LeafValue, Reference, encode_branch, encode_extension, encode_leaf},
};
use crate::keccak::{Backend, EMPTY_TRIE_ROOT, LaneQueue, keccak256};

/// With fewer nodes than this per thread, starting a thread costs more than it saves.
const NODES_PER_THREAD_MIN: usize = 1024;

/// How to hash: with which instructions, on how many threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashing {
    pub(crate) backend: Backend,
    pub(crate) threads: NonZeroUsize,
}

/// A node whose reference in its parent is stale.
#[derive(Clone, Copy, Debug)]
struct Stale {
    trie: u32,
    node: Child,
    /// The branch above, or `NO_PARENT` for a root.
    parent: u32,
    nibble: u8,
    /// The depth where the node's path begins: one more than the parent's.
    from: u8,
}

const NO_PARENT: u32 = u32::MAX;

/// Brings the root hashes of the tries up to date.
pub(crate) fn rehash<V: LeafValue>(tries: &mut [&mut Trie<V>], hashing: Hashing) {
    for (trie, reference) in rehash_from(0, tries, hashing) {
        tries[trie as usize].root_hash = root_hash(&reference);
    }
    for trie in tries {
        if trie.root.is_none() {
            trie.root_hash = EMPTY_TRIE_ROOT;
        }
        trie.is_root_dirty = false;
    }
}

impl<V: LeafValue> Trie<V> {
    /// How a parent refers to this trie as its child at a depth, where the paths of its leaves begin.
    pub(crate) fn reference_at(&mut self, depth: usize, hashing: Hashing) -> Option<Reference> {
        self.root?;
        self.is_root_dirty = true;
        rehash_from(depth as u8, &mut [self], hashing).pop().map(|(_, reference)| reference)
    }
}

/// Recomputes stale references; returns those of the roots of stale tries, whose paths begin at `from`.
fn rehash_from<V: LeafValue>(
    from: u8,
    tries: &mut [&mut Trie<V>],
    hashing: Hashing,
) -> Vec<(u32, Reference)> {
    let mut roots = Vec::new();
    let (levels, leaves) = collect(from, tries);
    let mut references = Vec::new();
    for stale in std::iter::once(&leaves).chain(levels.iter().rev()) {
        references.clear();
        references.resize(stale.len(), Reference::EMPTY);
        hash_level(tries, stale, &mut references, hashing);
        for (stale, reference) in stale.iter().zip(&references) {
            if stale.parent == NO_PARENT {
                roots.push((stale.trie, *reference));
            } else {
                let nibble = usize::from(stale.nibble);
                tries[stale.trie as usize].arena.put_reference(
                    stale.parent,
                    nibble,
                    reference.bytes,
                    reference.is_inline(),
                );
            }
        }
    }
    roots
}

/// The root is hashed even when it is short.
fn root_hash(reference: &Reference) -> H256 {
    if reference.is_inline() {
        keccak256(&reference.bytes[..usize::from(reference.inline_length)])
    } else {
        H256(reference.bytes)
    }
}

/// Gathers the stale nodes, the branches by their distance from the root, and clears the marks.
fn collect<V: LeafValue>(from: u8, tries: &mut [&mut Trie<V>]) -> (Vec<Vec<Stale>>, Vec<Stale>) {
    let mut leaves = Vec::new();
    let mut level = Vec::new();
    for (index, trie) in tries.iter().enumerate() {
        if let Some(root) = trie.root.filter(|_| trie.is_root_dirty) {
            let stale =
                Stale { trie: index as u32, node: root.kind(), parent: NO_PARENT, nibble: 0, from };
            match stale.node {
                Child::Leaf(_) => leaves.push(stale),
                Child::Branch(_) => level.push(stale),
            }
        }
    }
    let mut levels = Vec::new();
    while !level.is_empty() {
        let mut next = Vec::new();
        for stale in &level {
            let Child::Branch(index) = stale.node else { continue };
            let arena = &mut tries[stale.trie as usize].arena;
            let branch = arena.branch_mut(index);
            let dirty = std::mem::take(&mut branch.dirty);
            let from = branch.depth + 1;
            for nibble in nibbles_of(dirty) {
                let Some(child) = arena.child(index, nibble) else { continue };
                let child = Stale {
                    trie: stale.trie,
                    node: child.kind(),
                    parent: index,
                    nibble: nibble as u8,
                    from,
                };
                match child.node {
                    Child::Leaf(_) => leaves.push(child),
                    Child::Branch(_) => next.push(child),
                }
            }
        }
        levels.push(std::mem::replace(&mut level, next));
    }
    (levels, leaves)
}

fn hash_level<V: LeafValue>(
    tries: &[&mut Trie<V>],
    stale: &[Stale],
    references: &mut [Reference],
    hashing: Hashing,
) {
    let threads = hashing.threads.get().min(stale.len() / NODES_PER_THREAD_MIN).max(1);
    if threads == 1 {
        hash_nodes(tries, stale, references, hashing.backend);
        return;
    }
    let share = stale.len().div_ceil(threads);
    let tries: Vec<&Trie<V>> = tries.iter().map(|trie| &**trie).collect();
    std::thread::scope(|scope| {
        for (stale, references) in stale.chunks(share).zip(references.chunks_mut(share)) {
            let tries = &tries;
            scope.spawn(move || hash_nodes(tries, stale, references, hashing.backend));
        }
    });
}

/// Computes the reference of each stale node, whose children are all up to date.
fn hash_nodes<V: LeafValue>(
    tries: &[impl std::ops::Deref<Target = Trie<V>>],
    stale: &[Stale],
    references: &mut [Reference],
    backend: Backend,
) {
    let mut queue = LaneQueue::new(backend);
    let mut node = Vec::with_capacity(1024);
    let mut scratch = Vec::with_capacity(256);
    let mut extended = Vec::new();
    for (part, first_ticket) in stale.chunks(PREFETCHED).zip((0..).step_by(PREFETCHED)) {
        prefetch(tries, part);
        for (stale, ticket) in part.iter().zip(first_ticket..) {
            let arena = &tries[stale.trie as usize].arena;
            match stale.node {
                Child::Leaf(leaf) => {
                    let leaf = arena.leaf(leaf);
                    encode_leaf(
                        &leaf.key,
                        usize::from(stale.from),
                        &leaf.value,
                        &mut scratch,
                        &mut node,
                    );
                }
                Child::Branch(index) => {
                    let branch = arena.branch(index);
                    if branch.depth > stale.from {
                        extended.push(ticket);
                    }
                    encode_branch(arena, branch, &mut node);
                }
            }
            put(&mut queue, ticket, &node, references);
        }
    }
    finish(&mut queue, references);
    for ticket in extended {
        let stale = &stale[ticket];
        let (arena, Child::Branch(index)) = (&tries[stale.trie as usize].arena, stale.node) else {
            continue;
        };
        let branch = arena.branch(index);
        let key = arena.first_key(arena.children(branch)[0]);
        let (from, to) = (usize::from(stale.from), usize::from(branch.depth));
        encode_extension(&key, from, to, &references[ticket], &mut node);
        put(&mut queue, ticket, &node, references);
    }
    finish(&mut queue, references);
}

fn prefetch<V: LeafValue>(tries: &[impl std::ops::Deref<Target = Trie<V>>], stale: &[Stale]) {
    for stale in stale.chunk_by(|left, right| left.trie == right.trie) {
        let arena = &tries[stale[0].trie as usize].arena;
        arena.prefetch_leaves(stale.iter().filter_map(|stale| match stale.node {
            Child::Leaf(leaf) => Some(leaf),
            Child::Branch(_) => None,
        }));
        arena.prefetch_references(stale.iter().filter_map(|stale| match stale.node {
            Child::Branch(branch) => Some(branch),
            Child::Leaf(_) => None,
        }));
    }
}

#[inline]
fn put(queue: &mut LaneQueue, ticket: usize, node: &[u8], references: &mut [Reference]) {
    if let Some(inline) = Reference::inline(node) {
        references[ticket] = inline;
    } else {
        let mut sink = |ticket: u32, digest| references[ticket as usize] = Reference::hash(digest);
        queue.push(ticket as u32, node, &mut sink);
    }
}

fn finish(queue: &mut LaneQueue, references: &mut [Reference]) {
    queue.finish(&mut |ticket, digest| references[ticket as usize] = Reference::hash(digest));
}
