//! For those who operate the server: is it alive, can it serve, what does it offer.

mod health;
mod metrics;
mod openapi;

pub use health::{api_router, router};
pub use metrics::metrics_router;
