//! The server functions of the analytics page and of the dashboard's usage.

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

/// The usage of one key.
#[server(prefix = "/_server", endpoint = "key-analytics", input = GetUrl)]
pub async fn analyse_key(id: KeyId, filter: Filter) -> Result<KeyAnalytics, CallError> {
    let analytics = host::service::<dyn AnalyticsPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { analytics.of_key(&viewer, id, filter).await }).await
}

/// The usage of all keys of the member.
#[server(prefix = "/_server", endpoint = "member-analytics", input = GetUrl)]
pub async fn analyse_member(filter: Filter) -> Result<Analytics, CallError> {
    let analytics = host::service::<dyn AnalyticsPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { analytics.of_member(&viewer, filter).await }).await
}
