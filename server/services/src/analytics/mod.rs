//! What keys are used for: read from the usage events as they are, with nothing in between that could be behind.

mod api;
mod csv;
mod repo;
mod report;
mod service;

pub use api::{AnalyticsDoc, router};
pub use service::AnalyticsService;
