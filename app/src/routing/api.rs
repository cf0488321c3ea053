//! The server functions of the routing page. Saving is not among them: the form is posted to the page itself.

#[cfg(feature = "ssr")]
use domain::routing::RoutingPort;
use domain::routing::{Measured, Route};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::error::CallError;
#[cfg(feature = "ssr")]
use crate::host;

/// The member's saved list.
#[server(prefix = "/_server", endpoint = "route", input = GetUrl)]
pub async fn find_route() -> Result<Route, CallError> {
    let routing = host::service::<dyn RoutingPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { routing.route(&viewer).await }).await
}

/// Measurements of the last seven days. Models without requests are missing.
#[server(prefix = "/_server", endpoint = "measured", input = GetUrl)]
pub async fn measured_models() -> Result<Vec<Measured>, CallError> {
    let routing = host::service::<dyn RoutingPort>()?;
    host::viewer()?;
    host::respond(async move { routing.measured().await }).await
}
