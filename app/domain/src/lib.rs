//! What Quadrille is about, and nothing of how it is built: ids, money, text rules, the types that cross the wire, ranking,
//! histograms and intervals, and the ports (traits) through which pages ask the server. It names neither a web framework nor a
//! database, and it compiles for the server (feature `server`) and for the browser.

pub mod accounts;
pub mod analytics;
#[cfg(feature = "server")]
pub mod audit;
pub mod catalog;
pub mod error;
pub mod format;
#[cfg(feature = "server")]
pub mod histogram;
mod id;
#[cfg(feature = "server")]
pub mod interval;
pub mod keys;
#[cfg(feature = "server")]
pub mod leaderboard;
mod money;
pub mod number;
pub mod playground;
pub mod position;
pub mod routing;
#[cfg(feature = "server")]
pub mod share;
#[cfg(feature = "server")]
pub mod templates;
pub mod text;
#[cfg(feature = "server")]
pub mod users;

pub use id::{ComparisonId, KeyId, RunId, TemplateId, UpstreamId, UserId};
pub use money::Usd;
