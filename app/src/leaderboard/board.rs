//! The ranked models of a window, and what their page draws of them.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Entry, Unranked, Window,
    scatter::scatter,
    table::{Column, rows},
};

/// The leaderboard as its page shows it. Cheap to clone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Board {
    /// The page is rendered on the server alone: nothing of it is sent along.
    #[serde(skip)]
    pub figures: Arc<BoardFigures>,
    /// For how many seconds the database has not been heard of, where this is the last good answer.
    pub age_s: Option<u64>,
}

/// The ranked models of a window.
#[derive(Debug, Default)]
pub struct BoardFigures {
    pub window: Window,
    /// When the figures were rolled up last.
    pub generated_at: DateTime<Utc>,
    /// Whether any hour was rolled up within the window.
    pub is_rolled_up: bool,
    /// The window: from its first hour to the end of its last one.
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// By score, best first.
    pub entries: Vec<Entry>,
    pub unranked: Vec<Unranked>,
    /// By column. Thousands of readers get the same table, so it is drawn once, when it is first asked for.
    pub drawings: Drawings,
}

/// What has been drawn so far.
#[derive(Debug, Default)]
pub struct Drawings([OnceLock<Drawing>; Column::ALL.len()]);

/// The table in one order, and the plot.
#[derive(Clone, Debug)]
pub(super) struct Drawing {
    pub(super) rows: Arc<str>,
    pub(super) plot: Option<Arc<str>>,
    pub(super) is_any_tied: bool,
}

impl BoardFigures {
    /// What the page draws when ordered by this column.
    pub(super) fn drawing(&self, column: Column) -> &Drawing {
        let place = Column::ALL.iter().position(|one| *one == column).unwrap_or_default();
        self.drawings.0[place].get_or_init(|| {
            let mut entries = self.entries.clone();
            column.order(&mut entries);
            Drawing {
                rows: rows(&entries).into(),
                plot: scatter(&entries).map(Arc::from),
                is_any_tied: entries.iter().any(|entry| entry.is_tied_with_next),
            }
        })
    }
}
