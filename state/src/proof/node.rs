//! Nodes as they arrive in proofs: every shape that no trie contains is refused.

use primitive_types::H256;

use super::ProofError;
use crate::{
    nibbles::{CompactPath, PathKind},
    rlp::{self, Item},
};

/// A decoded node that borrows from the proof.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ProofNode<'a> {
    /// The root of an empty trie.
    Empty,
    Branch {
        children: [ChildReference<'a>; 16],
        value: &'a [u8],
    },
    /// A leaf or an extension, as the path says.
    Short {
        path: CompactPath<'a>,
        payload: Payload<'a>,
    },
}

/// What a node says about a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildReference<'a> {
    Empty,
    Hash(H256),
    /// The child's own encoding, shorter than a hash.
    Inline(&'a [u8]),
}

/// The second item of a leaf or an extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payload<'a> {
    item: Item<'a>,
    encoded: &'a [u8],
}

impl<'a> Payload<'a> {
    /// The value of a leaf.
    pub(crate) fn value(self) -> Result<&'a [u8], ProofError> {
        let value = self.item.bytes()?;
        if value.is_empty() { Err(ProofError::Node) } else { Ok(value) }
    }

    /// The child of an extension.
    pub(crate) fn child(self) -> Result<ChildReference<'a>, ProofError> {
        match ChildReference::decode(self.item, self.encoded)? {
            ChildReference::Empty => Err(ProofError::Node),
            child => Ok(child),
        }
    }
}

impl<'a> ProofNode<'a> {
    pub(crate) fn decode(node: &'a [u8]) -> Result<Self, ProofError> {
        let item = rlp::decode(node)?;
        if item == Item::Bytes(&[]) {
            return Ok(Self::Empty);
        }
        let mut items = item.list()?;
        let first = items.take_encoded()?;
        let second = items.take_encoded()?;
        if items.is_empty() {
            let path = CompactPath::parse(first.0.bytes()?).ok_or(ProofError::Node)?;
            if path.kind == PathKind::Extension && path.len() == 0 {
                return Err(ProofError::Node);
            }
            return Ok(Self::Short {
                path,
                payload: Payload { item: second.0, encoded: second.1 },
            });
        }
        let mut children = [ChildReference::Empty; 16];
        children[0] = ChildReference::decode(first.0, first.1)?;
        children[1] = ChildReference::decode(second.0, second.1)?;
        for child in &mut children[2..] {
            let (item, encoded) = items.take_encoded()?;
            *child = ChildReference::decode(item, encoded)?;
        }
        let value = items.take()?.bytes()?;
        items.finish()?;
        let occupied = children.iter().filter(|child| **child != ChildReference::Empty).count();
        if occupied + usize::from(!value.is_empty()) < 2 {
            return Err(ProofError::Node);
        }
        Ok(Self::Branch { children, value })
    }
}

impl<'a> ChildReference<'a> {
    fn decode(item: Item<'a>, encoded: &'a [u8]) -> Result<Self, ProofError> {
        match item {
            Item::Bytes([]) => Ok(Self::Empty),
            Item::Bytes(bytes) if bytes.len() == 32 => Ok(Self::Hash(H256::from_slice(bytes))),
            Item::List(_) if encoded.len() < 32 => Ok(Self::Inline(encoded)),
            Item::Bytes(_) | Item::List(_) => Err(ProofError::Node),
        }
    }
}
