//! The leaderboard: how every model performs in real traffic, ranked, with how certain each figure is.
//!
//! The rules here are pure: from histograms and counts to figures, intervals, scores and ranks. Reading events, rolling them
//! up and keeping the result at hand is the server's part.

mod board;
mod charts;
mod figures;
mod histogram;
mod markup;
mod meta;
mod method;
mod model;
mod page;
mod port;
mod query;
mod ranking;
mod scatter;
mod statistics;
mod table;
mod types;

pub use board::{Board, BoardFigures};
pub use figures::{ModelInfo, Tally, order_entries, rank_models};
pub use histogram::Histogram;
pub use method::MethodPage;
pub use model::ModelFiguresPage;
pub use page::LeaderboardPage;
pub use port::LeaderboardPort;
pub use query::{BoardQuery, detail_window};
pub use types::{Entry, HourPoint, Interval, LatencyInterval, ModelPage, SortBy, Unranked, WINDOWS, Window};
