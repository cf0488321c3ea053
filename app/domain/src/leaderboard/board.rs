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
    /// Seconds since the statistics were last refreshed, if the database is unavailable and this is the last good result.
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

/// A page's rendering of a [`BoardFigures`], cached for as long as that is: thousands of readers get the same table. The
/// slot is untyped, so that this crate does not depend on the page's types.
#[derive(Default)]
pub struct RenderCache(OnceLock<Box<dyn Any + Send + Sync>>);

impl RenderCache {
    /// The cached value, made by `make` on the first call. Concurrent first calls block until it is made. `None` if the
    /// slot holds another type.
    pub fn get_or_init<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

impl fmt::Debug for RenderCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderCache").finish_non_exhaustive()
    }
}
