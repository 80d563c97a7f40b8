//! Moves the view forward behind the journal, forgets old history, and makes checkpoints.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use crate::{
    checkpoint::{self, Checkpoint, Closing},
    disk_error::DiskError,
    journal::record::{BlockRecord, HEADER_BYTES, RecordKind, TRAILER_BYTES},
    key_value::KeyValueError,
    options::{History, Options},
    recent::Layer,
    schema::{Position, ViewMeta},
    shared::Shared,
    view::OldValues,
};

/// The view cannot follow the journal. What is committed stays committed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApplyError {
    /// The engine failed.
    #[error("the view failed; reopen to repair it from the journal")]
    Engine(#[source] Arc<KeyValueError>),
    /// A checkpoint could not be written.
    #[error("cannot write a checkpoint")]
    Checkpoint(#[source] Arc<DiskError>),
    /// The thread that moves the view forward is gone.
    #[error("the thread of the view ended; reopen the store")]
    Stopped,
}

impl From<KeyValueError> for ApplyError {
    fn from(error: KeyValueError) -> Self {
        Self::Engine(Arc::new(error))
    }
}

impl From<DiskError> for ApplyError {
    fn from(error: DiskError) -> Self {
        Self::Checkpoint(Arc::new(error))
    }
}

/// What moves the view forward; there is one.
#[derive(Debug)]
pub(crate) struct Applier {
    shared: Arc<Shared>,
    folder: PathBuf,
    history: History,
    checkpoint_blocks: u64,
    checkpoint_bytes: u64,
    meta: ViewMeta,
    /// Where the record after the last applied one is or would be.
    next: Position,
    number: u64,
    blocks_since: u64,
    bytes_since: u64,
}

/// A layer with the size of its record.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) layer: Arc<Layer>,
    pub(crate) record_bytes: u64,
}

impl Applier {
    pub(crate) fn new(
        shared: Arc<Shared>,
        options: &Options,
        meta: ViewMeta,
        next: Position,
        number: u64,
    ) -> Self {
        Self {
            shared,
            folder: options.folder.clone(),
            history: options.history,
            checkpoint_blocks: options.checkpoint_blocks,
            checkpoint_bytes: options.checkpoint_bytes,
            meta,
            next,
            number,
            blocks_since: 0,
            bytes_since: 0,
        }
    }

    pub(crate) const fn meta(&self) -> ViewMeta {
        self.meta
    }

