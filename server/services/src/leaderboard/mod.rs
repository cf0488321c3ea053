//! The leaderboard: usage events rolled up by the hour, ranked, and cached in memory.

mod answer;
mod api;
mod load;
mod repo;
mod rollup;
mod schedule;
mod service;
mod snapshot;

pub use answer::Answer;
pub use api::{LeaderboardDoc, router};
pub use repo::{CATALOG_CHANNEL, CHANNEL};
pub use rollup::RollUp;
pub use schedule::{due, ended, roll_up_forever};
pub use service::LeaderboardService;
pub use snapshot::Listed;
