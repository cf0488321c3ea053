//! `/leaderboard/{slug}`: one model.

mod hours;
mod key_figures;
mod page;

pub use page::LeaderboardModelPage;
