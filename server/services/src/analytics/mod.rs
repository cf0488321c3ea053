//! What keys are used for: aggregated from the usage events on every request, without a roll-up that could lag behind.

mod api;
mod csv;
mod repo;
mod report;
mod service;

pub use api::{AnalyticsDoc, router};
pub use service::AnalyticsService;
