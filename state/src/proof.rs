//! Proofs that stand alone: what a key holds under a root, or that it holds nothing. No store is needed.

mod node;

use primitive_types::{H160, H256, U256};

pub(crate) use self::node::{ChildReference, ProofNode};
use crate::{
    account::Account,
    keccak::{EMPTY_TRIE_ROOT, keccak256},
    nibbles::nibble,
    rlp::{self, RlpError},
};

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A node does not have the hash by which its parent, or the root, refers to it.
    #[error("node {index} hashes to {found:?}, expected {expected:?}")]
    Hash {
        /// Position in the proof.
        index: usize,
        /// The hash that was to be proven.
        expected: H256,
        /// The hash of the node found.
        found: H256,
    },
    /// The proof ends before the path does.
    #[error("node {expected:?} is missing")]
    Missing {
        /// The hash of the missing node.
        expected: H256,
    },
    /// Nodes are left over when the path ends.
    #[error("{count} nodes do not belong to the path")]
    Unused {
        /// How many.
        count: usize,
    },
    /// A node or a value is not RLP.
    #[error("node or value is not canonical rlp")]
    Rlp(#[from] RlpError),
    /// A node is neither branch, extension nor leaf in canonical form.
    #[error("node is not canonical")]
    Node,
    /// The proof shows another account than the one claimed.
    #[error("the proof shows another account than the one claimed")]
    Account,
    /// The proof shows another value of a slot than the one claimed.
    #[error("slot {key:?} holds {found}, not {claimed}")]
    Slot {
        /// The slot's key.
        key: H256,
        /// The value that was claimed.
        claimed: U256,
        /// The value that is proven.
        found: U256,
    },
    /// The keys of a range do not ascend, or lie before its origin.
    #[error("key {key:?} is out of order")]
    KeyOrder {
        /// The first offending key.
        key: H256,
    },
    /// A leaf of a range holds nothing.
    #[error("leaf {key:?} is empty")]
    EmptyLeaf {
        /// The leaf's key.
        key: H256,
    },
    /// The leaves of a range are not all that the trie holds there.
    #[error("leaves under a node hash to {found:?}, expected {expected:?}")]
    Leaves {
        /// The hash in the parent, or zero when the parent shows nothing or another kind of node.
        expected: H256,
        /// The hash of the leaves given, or zero when there are none.
        found: H256,
    },
}

/// What a key holds under a root, as the nodes show; `None` when they show that it holds nothing.
///
/// Nodes come from the root down, without those that their parent contains. All of them must be needed.
/// Keys may have any length; in a secure trie the key is the keccak-256 of the address or slot.
///
/// # Errors
///
/// `ProofError` names the first defect.
pub fn verify_proof<'a>(
    root: H256,
    key: &[u8],
    nodes: &'a [impl AsRef<[u8]>],
) -> Result<Option<&'a [u8]>, ProofError> {
    if root == EMPTY_TRIE_ROOT && nodes.is_empty() {
        return Ok(None);
    }
    let mut used = 0;
    let found = walk(root, key, nodes, &mut used)?;
    if used < nodes.len() {
        return Err(ProofError::Unused { count: nodes.len() - used });
    }
    Ok(found)
}

fn walk<'a>(
    root: H256,
    key: &[u8],
    nodes: &'a [impl AsRef<[u8]>],
    used: &mut usize,
) -> Result<Option<&'a [u8]>, ProofError> {
    let mut reference = ChildReference::Hash(root);
    let mut depth = 0;
    loop {
        let node = match reference {
            ChildReference::Empty => return Ok(None),
            ChildReference::Inline(node) => node,
            ChildReference::Hash(expected) => {
                let index = *used;
                let node = nodes.get(index).ok_or(ProofError::Missing { expected })?.as_ref();
                let found = keccak256(node);
                if found != expected {
                    return Err(ProofError::Hash { index, expected, found });
                }
                *used += 1;
                node
            }
        };
        match ProofNode::decode(node)? {
            ProofNode::Empty => return Ok(None),
            ProofNode::Branch { children, value } => {
                if depth == key.len() * 2 {
                    return Ok((!value.is_empty()).then_some(value));
                }
                reference = children[nibble(key, depth)];
                depth += 1;
            }
            ProofNode::Extension { path, child } => {
                if !path.is_part_of(key, depth) {
                    return Ok(None);
                }
                depth += path.len();
                reference = child;
            }
            ProofNode::Leaf { path, value } => {
                let is_here = path.is_part_of(key, depth) && depth + path.len() == key.len() * 2;
                return Ok(is_here.then_some(value));
            }
        }
    }
}

/// An account and slots of it as they are, or are not, under a state root (EIP-1186).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProof {
    /// The account's address.
    pub address: H160,
    /// The account, if it exists.
    pub account: Option<Account>,
    /// The nodes of the account trie from the root down.
    pub nodes: Vec<Vec<u8>>,
    /// The slots.
    pub storage: Vec<StorageProof>,
}

/// A slot as it is, or is not, under a storage root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageProof {
    /// The slot's key, not hashed.
    pub key: H256,
    /// The slot's value, zero when it is not in the trie.
    pub value: U256,
    /// The nodes of the storage trie from the root down.
    pub nodes: Vec<Vec<u8>>,
}

impl AccountProof {
    /// Checks that the nodes show, under this state root, the account and the slots claimed.
    ///
    /// # Errors
    ///
    /// `ProofError` names the first defect.
    pub fn verify(&self, state_root: H256) -> Result<(), ProofError> {
        let found =
            verify_proof(state_root, keccak256(self.address.as_bytes()).as_bytes(), &self.nodes)?;
        let found = found.map(Account::from_rlp).transpose()?;
        if found != self.account {
            return Err(ProofError::Account);
        }
        let storage_root = found.map_or(EMPTY_TRIE_ROOT, |account| account.storage_root);
        self.storage.iter().try_for_each(|slot| slot.verify(storage_root))
    }
}

impl StorageProof {
    /// Checks that the nodes show, under this storage root, the value claimed.
    ///
    /// # Errors
    ///
    /// `ProofError` names the first defect.
    pub fn verify(&self, storage_root: H256) -> Result<(), ProofError> {
        let found =
            verify_proof(storage_root, keccak256(self.key.as_bytes()).as_bytes(), &self.nodes)?;
        let found = found.map_or(Ok(U256::zero()), |value| rlp::decode(value)?.u256())?;
        if found == self.value {
            Ok(())
        } else {
            Err(ProofError::Slot { key: self.key, claimed: self.value, found })
        }
    }
}
