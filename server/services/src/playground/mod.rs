//! The playground: makes comparisons, runs them in background tasks that outlive the request, and shows them to their member.

mod active_comparison;
mod api;
mod changes;
mod encryption;
mod executor;
mod fields;
mod mapping;
mod reaper;
mod repo;
mod run_registry;
mod service;
mod stream;
mod subscription;

pub use active_comparison::ActiveComparison;
pub use api::{PlaygroundDoc, router};
pub use executor::Executor;
pub use reaper::reap_forever;
pub use run_registry::RunRegistry;
pub use service::PlaygroundService;
pub use subscription::Subscription;
