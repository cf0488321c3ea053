//! What the routing page asks of the server. Saving is not here: the page's form is posted to the page itself.

#[cfg(feature = "ssr")]
use domain::routing::RoutingPort;
use domain::routing::{Measured, Route};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::error::CallError;
#[cfg(feature = "ssr")]
use crate::host;

/// The member's list as it is saved.
#[server(prefix = "/_server", endpoint = "route", input = GetUrl)]
pub async fn find_route() -> Result<Route, CallError> {
    let routing = host::service::<dyn RoutingPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { routing.route(&viewer).await }).await
}

/// How models did in the last seven days; those of whom nothing is known are missing.
#[server(prefix = "/_server", endpoint = "measured", input = GetUrl)]
pub async fn measured_models() -> Result<Vec<Measured>, CallError> {
    let routing = host::service::<dyn RoutingPort>()?;
    host::viewer()?;
    host::respond(async move { routing.measured().await }).await
}
