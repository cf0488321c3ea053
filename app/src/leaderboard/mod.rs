//! The leaderboard: the models ranked by their performance in real traffic, with confidence intervals.

mod charts;
mod markup;
mod meta;
mod method;
mod model;
mod page;
mod rendered;
mod scatter;
mod table;

pub use method::MethodPage;
pub use model::LeaderboardModelPage;
pub use page::LeaderboardPage;
