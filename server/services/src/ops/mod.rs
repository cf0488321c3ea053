//! Endpoints for operators: liveness, readiness, metrics and the OpenAPI document.

mod health;
mod metrics;
mod openapi;

pub use health::{api_router, router};
pub use metrics::metrics_router;
