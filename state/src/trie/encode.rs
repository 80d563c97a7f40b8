//! The RLP of nodes (YP appendix D), written without intermediate allocations.

use primitive_types::H256;

use super::arena::{Arena, Branch};
use crate::{
    nibbles::{KEY_NIBBLES, PathKind, compact_length, put_compact},
    rlp,
};

/// What a leaf can hold.
pub(crate) trait LeafValue: Clone + Send + Sync {
    /// Appends the bytes that the trie commits to.
    fn encode(&self, out: &mut Vec<u8>);
}

/// How a parent refers to a node: by hash, or by the node itself when it is shorter than a hash (YP appendix D).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reference {
    pub(super) bytes: [u8; 32],
    pub(super) inline_length: u8,
}

impl Reference {
    pub(super) const EMPTY: Self = Self { bytes: [0; 32], inline_length: 0 };

    pub(super) const fn hash(bytes: [u8; 32]) -> Self {
        Self { bytes, inline_length: 0 }
    }

    /// The node itself, when it is short enough.
    pub(super) fn inline(node: &[u8]) -> Option<Self> {
        let mut reference = Self::EMPTY;
        reference
            .bytes
            .get_mut(..node.len())
            .filter(|bytes| bytes.len() < 32)?
            .copy_from_slice(node);
        reference.inline_length = node.len() as u8;
        Some(reference)
    }

    pub(super) const fn is_inline(&self) -> bool {
        self.inline_length > 0
    }

    pub(crate) fn as_hash(&self) -> Option<H256> {
        (!self.is_inline()).then_some(H256(self.bytes))
    }

    pub(crate) fn as_inline(&self) -> Option<&[u8]> {
        self.is_inline().then(|| &self.bytes[..usize::from(self.inline_length)])
    }

    /// Appends the reference as an item of its parent.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        if self.is_inline() {
            out.extend_from_slice(&self.bytes[..usize::from(self.inline_length)]);
        } else {
            out.push(0xa0);
            out.extend_from_slice(&self.bytes);
        }
    }
}

/// The length of an inline node, from its list header.
const fn inline_length(node: &[u8; 32]) -> usize {
    1 + (node[0] - 0xc0) as usize
}

/// Writes a leaf node over `out`; `from` is the depth where its path begins.
pub(super) fn encode_leaf<V: LeafValue>(
    key: &H256,
    from: usize,
    value: &V,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    scratch.clear();
    value.encode(scratch);
    let compact = compact_length(KEY_NIBBLES - from);
    // A compact path of one byte is below 0x80 and so its own encoding.
    let path = if compact == 1 { 1 } else { 1 + compact };
    out.clear();
    rlp::put_list_header(out, path + rlp::length_of_bytes(scratch));
    if compact > 1 {
        out.push(0x80 + compact as u8);
    }
    put_compact(out, &key.0, from, KEY_NIBBLES, PathKind::Leaf);
    rlp::put_bytes(out, scratch);
}

/// Writes a branch node over `out`.
pub(super) fn encode_branch<V: LeafValue>(arena: &Arena<V>, branch: &Branch, out: &mut Vec<u8>) {
    out.clear();
    let references = arena.references(branch);
    let hashes = 33 * references.len() + 17 - references.len();
    if branch.inline == 0 {
        rlp::put_list_header(out, hashes);
    } else {
        let shorter: usize = super::arena::nibbles_of(branch.inline)
            .map(|nibble| 33 - inline_length(&references[rank(branch.present, nibble)]))
            .sum();
        rlp::put_list_header(out, hashes - shorter);
    }
    let mut references = references.iter();
    for nibble in 0..16 {
        if branch.present >> nibble & 1 == 0 {
            out.push(0x80);
        } else if let Some(reference) = references.next() {
            if branch.inline >> nibble & 1 == 0 {
                out.push(0xa0);
                out.extend_from_slice(reference);
            } else {
                out.extend_from_slice(&reference[..inline_length(reference)]);
            }
        }
    }
    // Keys all have the same length, so no key ends at a branch.
    out.push(0x80);
}

/// Writes an extension node over `out`: the nibbles `from..to` of a key, then the branch below.
pub(super) fn encode_extension(
    key: &H256,
    from: usize,
    to: usize,
    below: &Reference,
    out: &mut Vec<u8>,
) {
    let compact = compact_length(to - from);
    let path = if compact == 1 { 1 } else { 1 + compact };
    let reference = if below.is_inline() { usize::from(below.inline_length) } else { 33 };
    out.clear();
    rlp::put_list_header(out, path + reference);
    if compact > 1 {
        out.push(0x80 + compact as u8);
    }
    put_compact(out, &key.0, from, to, PathKind::Extension);
    below.put(out);
}

const fn rank(present: u16, nibble: usize) -> usize {
    (present & ((1 << nibble) - 1)).count_ones() as usize
}
