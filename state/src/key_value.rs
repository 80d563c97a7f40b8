//! The port to the engine of the view: ordered bytes to bytes, written in batches.

use std::ops::ControlFlow;

/// Changes that belong together, in order of key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Keys with their new value, `None` to remove.
    pub entries: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Batch {
    /// Sets a key.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.entries.push((key, Some(value)));
    }

    /// Removes a key.
    pub fn remove(&mut self, key: Vec<u8>) {
        self.entries.push((key, None));
    }
}

/// What an engine can say about its failure.
#[derive(Debug, thiserror::Error)]
pub enum KeyValueError {
    /// The device failed, is full, or is read-only.
    #[error("{engine}: {source}")]
    Device {
        /// Name of the engine.
        engine: &'static str,
        /// What the device said.
        source: std::io::Error,
    },
    /// The engine found its own files damaged.
    #[error("{engine}: its files are damaged: {detail}")]
    Damaged {
        /// Name of the engine.
        engine: &'static str,
        /// What the engine said.
        detail: String,
    },
    /// The engine panicked; it is not used further.
    #[error("{engine}: panicked: {detail}")]
    Panicked {
        /// Name of the engine.
        engine: &'static str,
        /// The panic message.
        detail: String,
    },
    /// The engine did not answer within the limit while it opened.
    #[error("{engine}: did not open within {limit_ms} ms")]
    Hung {
        /// Name of the engine.
        engine: &'static str,
        /// The limit.
        limit_ms: u64,
    },
}

/// Receives the entries of a scan; `Break` ends it.
pub type Visitor<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// An ordered map of bytes that survives a clean restart.
///
/// # Invariants
///
/// - A batch is applied as a whole as far as readers after a clean restart can see.
/// - After a crash an engine may show an older state or a damaged one; durability and repair are the journal's task.
pub trait KeyValue: Send + Sync + std::fmt::Debug {
    /// Returns the value of a key.
    ///
    /// # Errors
    ///
    /// When the engine fails.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KeyValueError>;

    /// Visits the entries with `start <= key < end` in order.
    ///
    /// # Errors
    ///
    /// When the engine fails.
    fn scan(&self, start: &[u8], end: &[u8], visit: &mut Visitor<'_>) -> Result<(), KeyValueError>;

    /// Applies a batch.
    ///
    /// # Errors
    ///
    /// When the engine fails; how much of the batch is visible then is not known.
    fn write(&self, batch: Batch) -> Result<(), KeyValueError>;

    /// Makes all batches so far durable: file contents and names.
    ///
    /// # Errors
    ///
    /// When the engine or the device fails.
    fn sync(&self) -> Result<(), KeyValueError>;
}
