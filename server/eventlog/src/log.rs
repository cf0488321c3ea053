//! The log as the rest of the server sees it.

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

/// Events that are promised room at a time. An event has at most 2 KiB, usually 500 bytes, so all of them fit into the segment
/// in reserve.
const PROMISED_LIMIT: usize = 8 * 1024;

/// There is no room for another event: the disk is full, or too much waits for the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no room for another usage event")]
pub struct LogFull;

/// The event log. Cheap to clone. Closed by [`EventLog::close`]; what is in it then is there at the next start.
#[derive(Clone)]
pub struct EventLog {
    pub(super) shared: Arc<Shared>,
    keeper: Arc<Keeper>,
}

/// Ends the threads when the last copy of the log is gone.
struct Keeper {
    shared: Arc<Shared>,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    writer: JoinHandle<()>,
    syncer: JoinHandle<()>,
    /// Until here this process is the only one that writes.
    _lock: File,
}

impl EventLog {
    /// Opens the log in its folder, which is made if it is missing. A torn end is cut off; what waits for the database is
    /// kept and found by the mover.
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

    /// Promises room for the event of a request that begins now.
    pub fn admit(&self) -> Result<Permit, LogFull> {
        self.admit_many(1)
    }

    /// Promises room for several events at once.
    pub fn admit_many(&self, events: usize) -> Result<Permit, LogFull> {
        let shared = &self.shared;
        let is_too_large = shared.bytes.load(Ordering::Relaxed) > shared.settings.max_bytes;
        if is_too_large || !shared.has_room.load(Ordering::Relaxed) {
            return Err(LogFull);
        }
        let permit = Permit { shared: shared.clone(), events };
        if shared.promised.fetch_add(events, Ordering::Relaxed) + events > PROMISED_LIMIT {
            return Err(LogFull);
        }
        Ok(permit)
    }

    /// Whether a request could be admitted now.
    pub fn has_room(&self) -> bool {
        self.admit().is_ok()
    }

    /// Events that are in the log and not in the database yet.
    pub fn waiting(&self) -> u64 {
        self.shared.waiting_events()
    }

    /// Name, kind, description and value of each figure for whoever watches the server.
    pub fn metrics(&self) -> [(&'static str, &'static str, &'static str, u64); 7] {
        let (shared, metrics) = (&self.shared, &self.shared.metrics);
        let of = |figure: &std::sync::atomic::AtomicU64| figure.load(Ordering::Relaxed);
        let gauge = "gauge";
        let counter = "counter";
        [
            ("quadrille_event_log_events_waiting", gauge, "Usage events not in the database yet.", self.waiting()),
            ("quadrille_event_log_bytes", gauge, "Size of the event log on the disk.", of(&shared.bytes)),
            ("quadrille_event_log_has_room", gauge, "Whether new requests are taken in.", self.has_room().into()),
            ("quadrille_event_log_appended_total", counter, "Usage events written to the log.", of(&metrics.appended)),
            ("quadrille_event_log_moved_total", counter, "Usage events moved to the database.", of(&metrics.moved)),
            ("quadrille_event_log_refused_total", counter, "Usage events the database refused.", of(&metrics.refused)),
            ("quadrille_event_log_lost_total", counter, "Usage events that could not be written.", of(&metrics.lost)),
        ]
    }

    /// Writes what is still to be written, forces it to the disk and gives the folder free.
    pub async fn close(&self) {
        let threads = self.keeper.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(threads) = threads else { return };
        self.keeper.shut();
        let joined = tokio::task::spawn_blocking(move || {
            let written = threads.writer.join();
            written.and(threads.syncer.join())
        });
        if !matches!(joined.await, Ok(Ok(()))) {
            tracing::error!("the event log did not end in order");
        }
    }
}

impl Keeper {
    fn shut(&self) {
        self.shared.queue().is_closed = true;
        self.shared.has_work.notify_all();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shut();
    }
}
