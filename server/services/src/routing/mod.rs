//! Each member's list of models for `auto`, edited by the member and read by the gateway.

mod api;
mod repo;
mod service;

pub use api::{RoutingDoc, router};
pub use service::{CHANNEL, RoutingService};
