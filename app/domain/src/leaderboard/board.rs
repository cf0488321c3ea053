//! The ranked models of a window.

use std::{
    any::Any,
    fmt,
    sync::{Arc, OnceLock},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::leaderboard::{Entry, Unranked, Window};

/// The leaderboard as its page shows it. Cheap to clone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Board {
    /// Not serialised: the page is rendered on the server only.
    #[serde(skip)]
    pub stats: Arc<BoardStats>,
    /// Age in seconds where this is the last good answer, served while the database does not respond (stale-if-error).
    pub age_s: Option<u64>,
}

/// The ranked models of a window.
#[derive(Debug, Default)]
pub struct BoardStats {
    pub window: Window,
    /// The time of the last roll-up.
    pub generated_at: DateTime<Utc>,
    /// Whether any hour of the window has been rolled up.
    pub is_rolled_up: bool,
    /// The window, from the start of its first hour to the end of its last one.
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// By score, best first.
    pub entries: Vec<Entry>,
    pub unranked: Vec<Unranked>,
    /// What pages have rendered from these statistics.
    pub rendered: RenderCache,
}

/// What a page has rendered from a [`BoardStats`], with the same lifetime: thousands of readers get the same table, so it is
/// rendered once. The slot is untyped, because this crate knows no page; the page decides what it holds.
#[derive(Default)]
pub struct RenderCache(OnceLock<Box<dyn Any + Send + Sync>>);

impl RenderCache {
    /// The cached value, made by `make` the first time. `None` where the slot holds another type. Blocks while another thread is
    /// making the value.
    pub fn get_or_init<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

impl fmt::Debug for RenderCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderCache").finish_non_exhaustive()
    }
}
