//! The playground: makes comparisons, runs them in tasks that no hang-up can drop, and shows them to their member.

mod api;
mod executor;
mod fields;
mod hub;
mod live;
mod reaper;
mod repo;
mod seal;
mod service;
mod stream;
mod view;
mod watch;

pub use api::{PlaygroundDoc, router};
pub use executor::Executor;
pub use hub::Hub;
pub use live::Live;
pub use reaper::reap_forever;
pub use service::PlaygroundService;
pub use watch::Subscription;
