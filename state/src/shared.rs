//! What the writer, the applier and all readers share.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    applier::ApplyError,
    journal::JournalFiles,
    key_value::Visitor,
    read_error::ReadError,
    recent::{Layer, OverlayMerge, Recent},
    view::View,
};

/// The view, and the layers above it.
///
/// # Invariants
///
/// - A layer is published before the view holds it, and dropped only after.
/// - No height that a reader pins is pruned.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) view: View,
    pub(crate) files: JournalFiles,
    recent: RwLock<Arc<Recent>>,
    /// The view holds every block below this height.
    applied_below: AtomicU64,
    /// Oldest height that the history of the view can restore.
    history_start: AtomicU64,
    /// First block in the journal.
    journal_start: AtomicU64,
    pins: Mutex<BTreeMap<u64, usize>>,
    failure: Mutex<Option<ApplyError>>,
    recent_blocks: usize,
    recent_bytes: usize,
}

impl Shared {
    pub(crate) fn new(
        view: View,
        files: JournalFiles,
        recent: Recent,
        (applied_below, history_start): (u64, u64),
        (recent_blocks, recent_bytes): (usize, usize),
    ) -> Self {
        Self {
            view,
            files,
            recent: RwLock::new(Arc::new(recent)),
            applied_below: AtomicU64::new(applied_below),
            history_start: AtomicU64::new(history_start),
            journal_start: AtomicU64::new(0),
            pins: Mutex::new(BTreeMap::new()),
            failure: Mutex::new(None),
            recent_blocks,
            recent_bytes,
        }
    }

