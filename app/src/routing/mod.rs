//! Routing: which models a member's requests for `auto` go to, in which order.

mod api;
#[cfg(feature = "ssr")]
mod draft;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod row;

pub use api::{find_route, measured_models};
#[cfg(feature = "ssr")]
pub use draft::{Draft, Requested};
#[cfg(feature = "ssr")]
pub use page::RoutingPage;
