//! The last blocks in memory: what they changed, from what to what.
//!
//! They let readers see any recent height while a commit runs, and hide how far the view lags behind the journal.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use bytes::Bytes;
use primitive_types::H256;

use crate::{
    block::Tip,
    fingerprint::Fingerprint,
    journal::record::{BlockRecord, Change, RecordHash},
    schema::Position,
};

/// What one block changed.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) height: u64,
    pub(crate) block_hash: H256,
    pub(crate) state_root: H256,
    pub(crate) record_hash: RecordHash,
    pub(crate) position: Position,
    pub(crate) fingerprint: Fingerprint,
    /// Sorted by key, each key once.
    pub(crate) changes: Vec<Change>,
    pub(crate) size_bytes: usize,
}

impl Layer {
    pub(crate) fn new(
        height: u64,
        record_hash: RecordHash,
        position: Position,
        record: BlockRecord,
    ) -> Self {
        let lengths = |change: &Change| {
            change.key.len()
                + change.old.as_ref().map_or(0, Bytes::len)
                + change.new.as_ref().map_or(0, Bytes::len)
        };
        let size_bytes =
            record.changes.iter().map(|change| lengths(change) + size_of::<Change>()).sum();
        Self {
            height,
            block_hash: record.block_hash,
            state_root: record.state_root,
            record_hash,
            position,
            fingerprint: record.fingerprint,
            changes: record.changes,
            size_bytes,
        }
    }

    pub(crate) fn change(&self, key: &[u8]) -> Option<&Change> {
        let index = self.changes.binary_search_by(|change| change.key.as_ref().cmp(key)).ok()?;
        self.changes.get(index)
    }

    fn changes_between(&self, start: &[u8], end: &[u8]) -> impl Iterator<Item = &Change> {
        let first = self.changes.partition_point(|change| change.key.as_ref() < start);
        self.changes.iter().skip(first).take_while(move |change| change.key.as_ref() < end)
    }
}

/// Consecutive layers, the newest last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent {
    layers: Vec<Arc<Layer>>,
    /// The last block when the store was opened; its layer may be missing.
    opened_at: Option<Tip>,
    /// Height of the block that comes next.
    pub(crate) next_height: u64,
}

/// What the layers say about a key.
pub(crate) type Known = Option<Bytes>;

impl Recent {
    pub(crate) const fn new(
        layers: Vec<Arc<Layer>>,
        opened_at: Option<Tip>,
        next_height: u64,
    ) -> Self {
        Self { layers, opened_at, next_height }
    }

    pub(crate) fn tip(&self) -> Option<Tip> {
        let of = |layer: &Arc<Layer>| Tip {
            height: layer.height,
            hash: layer.block_hash,
            state_root: layer.state_root,
        };
        self.layers.last().map(of).or(self.opened_at)
    }

    pub(crate) fn push(&mut self, layer: Arc<Layer>) {
        self.next_height = layer.height + 1;
        self.layers.push(layer);
    }

    /// Removes the layers from `height` on.
    pub(crate) fn cut_from(&mut self, height: u64) {
        self.layers.retain(|layer| layer.height < height);
        self.next_height = self.next_height.min(height);
    }

    /// Removes layers below `keep_from`, as long as the rest exceeds a count or size.
    pub(crate) fn shrink(&mut self, keep_from: u64, count_max: usize, bytes_max: usize) {
        let mut bytes: usize = self.layers.iter().map(|layer| layer.size_bytes).sum();
        let mut surplus = 0;
        for layer in &self.layers {
            let fits = self.layers.len() - surplus <= count_max && bytes <= bytes_max;
            if fits || layer.height >= keep_from {
                break;
            }
            bytes -= layer.size_bytes;
            surplus += 1;
        }
        self.layers.drain(..surplus);
    }

    pub(crate) fn at(&self, height: u64) -> Option<&Arc<Layer>> {
        self.layers.iter().rev().find(|layer| layer.height == height)
    }

    /// The oldest height whose state the layers can restore.
    pub(crate) fn oldest_readable(&self) -> u64 {
        self.layers.first().map_or(self.next_height, |layer| layer.height).saturating_sub(1)
    }

    pub(crate) fn size_bytes(&self) -> usize {
        self.layers.iter().map(|layer| layer.size_bytes).sum()
    }

    pub(crate) fn len(&self) -> usize {
        self.layers.len()
    }

    /// Returns the value of a key at `height`, if a layer after it knows the old value.
    pub(crate) fn before_change(&self, key: &[u8], height: u64) -> Option<Known> {
        let first = self.layers.partition_point(|layer| layer.height <= height);
        self.layers
            .iter()
            .skip(first)
            .find_map(|layer| layer.change(key))
            .map(|change| change.old.clone())
    }

    /// Returns the value of a key at `height`, if a layer in `from..=height` set it.
    pub(crate) fn set_since(&self, key: &[u8], from: u64, height: u64) -> Option<Known> {
        let range = |layer: &&Arc<Layer>| layer.height >= from && layer.height <= height;
        let newest_first = self.layers.iter().rev().skip_while(|layer| layer.height > height);
        newest_first
            .take_while(range)
            .find_map(|layer| layer.change(key))
            .map(|change| change.new.clone())
    }

    /// Collects what the layers know about a range of keys at `height`, given that the view holds all below `from`.
    pub(crate) fn overlay(
        &self,
        bounds: (&[u8], &[u8]),
        from: u64,
        height: u64,
        into: &mut BTreeMap<Vec<u8>, Known>,
    ) {
        let (start, end) = bounds;
        let later = self.layers.iter().filter(|layer| layer.height > height);
        for layer in later {
            for change in layer.changes_between(start, end) {
                into.entry(change.key.to_vec()).or_insert_with(|| change.old.clone());
            }
        }
        let unapplied =
            self.layers.iter().rev().filter(|layer| layer.height >= from && layer.height <= height);
        for layer in unapplied {
            for change in layer.changes_between(start, end) {
                into.entry(change.key.to_vec()).or_insert_with(|| change.new.clone());
            }
        }
    }
}

/// Merges what an overlay knows into an ordered scan of the view.
pub(crate) struct OverlayMerge {
    overlay: BTreeMap<Vec<u8>, Known>,
    at: Bound<Vec<u8>>,
}

impl OverlayMerge {
    pub(crate) const fn new(overlay: BTreeMap<Vec<u8>, Known>) -> Self {
        Self { overlay, at: Bound::Unbounded }
    }

    /// Puts newer knowledge in place; what was visited stays visited.
    pub(crate) fn replace(&mut self, overlay: BTreeMap<Vec<u8>, Known>) {
        self.overlay = overlay;
    }

    pub(crate) fn knows(&self, key: &[u8]) -> bool {
        self.overlay.contains_key(key)
    }

    /// Takes the present entries of the overlay that come before `key`, or all that are left.
    pub(crate) fn take_before(&mut self, key: Option<&[u8]>) -> Vec<(Vec<u8>, Bytes)> {
        let end = key.map_or(Bound::Unbounded, |key| Bound::Included(key.to_vec()));
        if let (Bound::Excluded(at), Bound::Included(end)) = (&self.at, &end)
            && at >= end
        {
            return Vec::new();
        }
        let taken = self
            .overlay
            .range((self.at.clone(), end))
            .filter_map(|(key, value)| value.clone().map(|value| (key.clone(), value)))
            .collect();
        if let Some(key) = key {
            self.at = Bound::Excluded(key.to_vec());
        }
        taken
    }
}
