//! What is committed at a height, and what is read back.

use std::collections::BTreeMap;

use bytes::Bytes;
use primitive_types::H256;

use crate::change_set::ChangeSet;

/// Everything that one commit makes durable. The byte strings are opaque to the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// The height; the first is 0 and holds the genesis state.
    pub height: u64,
    /// The block's hash.
    pub hash: H256,
    /// The block.
    pub body: Bytes,
    /// What proves that the block was decided.
    pub certificate: Bytes,
    /// The receipts of its transactions.
    pub receipts: Bytes,
    /// Whatever else belongs to the block, such as an index of its logs.
    pub logs: Bytes,
    /// Entries of indices, such as transaction hash to position. A name has at most 256 bytes.
    pub lookups: BTreeMap<Vec<u8>, Bytes>,
    /// Named values that change with this block, `None` to remove. A name has at most 256 bytes.
    pub metadata: BTreeMap<String, Option<Bytes>>,
    /// What the block changes in the accounts.
    pub changes: ChangeSet,
    /// The state root that the block's header promises; a commit that leads elsewhere is refused.
    pub expected_root: Option<H256>,
}

/// A block as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlock {
    /// The height.
    pub height: u64,
    /// The block's hash.
    pub hash: H256,
    /// The state root after the block.
    pub state_root: H256,
    /// The block.
    pub body: Bytes,
    /// What proves that the block was decided.
    pub certificate: Bytes,
    /// The receipts of its transactions.
    pub receipts: Bytes,
    /// Whatever else belongs to the block.
    pub logs: Bytes,
}

/// The last block committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// The height.
    pub height: u64,
    /// The block's hash.
    pub hash: H256,
    /// The state root after the block.
    pub state_root: H256,
}
