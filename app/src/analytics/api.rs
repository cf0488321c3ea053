//! What the analytics page and the dashboard ask of the server.

#[cfg(feature = "ssr")]
use {super::AnalyticsPort, crate::host};

use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::{Analytics, Filter, KeyAnalytics};
use crate::{domain::KeyId, error::AppError};

/// What one key was used for.
#[server(prefix = "/_server", endpoint = "key-analytics", input = GetUrl)]
pub async fn analyse_key(id: KeyId, filter: Filter) -> Result<KeyAnalytics, AppError> {
    let analytics = host::service::<dyn AnalyticsPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { analytics.of_key(&viewer, id, filter).await }).await
}

/// What all keys of the member were used for.
#[server(prefix = "/_server", endpoint = "member-analytics", input = GetUrl)]
pub async fn analyse_member(filter: Filter) -> Result<Analytics, AppError> {
    let analytics = host::service::<dyn AnalyticsPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { analytics.of_member(&viewer, filter).await }).await
}
