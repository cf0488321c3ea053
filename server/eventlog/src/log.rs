//! The public interface of the log.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    thread::{self, JoinHandle},
};

use foundation::error::{Error, OperatorError};

use crate::{
    permit::Permit,
    settings::LogSettings,
    state::Shared,
    writer::{self, Writer},
};

/// Events of all permits at a time. An event has at most 2 KiB, usually 500 bytes, so all of them fit into the reserve segment.
const PERMIT_LIMIT: usize = 8 * 1024;

/// No permit is granted: the disk is full, the log has reached its size limit, or too many permits are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no room for another usage event")]
pub struct LogFull;

/// The event log. Cheap to clone. After [`EventLog::close`] its events are kept for the next start.
#[derive(Clone)]
pub struct EventLog {
    pub(super) shared: Arc<Shared>,
    keeper: Arc<Keeper>,
}

/// Ends the threads when the last clone of the log is dropped.
struct Keeper {
    shared: Arc<Shared>,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    writer: JoinHandle<()>,
    syncer: JoinHandle<()>,
    /// Keeps other processes from writing to the folder while it is held.
    _lock: File,
}

impl EventLog {
    /// Opens the log in its folder, which is created if it is missing, and recovers it: a torn end is truncated, and events
    /// that are not shipped yet are kept for the reader. Blocks on the disk.
    ///
    /// # Errors
    ///
    /// [`Error::Operator`] where the folder cannot be used or another process has locked it.
    pub fn open(settings: LogSettings) -> Result<Self, Error> {
        let dir = settings.dir.clone();
        let refused = |problem: String| {
            Error::Operator(OperatorError::new(
                problem,
                "free the folder, or set QUADRILLE_DATA_DIR to another one that is writable",
            ))
        };
        let failed = |error: io::Error| refused(format!("the event log in {} cannot be used: {error}", dir.display()));
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(failed)?;
        let lock = writer::lock(&dir).map_err(failed)?.ok_or_else(|| {
            let pid = fs::read_to_string(dir.join("lock")).unwrap_or_default();
            refused(format!("another Quadrille (process {}) writes the event log in {}", pid.trim(), dir.display()))
        })?;
        let shared = Arc::new(Shared::new(settings));
        let number = writer::recover(&shared).map_err(failed)? + 1;
        let writer = Writer::begin(shared.clone(), number).map_err(failed)?;
        let writer = thread::Builder::new().name("event-log".into()).spawn(move || writer.run()).map_err(failed)?;
        let syncer = thread::Builder::new().name("event-log-sync".into()).spawn({
            let shared = shared.clone();
            move || writer::sync_forever(&shared)
        });
        let threads = Threads { writer, syncer: syncer.map_err(failed)?, _lock: lock };
        let keeper = Keeper { shared: shared.clone(), threads: Mutex::new(Some(threads)) };
        Ok(Self { shared, keeper: Arc::new(keeper) })
    }

    /// Grants a permit for the event of a request that begins now. Does not block.
    ///
    /// # Errors
    ///
    /// [`LogFull`]: the request has to be rejected.
    pub fn admit(&self) -> Result<Permit, LogFull> {
        self.admit_many(1)
    }

    /// Grants a permit for several events at once. Does not block.
    ///
    /// # Errors
    ///
    /// [`LogFull`].
    pub fn admit_many(&self, events: usize) -> Result<Permit, LogFull> {
        let shared = &self.shared;
        let is_too_large = shared.bytes.load(Ordering::Relaxed) > shared.settings.max_bytes;
        if is_too_large || !shared.has_room.load(Ordering::Relaxed) {
            return Err(LogFull);
        }
        let permit = Permit { shared: shared.clone(), events };
        if shared.permitted.fetch_add(events, Ordering::Relaxed) + events > PERMIT_LIMIT {
            return Err(LogFull);
        }
        Ok(permit)
    }

    /// Whether a request would be admitted now.
    pub fn has_room(&self) -> bool {
        self.admit().is_ok()
    }

    /// Events that are in the log and not shipped yet.
    pub fn waiting(&self) -> u64 {
        self.shared.waiting_events()
    }

    /// Writes and syncs what is queued, ends the threads and unlocks the folder. Events written afterwards are lost.
    pub async fn close(&self) {
        let threads = self.keeper.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(threads) = threads else { return };
        self.keeper.shut_down();
        let joined = tokio::task::spawn_blocking(move || {
            let written = threads.writer.join();
            written.and(threads.syncer.join())
        });
        if !matches!(joined.await, Ok(Ok(()))) {
            tracing::error!("a thread of the event log panicked");
        }
    }
}

impl Keeper {
    fn shut_down(&self) {
        self.shared.queue().is_closed = true;
        self.shared.has_work.notify_all();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shut_down();
    }
}
