//! [`KeyValue`] over a `BTreeMap`, for tests and for stores that live in memory.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{PoisonError, RwLock},
};

use crate::key_value::{Batch, KeyValue, KeyValueError, Visitor};

/// A map in memory. A scan sees the state at its start, page by page.
#[derive(Debug, Default)]
pub struct MemoryStore {
    entries: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

/// Entries copied under the lock at a time, so that writers never wait for a visitor.
const SCAN_PAGE_COUNT: usize = 1024;

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl KeyValue for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KeyValueError> {
        Ok(self.entries.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(&self, start: &[u8], end: &[u8], visit: &mut Visitor<'_>) -> Result<(), KeyValueError> {
        let mut from = Bound::Included(start.to_vec());
        loop {
            if matches!(&from, Bound::Included(key) | Bound::Excluded(key) if key.as_slice() >= end)
            {
                return Ok(());
            }
            let page: Vec<(Vec<u8>, Vec<u8>)> = {
                let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
                let range = (from.clone(), Bound::Excluded(end.to_vec()));
                entries
                    .range(range)
                    .take(SCAN_PAGE_COUNT)
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            };
            for (key, value) in &page {
                if visit(key, value).is_break() {
                    return Ok(());
                }
            }
            match page.into_iter().next_back() {
                Some((last, _)) => from = Bound::Excluded(last),
                None => return Ok(()),
            }
        }
    }

    fn write(&self, batch: Batch) -> Result<(), KeyValueError> {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch.entries {
            match value {
                Some(value) => entries.insert(key, value),
                None => entries.remove(&key),
            };
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), KeyValueError> {
        Ok(())
    }
}
