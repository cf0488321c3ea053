//! The playground: makes comparisons, runs them in tasks that no hang-up can drop, and shows them to their member.

mod active_comparison;
mod api;
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
