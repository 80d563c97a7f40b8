//! The view: the state at one height, and its history, materialised from the journal into an engine.
//!
//! # Invariants
//!
//! - The view never holds a block that is not durable in the journal.
//! - Each block is one batch, with the view's own account of itself in it.

use std::{ops::ControlFlow, sync::Arc};

use crate::{
    fingerprint::Fingerprint,
    key_value::{Batch, KeyValue, KeyValueError, Visitor},
    read_error::{FormError, ReadError},
    recent::Layer,
    schema::{
        DamagedEntry, HISTORY, META_KEY, Position, STATE_COLUMNS, ViewMeta, column_bounds,
        height_key, history_key, seal, unseal,
    },
};

/// A checked reader and writer over an engine.
#[derive(Debug, Clone)]
pub(crate) struct View {
    engine: Arc<dyn KeyValue>,
}

/// What to do with the value that a change replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OldValues {
    Keep,
    Drop,
}

impl View {
    pub(crate) fn new(engine: Arc<dyn KeyValue>) -> Self {
        Self { engine }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(value) = self.engine.get(key)? else { return Ok(None) };
        Ok(Some(unseal(key, &value)?.to_vec()))
    }

    /// Visits checked entries in order of key.
    pub(crate) fn scan(
        &self,
        start: &[u8],
        end: &[u8],
        visit: &mut Visitor<'_>,
    ) -> Result<(), ReadError> {
        let mut damaged: Option<DamagedEntry> = None;
        self.engine.scan(start, end, &mut |key, value| match unseal(key, value) {
            Ok(payload) => visit(key, payload),
            Err(error) => {
                damaged = Some(error);
                ControlFlow::Break(())
            }
        })?;
        damaged.map_or(Ok(()), |error| Err(error.into()))
    }

    pub(crate) fn meta(&self) -> Result<Option<ViewMeta>, ReadError> {
        let Some(bytes) = self.get(&META_KEY)? else { return Ok(None) };
        let form = |source: crate::byte_reader::Malformed| ReadError::Form {
            key: META_KEY.to_vec(),
            source: FormError::Field(source),
        };
        ViewMeta::decode(&bytes).map(Some).map_err(form)
    }

    pub(crate) fn position(&self, height: u64) -> Result<Option<Position>, ReadError> {
        let key = height_key(height);
        let Some(bytes) = self.get(&key)? else { return Ok(None) };
        let form = |source| ReadError::Form { key: key.clone(), source: FormError::Field(source) };
        Position::decode(&bytes).map(Some).map_err(form)
    }

    /// Returns the value that a key had at `height`, if it changed after: `Some(None)` means it was absent.
    pub(crate) fn value_before_change(
        &self,
        key: &[u8],
        height: u64,
    ) -> Result<Option<Option<Vec<u8>>>, ReadError> {
        let mut found = None;
        let end = history_key(key, u64::MAX);
        self.scan(&history_key(key, height + 1), &end, &mut |_, payload| {
            found = Some(decode_old_value(payload).map(<[u8]>::to_vec));
            ControlFlow::Break(())
        })?;
        Ok(found)
    }

    /// Applies the changes of one block and moves the view's account of itself forward.
    pub(crate) fn apply(
        &self,
        meta: &mut ViewMeta,
        layer: &Layer,
        old_values: OldValues,
    ) -> Result<(), KeyValueError> {
        let mut batch = Batch::default();
        let mut next = *meta;
        for change in &layer.changes {
            let key = change.key.to_vec();
            if old_values == OldValues::Keep {
                let history = history_key(&key, layer.height);
                let payload = encode_old_value(change.old.as_deref());
                next.history_fingerprint.add(&history, &payload);
                let value = seal(&history, &payload);
                batch.put(history, value);
            }
            let value = change.new.as_deref().map(|payload| seal(&key, payload));
            batch.entries.push((key, value));
        }
        let position_key = height_key(layer.height);
        let value = seal(&position_key, &layer.position.encode());
        batch.put(position_key, value);
        if old_values == OldValues::Drop {
            next.history_start = layer.height;
        }
        next.height = layer.height;
        next.record_hash = layer.record_hash;
        next.state_root = layer.state_root;
        next.block_hash = layer.block_hash;
        next.state_fingerprint = layer.fingerprint;
        batch.put(META_KEY.to_vec(), seal(&META_KEY, &next.encode()));
        self.engine.write(batch)?;
        *meta = next;
        Ok(())
    }

    /// Removes the history entries of a block, so that its height becomes the oldest that can be restored.
    pub(crate) fn forget(&self, meta: &mut ViewMeta, layer: &Layer) -> Result<(), KeyValueError> {
        let mut batch = Batch::default();
        let mut next = *meta;
        for change in &layer.changes {
            let key = history_key(&change.key, layer.height);
            next.history_fingerprint.subtract(&key, &encode_old_value(change.old.as_deref()));
            batch.remove(key);
        }
        next.history_start = layer.height;
        batch.put(META_KEY.to_vec(), seal(&META_KEY, &next.encode()));
        self.engine.write(batch)?;
        *meta = next;
        Ok(())
    }

    /// Writes state entries and the view's account of itself, as when a snapshot is loaded.
    pub(crate) fn load(
        &self,
        entries: &[(Vec<u8>, Vec<u8>)],
        meta: Option<&ViewMeta>,
    ) -> Result<(), KeyValueError> {
        let mut batch = Batch::default();
        for (key, payload) in entries {
            batch.put(key.clone(), seal(key, payload));
        }
        if let Some(meta) = meta {
            batch.put(META_KEY.to_vec(), seal(&META_KEY, &meta.encode()));
        }
        self.engine.write(batch)
    }

    pub(crate) fn sync(&self) -> Result<(), KeyValueError> {
        self.engine.sync()
    }

    /// Sums all state entries; `visit` sees each of them.
    pub(crate) fn sum_state(
        &self,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<(Fingerprint, u64), ReadError> {
        self.sum(&STATE_COLUMNS, visit)
    }

    /// Sums all history entries.
    pub(crate) fn sum_history(&self) -> Result<(Fingerprint, u64), ReadError> {
        self.sum(&[HISTORY], &mut |_, _| ())
    }

    fn sum(
        &self,
        columns: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<(Fingerprint, u64), ReadError> {
        let mut sum = Fingerprint::default();
        let mut count = 0;
        for column in columns {
            let (start, end) = column_bounds(*column);
            self.scan(&start, &end, &mut |key, payload| {
                sum.add(key, payload);
                count += 1;
                visit(key, payload);
                ControlFlow::Continue(())
            })?;
        }
        Ok((sum, count))
    }
}

fn encode_old_value(old: Option<&[u8]>) -> Vec<u8> {
    match old {
        None => vec![0],
        Some(payload) => [&[1], payload].concat(),
    }
}

pub(crate) fn decode_old_value(payload: &[u8]) -> Option<&[u8]> {
    match payload.split_first() {
        Some((1, old)) => Some(old),
        _ => None,
    }
}
