//! Each member's list of models for `auto`, and what the gateway reads of it.

mod api;
mod repo;
mod service;

pub use api::{RoutingDoc, router};
pub use service::{CHANNEL, RoutingService};
