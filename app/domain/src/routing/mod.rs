//! Routing: which models a member's requests for `auto` go to, in which order.

#[cfg(feature = "server")]
mod form;
#[cfg(feature = "server")]
mod port;
mod rules;
mod types;

#[cfg(feature = "server")]
pub use port::RoutingPort;
pub use rules::ROUTE_LIMIT;
pub use types::{Measured, Route, RouteRequest, Strategy};
