//! What the analytics page and the dashboard ask of the server.

#[cfg(feature = "ssr")]
use domain::analytics::AnalyticsPort;
use domain::{
    KeyId,
    analytics::{Analytics, Filter, KeyAnalytics},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::error::CallError;
#[cfg(feature = "ssr")]
use crate::host;

/// What one key was used for.
#[server(prefix = "/_server", endpoint = "key-analytics", input = GetUrl)]
pub async fn analyse_key(id: KeyId, filter: Filter) -> Result<KeyAnalytics, CallError> {
    let analytics = host::service::<dyn AnalyticsPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { analytics.of_key(&viewer, id, filter).await }).await
}

/// What all keys of the member were used for.
#[server(prefix = "/_server", endpoint = "member-analytics", input = GetUrl)]
pub async fn analyse_member(filter: Filter) -> Result<Analytics, CallError> {
    let analytics = host::service::<dyn AnalyticsPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { analytics.of_member(&viewer, filter).await }).await
}
