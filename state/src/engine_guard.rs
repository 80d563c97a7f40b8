//! Opening an engine whose files may be damaged: it may fail, panic, or never return.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, sync_channel},
    },
    time::Duration,
};

use crate::{
    key_value::{KeyValue, KeyValueError},
    memory_store::MemoryStore,
    options::Engine,
};

/// Opens an engine in a thread of its own, within a time limit.
///
/// A thread that hangs is left behind; its folder is set aside by the caller, so that it cannot do harm.
pub(crate) fn open_engine(
    engine: Engine,
    folder: &Path,
    cache_bytes: u64,
    limit_ms: u64,
) -> Result<Arc<dyn KeyValue>, KeyValueError> {
    let (sender, receiver) = sync_channel(1);
    let folder: PathBuf = folder.to_owned();
    let thread = std::thread::spawn(move || {
        // The one who waits may have given up.
        drop(sender.send(open_now(engine, &folder, cache_bytes)));
    });
    match receiver.recv_timeout(Duration::from_millis(limit_ms)) {
        Ok(result) => {
            drop(thread.join());
            result
        }
        Err(RecvTimeoutError::Timeout) => {
            Err(KeyValueError::Hung { engine: name(engine), limit_ms })
        }
        Err(RecvTimeoutError::Disconnected) => {
            let detail = thread
                .join()
                .err()
                .map_or_else(String::new, |payload| panic_message(payload.as_ref()));
            Err(KeyValueError::Panicked { engine: name(engine), detail })
        }
    }
}

fn open_now(
    engine: Engine,
    folder: &Path,
    cache_bytes: u64,
) -> Result<Arc<dyn KeyValue>, KeyValueError> {
    match engine {
        Engine::Memory => {
            let _unused = (folder, cache_bytes);
            Ok(Arc::new(MemoryStore::new()))
        }
        #[cfg(feature = "sled")]
        Engine::Sled => Ok(Arc::new(crate::sled_store::SledStore::open(folder, cache_bytes)?)),
        #[cfg(feature = "redb")]
        Engine::Redb => Ok(Arc::new(crate::redb_store::RedbStore::open(folder, cache_bytes)?)),
    }
}

const fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Memory => "memory",
        #[cfg(feature = "sled")]
        Engine::Sled => "sled",
        #[cfg(feature = "redb")]
        Engine::Redb => "redb",
    }
}

/// Returns the text of a panic.
pub(crate) fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "no message".to_owned())
}
