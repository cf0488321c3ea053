//! What the log's threads and its users share.

use std::{
    fs::File,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::{Notify, oneshot};

use crate::{position::LogPosition, settings::LogSettings};

pub(super) struct Shared {
    pub(super) settings: LogSettings,
    queue: Mutex<Queue>,
    /// Something to write, or the end.
    pub(super) has_work: Condvar,
    dirty: Mutex<Dirty>,
    pub(super) has_dirty: Condvar,
    /// Something to move.
    pub(super) has_grown: Notify,
    /// Requests that were promised room for their event.
    pub(super) promised: AtomicUsize,
    /// Whether there is room for what is promised from now on.
    pub(super) has_room: AtomicBool,
    /// Bytes of all segments that are still needed.
    pub(super) bytes: AtomicU64,
    pub(super) metrics: LogMetrics,
}

/// Counted since the start.
#[derive(Debug, Default)]
pub(super) struct LogMetrics {
    pub(super) appended: AtomicU64,
    pub(super) found_at_start: AtomicU64,
    pub(super) moved: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) lost: AtomicU64,
}

/// What waits for the writer.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) bytes: Vec<u8>,
    pub(super) events: u64,
    /// Those who wait for these bytes to be written.
    pub(super) waiting: Vec<oneshot::Sender<bool>>,
    /// Up to where the log is written.
    pub(super) end: Option<LogPosition>,
    pub(super) is_closed: bool,
}

/// Files that have been written to and not been forced to the disk.
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
            promised: AtomicUsize::new(0),
            has_room: AtomicBool::new(true),
            bytes: AtomicU64::new(0),
            metrics: LogMetrics::default(),
        }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn dirty(&self) -> MutexGuard<'_, Dirty> {
        self.dirty.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to where the log is written.
    pub(super) fn end(&self) -> LogPosition {
        self.queue().end.unwrap_or(LogPosition::start_of(0))
    }

    /// Events that are in the log and not in the database.
    pub(super) fn waiting_events(&self) -> u64 {
        let of = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let metrics = &self.metrics;
        let left = of(&metrics.moved) + of(&metrics.refused);
        (of(&metrics.found_at_start) + of(&metrics.appended)).saturating_sub(left)
    }
}
