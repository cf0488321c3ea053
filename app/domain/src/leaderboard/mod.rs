//! The leaderboard: from counters and histograms to metrics, scores and ranks.

mod board;
mod model_stats;
mod order;
mod port;
mod query;
mod ranking;
mod tally;
mod types;

pub use board::{Board, BoardStats, RenderCache};
pub use model_stats::{ModelInfo, rank_models};
pub use order::{are_exact, least_first, most_first, order_by, order_entries};
pub use port::LeaderboardPort;
pub use query::{BoardQuery, detail_window};
pub use tally::Tally;
pub use types::{Entry, HourPoint, ModelPage, SortBy, Unranked, WINDOWS, Window};
