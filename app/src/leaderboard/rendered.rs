//! The leaderboard's table and plot, rendered once for all readers of the same statistics.

use std::sync::{Arc, OnceLock};

use domain::leaderboard::BoardStats;

use super::{
    scatter::scatter,
    table::{Column, rows},
};

/// The table in one order, and the plot.
#[derive(Clone, Debug)]
pub(super) struct Rendered {
    pub(super) rows: Arc<str>,
    pub(super) plot: Option<Arc<str>>,
    pub(super) is_any_tied: bool,
}

/// One slot per column that the table can be ordered by.
type Slots = [OnceLock<Rendered>; Column::ALL.len()];

/// The rendered parts for the board ordered by this column.
pub(super) fn rendered(board: &BoardStats, column: Column) -> Rendered {
    let slot = Column::ALL.iter().position(|one| *one == column).unwrap_or_default();
    match board.rendered.get_or_init(Slots::default) {
        Some(slots) => slots[slot].get_or_init(|| render(board, column)).clone(),
        None => render(board, column),
    }
}

fn render(board: &BoardStats, column: Column) -> Rendered {
    let mut entries = board.entries.clone();
    column.order(&mut entries);
    Rendered {
        rows: rows(&entries).into(),
        plot: scatter(&entries).map(Arc::from),
        is_any_tied: entries.iter().any(|entry| entry.is_tied_with_next),
    }
}