    pub(crate) fn recent(&self) -> Arc<Recent> {
        Arc::clone(&self.recent.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn applied_below(&self) -> u64 {
        self.applied_below.load(Ordering::Acquire)
    }

    pub(crate) fn history_start(&self) -> u64 {
        self.history_start.load(Ordering::Acquire)
    }

    pub(crate) fn set_history_start(&self, height: u64) {
        self.history_start.store(height, Ordering::Release);
    }

    /// Announces that the history below `height` goes away, unless a reader needs it.
    pub(crate) fn try_raise_history_start(&self, height: u64) -> bool {
        let pins = self.pins();
        let is_free = pins.first_key_value().is_none_or(|(pin, _)| *pin >= height);
        if is_free {
            self.set_history_start(height);
        }
        is_free
    }

    pub(crate) fn journal_start(&self) -> u64 {
        self.journal_start.load(Ordering::Acquire)
    }

    pub(crate) fn set_journal_start(&self, height: u64) {
        self.journal_start.store(height, Ordering::Release);
    }

    fn pins(&self) -> MutexGuard<'_, BTreeMap<u64, usize>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pin(&self, height: u64) {
        *self.pins().entry(height).or_default() += 1;
    }

    pub(crate) fn unpin(&self, height: u64) {
        let mut pins = self.pins();
        if let Some(count) = pins.get_mut(&height) {
            *count -= 1;
            if *count == 0 {
                pins.remove(&height);
            }
        }
    }

    pub(crate) fn lowest_pin(&self) -> Option<u64> {
        self.pins().first_key_value().map(|(height, _)| *height)
    }

    pub(crate) fn publish(&self, layer: Arc<Layer>) {
        let lowest_pin = self.lowest_pin().unwrap_or(u64::MAX);
        let mut slot = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        let mut recent = Recent::clone(&slot);
        recent.push(layer);
        // A layer at a height is needed by readers of any lower height, and as long as the view lacks it.
        let keep_from = self.applied_below().min(lowest_pin.saturating_add(1));
        recent.shrink(keep_from, self.recent_blocks.max(1), self.recent_bytes);
        *slot = Arc::new(recent);
    }

    pub(crate) fn retract_from(&self, height: u64) {
        let mut slot = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        let mut recent = Recent::clone(&slot);
        recent.cut_from(height);
        *slot = Arc::new(recent);
    }

    /// Remembers why the view stopped; only the first reason counts.
    pub(crate) fn note_failure(&self, error: ApplyError) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    pub(crate) fn failure(&self) -> Option<ApplyError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn note_applied(&self, below: u64) {
        self.applied_below.store(below, Ordering::Release);
    }

    /// Returns the value of a key at a height that the caller has pinned.
    pub(crate) fn value_at(&self, key: &[u8], height: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let applied_below = self.applied_below();
        let recent = self.recent();
        check_not_taken_back(&recent, height)?;
        if height < recent.oldest_readable()
            && let Some(old) = self.view.value_before_change(key, height)?
        {
            return Ok(old);
        }
        let known = recent
            .before_change(key, height)
            .or_else(|| recent.set_since(key, applied_below, height));
        if let Some(known) = known {
            return Ok(known.map(|value| value.to_vec()));
        }
        let value = self.view.get(key);
        // A commit may have reached the view meanwhile; then its layer was published before.
        match self.recent().before_change(key, height) {
            Some(old) => Ok(old.map(|value| value.to_vec())),
            None => value,
        }
    }

    /// Visits the entries of a range at a height that the caller has pinned.
    pub(crate) fn scan_at(
        &self,
        bounds: (&[u8], &[u8]),
        height: u64,
        visit: &mut Visitor<'_>,
    ) -> Result<(), ReadError> {
        let (start, end) = bounds;
        check_not_taken_back(&self.recent(), height)?;
        let mut seen_next = self.recent().next_height;
        let mut merge = OverlayMerge::new(self.overlay(bounds, height)?);
        let mut stopped = false;
        let mut trouble = None;
        self.view.scan(start, end, &mut |key, payload| {
            let recent = self.recent();
            if recent.next_height != seen_next {
                seen_next = recent.next_height;
                match self.overlay(bounds, height) {
                    Ok(overlay) => merge.replace(overlay),
                    Err(error) => {
                        trouble = Some(error);
                        return ControlFlow::Break(());
                    }
                }
            }
            for (key, value) in merge.take_before(Some(key)) {
                if visit(&key, &value).is_break() {
                    stopped = true;
                    return ControlFlow::Break(());
                }
            }
            if merge.knows(key) || visit(key, payload).is_continue() {
                return ControlFlow::Continue(());
            }
            stopped = true;
            ControlFlow::Break(())
        })?;
        if let Some(error) = trouble {
            return Err(error);
        }
        if stopped {
            return Ok(());
        }
        if self.recent().next_height != seen_next {
            merge.replace(self.overlay(bounds, height)?);
        }
        for (key, value) in merge.take_before(None) {
            if visit(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Collects every key of a range whose value at `height` differs from what the view may show.
    fn overlay(
        &self,
        bounds: (&[u8], &[u8]),
        height: u64,
    ) -> Result<BTreeMap<Vec<u8>, Option<bytes::Bytes>>, ReadError> {
        let applied_below = self.applied_below();
        let recent = self.recent();
        let mut overlay = BTreeMap::new();
        if height < recent.oldest_readable() {
            self.history_overlay(bounds, height, &mut overlay)?;
        }
        recent.overlay(bounds, applied_below, height, &mut overlay);
        Ok(overlay)
    }

    /// History keys of one column have one length, so that a range of keys is a range of history.
    fn history_overlay(
        &self,
        (start, end): (&[u8], &[u8]),
        height: u64,
        into: &mut BTreeMap<Vec<u8>, Option<bytes::Bytes>>,
    ) -> Result<(), ReadError> {
        for length in crate::schema::key_lengths(start) {
            let bounds = crate::schema::history_bounds(length, start, end);
            self.view.scan(&bounds.0, &bounds.1, &mut |history_key, payload| {
                let Some((key, changed_at)) = crate::schema::split_history_key(history_key) else {
                    return ControlFlow::Continue(());
                };
                if changed_at > height && key >= start && key < end {
                    let old =
                        crate::view::decode_old_value(payload).map(bytes::Bytes::copy_from_slice);
                    into.entry(key.to_vec()).or_insert(old);
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    }
}

/// A block that was appended goes away again when its sync fails; its readers must not see another block instead.
fn check_not_taken_back(recent: &Recent, height: u64) -> Result<(), ReadError> {
    if height < recent.next_height || height == u64::MAX {
        return Ok(());
    }
    Err(ReadError::NotCommitted { height, next: recent.next_height })
}