    pub(crate) fn apply(&mut self, work: &Work) -> Result<(), ApplyError> {
        let layer = &work.layer;
        let old_values = match self.history {
            // Nobody can ask for the state before the first block.
            _ if layer.height == 0 => OldValues::Drop,
            History::Archive | History::Full(_) => OldValues::Keep,
            History::Minimal => OldValues::Drop,
        };
        self.shared.view.apply(&mut self.meta, layer, old_values)?;
        self.next = Position {
            segment: layer.position.segment,
            offset: layer.position.offset + work.record_bytes,
        };
        self.shared.note_applied(layer.height + 1);
        if old_values == OldValues::Drop {
            self.shared.set_history_start(self.meta.history_start);
        }
        self.forget_old_history()?;
        self.blocks_since += 1;
        self.bytes_since += work.record_bytes;
        if self.blocks_since >= self.checkpoint_blocks || self.bytes_since >= self.checkpoint_bytes
        {
            match self.checkpoint(Closing::Running) {
                // The journal has everything: the next block tries again.
                Err(ApplyError::Checkpoint(_)) => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Removes the history of one or two blocks that the mode no longer asks for, so that pruning never piles up.
    fn forget_old_history(&mut self) -> Result<(), ApplyError> {
        let History::Full(blocks) = self.history else { return Ok(()) };
        let wanted = self.meta.height.saturating_sub(blocks);
        for _ in 0..2 {
            let height = self.meta.history_start + 1;
            if height > wanted || !self.shared.try_raise_history_start(height) {
                break;
            }
            let layer = self
                .shared
                .recent()
                .at(height)
                .cloned()
                .or_else(|| read_layer(&self.shared, height).map(Arc::new));
            match layer {
                Some(layer) => self.shared.view.forget(&mut self.meta, &layer)?,
                // Without its record nobody knows which entries belong to the block: they stay, unused.
                None => self.meta.history_start = height,
            }
        }
        Ok(())
    }

    pub(crate) fn checkpoint(&mut self, closing: Closing) -> Result<(), ApplyError> {
        self.shared.view.sync()?;
        self.number += 1;
        let checkpoint = Checkpoint {
            number: self.number,
            chain_id: self.meta.chain_id,
            next_height: self.meta.height + 1,
            record_hash: self.meta.record_hash,
            next: self.next,
            state_root: self.meta.state_root,
            state_fingerprint: self.meta.state_fingerprint,
            closing,
        };
        checkpoint::write(self.shared.files.disk.as_ref(), &self.folder, &checkpoint)?;
        self.blocks_since = 0;
        self.bytes_since = 0;
        Ok(())
    }
}

/// Reads what a block changed back from the journal, `None` when that is not possible.
pub(crate) fn read_layer(shared: &Shared, height: u64) -> Option<Layer> {
    let position = shared.view.position(height).ok()??;
    let record = shared.files.read(position).ok()??;
    if record.header.height != height || record.header.kind != RecordKind::Block {
        return None;
    }
    let block = BlockRecord::decode(&record.payload).ok()?;
    Some(Layer::new(height, record.hash, position, block))
}

pub(crate) const fn record_bytes(payload: usize) -> u64 {
    (HEADER_BYTES + payload + TRAILER_BYTES) as u64
}

/// What the thread of the applier is told.
#[derive(Debug)]
pub(crate) enum Message {
    Apply(Work),
    Checkpoint(Closing, SyncSender<Result<(), ApplyError>>),
}

/// Blocks that may wait for the view before commits wait too.
const QUEUE_BLOCKS_MAX: usize = 32;

/// Runs an applier in place, or in a thread of its own.
#[derive(Debug)]
pub(crate) enum ApplierHandle {
    Inline(Box<Applier>),
    Background { sender: Option<SyncSender<Message>>, thread: Option<JoinHandle<()>> },
}

impl ApplierHandle {
    pub(crate) fn background(applier: Applier) -> Self {
        let (sender, receiver) = sync_channel(QUEUE_BLOCKS_MAX);
        let thread = std::thread::spawn(move || serve(applier, &receiver));
        Self::Background { sender: Some(sender), thread: Some(thread) }
    }

    /// Hands a durable block to the view.
    pub(crate) fn apply(&mut self, work: Work) -> Result<(), ApplyError> {
        match self {
            Self::Inline(applier) => applier.apply(&work),
            Self::Background { sender, .. } => {
                let sender = sender.as_ref().ok_or(ApplyError::Stopped)?;
                sender.send(Message::Apply(work)).map_err(|_gone| ApplyError::Stopped)
            }
        }
    }

    /// Waits until the view has caught up, and makes it durable.
    pub(crate) fn checkpoint(&mut self, closing: Closing) -> Result<(), ApplyError> {
        match self {
            Self::Inline(applier) => applier.checkpoint(closing),
            Self::Background { sender, .. } => {
                let (reply, answer) = sync_channel(1);
                let sender = sender.as_ref().ok_or(ApplyError::Stopped)?;
                sender
                    .send(Message::Checkpoint(closing, reply))
                    .map_err(|_gone| ApplyError::Stopped)?;
                answer.recv().unwrap_or(Err(ApplyError::Stopped))
            }
        }
    }
}

impl Drop for ApplierHandle {
    fn drop(&mut self) {
        if let Self::Background { sender, thread } = self {
            drop(sender.take());
            if let Some(thread) = thread.take() {
                drop(thread.join());
            }
        }
    }
}

fn serve(mut applier: Applier, receiver: &Receiver<Message>) {
    let mut failure: Option<ApplyError> = None;
    while let Ok(message) = receiver.recv() {
        match message {
            Message::Apply(work) => {
                if failure.is_none()
                    && let Err(error) = applier.apply(&work)
                {
                    applier.shared.note_failure(error.clone());
                    failure = Some(error);
                }
            }
            Message::Checkpoint(closing, reply) => {
                let result = failure.clone().map_or_else(|| applier.checkpoint(closing), Err);
                // The one who asked may have gone.
                drop(reply.send(result));
            }
        }
    }
}
