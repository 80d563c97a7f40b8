//! The RLP of nodes (YP appendix D), written without intermediate allocations.

use primitive_types::H256;

use super::arena::{Arena, Branch, nibbles_of};
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
    let references = arena.references(branch);
    if branch.inline != 0 {
        return encode_branch_with_inline(branch, references, out);
    }
    let payload_length = 33 * references.len() + 17 - references.len();
    out.clear();
    rlp::put_list_header(out, payload_length);
    let start = out.len();
    // Empty children, and the value: keys all have the same length, so no key ends at a branch.
    out.resize(start + payload_length, 0x80);
    for (rank, (nibble, reference)) in nibbles_of(branch.present).zip(references).enumerate() {
        let at = start + nibble + 32 * rank;
        out[at] = 0xa0;
        out[at + 1..at + 33].copy_from_slice(reference);
    }
}

fn encode_branch_with_inline(branch: &Branch, references: &[[u8; 32]], out: &mut Vec<u8>) {
    let is_inline = |nibble: usize| branch.inline >> nibble & 1 == 1;
    let length =
        |(nibble, reference)| if is_inline(nibble) { inline_length(reference) } else { 33 };
    let children: usize = nibbles_of(branch.present).zip(references).map(length).sum();
    out.clear();
    rlp::put_list_header(out, children + 17 - references.len());
    let mut references = references.iter();
    for nibble in 0..16 {
        let is_present = branch.present >> nibble & 1 == 1;
        match is_present.then(|| references.next()).flatten() {
            None => out.push(0x80),
            Some(reference) if is_inline(nibble) => {
                out.extend_from_slice(&reference[..inline_length(reference)]);
            }
            Some(reference) => rlp::put_bytes(out, reference),
        }
    }
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
