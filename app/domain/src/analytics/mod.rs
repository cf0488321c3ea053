//! Analytics: the usage of a member's keys.

#[cfg(feature = "server")]
mod port;
mod types;

#[cfg(feature = "server")]
pub use port::AnalyticsPort;
pub use types::{Analytics, CellStats, Ending, Filter, KeyAnalytics, ModelStats, StepStats, UsageStats, Window};
