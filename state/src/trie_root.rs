//! Roots of tries that are computed once and not kept, over keys of any length.
//!
//! One pass over sorted keys with the branches of the last key's path open, in the plainest form: this is also the
//! yardstick that the resident trie is tested against.

use primitive_types::H256;

use crate::{
    keccak::{EMPTY_TRIE_ROOT, keccak256},
    nibbles::{PathKind, common_prefix, nibble, put_compact},
    rlp,
};

/// The root of a list, as block headers commit to transactions, receipts and withdrawals: a trie from the RLP of each
/// index to the item (YP 4.3.2).
///
/// # Examples
///
/// ```
/// use cybermiles_state::{EMPTY_TRIE_ROOT, ordered_trie_root};
///
/// let nothing: [&[u8]; 0] = [];
/// assert_eq!(ordered_trie_root(&nothing), EMPTY_TRIE_ROOT);
/// assert_ne!(ordered_trie_root(&["first", "second"]), ordered_trie_root(&["second", "first"]));
/// ```
#[must_use]
pub fn ordered_trie_root(items: &[impl AsRef<[u8]>]) -> H256 {
    let key = |index: usize| {
        let mut key = Vec::with_capacity(9);
        rlp::put_u64(&mut key, index as u64);
        key
    };
    let mut pairs: Vec<_> =
        items.iter().enumerate().map(|(index, item)| (key(index), item.as_ref())).collect();
    pairs.sort_unstable();
    sorted_trie_root(pairs)
}

/// The root of a trie of these keys and values, in strictly ascending order of keys. An empty value holds nothing and
/// is left out.
///
/// # Panics
///
/// Panics when the keys do not ascend.
#[must_use]
pub fn sorted_trie_root<K: AsRef<[u8]>, V: AsRef<[u8]>>(
    pairs: impl IntoIterator<Item = (K, V)>,
) -> H256 {
    let mut path: Vec<OpenBranch> = Vec::new();
    let mut last: Option<(K, V)> = None;
    for (key, value) in pairs.into_iter().filter(|(_, value)| !value.as_ref().is_empty()) {
        if let Some((last_key, last_value)) = last.replace((key, value)) {
            let next_key = last.as_ref().map_or(&[][..], |(key, _)| key.as_ref());
            assert!(last_key.as_ref() < next_key, "keys ascend");
            let depth = common_prefix(last_key.as_ref(), next_key);
            close(&mut path, last_key.as_ref(), last_value.as_ref(), Some(depth));
        }
    }
    match last {
        None => EMPTY_TRIE_ROOT,
        Some((key, value)) => keccak256(&close(&mut path, key.as_ref(), value.as_ref(), None)),
    }
}

/// A branch on the path of the last key.
struct OpenBranch {
    depth: usize,
    /// The references to the children, each as an item of the branch.
    children: [Vec<u8>; 16],
    value: Vec<u8>,
}

impl OpenBranch {
    const fn new(depth: usize) -> Self {
        Self { depth, children: [const { Vec::new() }; 16], value: Vec::new() }
    }

    fn encode(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        for child in &self.children {
            payload.extend_from_slice(if child.is_empty() { &[0x80] } else { child });
        }
        rlp::put_bytes(&mut payload, &self.value);
        list(&payload)
    }
}

/// Puts a leaf under the branch where its path leaves the trie, then closes the branches below `depth`, where the next
/// key's path leaves that of this one. Without a next key, all are closed and the root node is returned.
fn close(path: &mut Vec<OpenBranch>, key: &[u8], value: &[u8], depth: Option<usize>) -> Vec<u8> {
    let end = key.len() * 2;
    if let Some(depth) =
        depth.filter(|depth| path.last().is_none_or(|branch| branch.depth < *depth))
    {
        path.push(OpenBranch::new(depth));
    }
    // The node made last, and the depth where its path begins once it hangs under the last open branch.
    let mut node = Vec::new();
    match path.last_mut() {
        Some(branch) if branch.depth == end => branch.value = value.to_vec(),
        parent => {
            let from = parent.as_ref().map_or(0, |branch| branch.depth + 1);
            node = short_node(key, from, end, PathKind::Leaf, |out| rlp::put_bytes(out, value));
            if let Some(branch) = parent {
                branch.children[nibble(key, branch.depth)] = reference(&node);
            }
        }
    }
    while let Some(branch) = path.pop_if(|branch| depth.is_none_or(|depth| branch.depth > depth)) {
        if let Some(depth) =
            depth.filter(|depth| path.last().is_none_or(|parent| parent.depth < *depth))
        {
            path.push(OpenBranch::new(depth));
        }
        node = branch.encode();
        let from = path.last().map_or(0, |parent| parent.depth + 1);
        if branch.depth > from {
            let below = reference(&node);
            node = short_node(key, from, branch.depth, PathKind::Extension, |out| {
                out.extend_from_slice(&below);
            });
        }
        if let Some(parent) = path.last_mut() {
            parent.children[nibble(key, parent.depth)] = reference(&node);
        }
    }
    node
}

fn short_node(
    key: &[u8],
    from: usize,
    to: usize,
    kind: PathKind,
    put_payload: impl FnOnce(&mut Vec<u8>),
) -> Vec<u8> {
    let mut compact = Vec::new();
    put_compact(&mut compact, key, from, to, kind);
    let mut payload = Vec::new();
    rlp::put_bytes(&mut payload, &compact);
    put_payload(&mut payload);
    list(&payload)
}

fn list(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 9);
    rlp::put_list_header(&mut out, payload.len());
    out.extend_from_slice(payload);
    out
}

/// A node as an item of its parent: the node itself when it is shorter than a hash.
fn reference(node: &[u8]) -> Vec<u8> {
    if node.len() < 32 {
        return node.to_vec();
    }
    let mut out = Vec::with_capacity(33);
    rlp::put_bytes(&mut out, keccak256(node).as_bytes());
    out
}
