//! State shared by the log's threads and its users.

use std::{
    fs::File,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize},
    },
};

use prometheus_client::metrics::counter::Counter;
use tokio::sync::{Notify, oneshot};

use crate::{position::LogPosition, settings::LogSettings};

/// Everything that is shared.
pub(super) struct Shared {
    pub(super) settings: LogSettings,
    queue: Mutex<Queue>,
    /// The queue is not empty, or it is closed.
    pub(super) has_work: Condvar,
    dirty: Mutex<Dirty>,
    /// There are files to sync, or there will be none any more.
    pub(super) has_dirty: Condvar,
    /// Events were appended.
    pub(super) has_grown: Notify,
    /// Events of permits that are held.
    pub(super) permitted: AtomicUsize,
    /// Whether a reserve segment is allocated, so that new permits may be granted.
    pub(super) has_room: AtomicBool,
    /// Bytes of all segments that are not shipped yet.
    pub(super) bytes: AtomicU64,
    pub(super) metrics: LogMetrics,
}

/// Counts since the start of the process.
#[derive(Debug, Default)]
pub(super) struct LogMetrics {
    pub(super) appended: Counter,
    /// Events that an earlier process had appended and not shipped. Not exposed.
    pub(super) recovered: Counter,
    pub(super) shipped: Counter,
    /// Events that the database rejected.
    pub(super) rejected: Counter,
    pub(super) lost: Counter,
}

/// Encoded records that the writer has not taken yet.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) bytes: Vec<u8>,
    pub(super) events: u64,
    /// Notified with whether these bytes were written.
    pub(super) waiting: Vec<oneshot::Sender<bool>>,
    /// The end of the log; `None` before the first segment.
    pub(super) end: Option<LogPosition>,
    pub(super) is_closed: bool,
}

/// Files with writes that are not synced yet.
#[derive(Default)]
pub(super) struct Dirty {
    pub(super) files: Vec<Arc<File>>,
    pub(super) is_closed: bool,
}

impl Shared {
    pub(super) fn new(settings: LogSettings) -> Self {
        Self {
            settings,
            queue: Mutex::default(),
            has_work: Condvar::new(),
            dirty: Mutex::default(),
            has_dirty: Condvar::new(),
            has_grown: Notify::new(),
            permitted: AtomicUsize::new(0),
            has_room: AtomicBool::new(true),
            bytes: AtomicU64::new(0),
            metrics: LogMetrics::default(),
        }
    }

    /// Locks the queue.
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the list of files to sync.
    pub(super) fn dirty(&self) -> MutexGuard<'_, Dirty> {
        self.dirty.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The end of the log.
    pub(super) fn end(&self) -> LogPosition {
        self.queue().end.unwrap_or(LogPosition::start_of(0))
    }

    /// Events that are in the log and not shipped yet.
    pub(super) fn waiting_events(&self) -> u64 {
        let LogMetrics { appended, recovered, shipped, rejected, .. } = &self.metrics;
        let done = shipped.get() + rejected.get();
        (recovered.get() + appended.get()).saturating_sub(done)
    }
}
