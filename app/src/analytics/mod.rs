//! Analytics: the usage of a member's keys.

mod api;
#[cfg(feature = "ssr")]
mod chart;
#[cfg(feature = "ssr")]
mod glance;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod tables;

pub use api::{analyse_key, analyse_member};
#[cfg(feature = "ssr")]
pub use glance::Glance;
#[cfg(feature = "ssr")]
pub use page::KeyAnalyticsPage;
