//! The leaderboard: how every model performs in real traffic, ranked, with how certain each figure is.

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
