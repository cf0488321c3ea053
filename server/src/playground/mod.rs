//! The playground: makes comparisons, runs them in tasks that no hang-up can drop, and shows them to their member.

mod api;
mod executor;
pub mod fields;
mod live;
mod reaper;
mod repo;
mod service;
mod stream;
mod view;

pub use api::{PlaygroundDoc, router};
pub use executor::Executor;
pub use live::{Hub, Live, Subscription};
pub use reaper::reap_forever;
pub use service::PlaygroundService;
