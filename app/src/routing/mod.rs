//! Routing: which models a member's requests for `auto` go to, in which order.

#[cfg(feature = "ssr")]
mod port;
mod rules;
mod types;

#[cfg(feature = "ssr")]
pub use port::RoutingPort;
pub use rules::ROUTE_LIMIT;
pub use types::{Route, RouteRequest, Strategy};
