//! Nodes as they arrive in proofs: every shape that no trie contains is refused.

use primitive_types::H256;

use super::ProofError;
use crate::{
    nibbles::{CompactPath, PathKind},
    rlp::{self, Item},
};

/// A decoded node that borrows from the proof.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a node lives on the stack while its parent's child is followed"
)]
pub(crate) enum ProofNode<'a> {
    /// The root of an empty trie.
    Empty,
    Branch {
        children: [ChildReference<'a>; 16],
        value: &'a [u8],
    },
    Extension {
        path: CompactPath<'a>,
        child: ChildReference<'a>,
    },
    Leaf {
        path: CompactPath<'a>,
        value: &'a [u8],
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
            return match path.kind {
                PathKind::Leaf => Self::leaf(path, second.0.bytes()?),
                PathKind::Extension => {
                    Self::extension(path, ChildReference::decode(second.0, second.1)?)
                }
            };
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

    fn leaf(path: CompactPath<'a>, value: &'a [u8]) -> Result<Self, ProofError> {
        if value.is_empty() { Err(ProofError::Node) } else { Ok(Self::Leaf { path, value }) }
    }

    fn extension(path: CompactPath<'a>, child: ChildReference<'a>) -> Result<Self, ProofError> {
        let is_needless = path.len() == 0 || child == ChildReference::Empty;
        if is_needless { Err(ProofError::Node) } else { Ok(Self::Extension { path, child }) }
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
