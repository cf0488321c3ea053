//! The server functions of the dashboard.

#[cfg(feature = "ssr")]
use domain::playground::PlaygroundPort;
use domain::{
    ComparisonId,
    playground::{HistoryEntry, HistoryFilter},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::error::CallError;
#[cfg(feature = "ssr")]
use crate::host;

/// The member's 50 newest comparisons, newest first, as far as they match the filter.
#[server(prefix = "/_server", endpoint = "history", input = GetUrl)]
pub async fn history(filter: HistoryFilter) -> Result<Vec<HistoryEntry>, CallError> {
    let comparisons = host::service::<dyn PlaygroundPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { comparisons.history(&viewer, &filter).await }).await
}

/// Everything that the member shares.
#[server(prefix = "/_server", endpoint = "shared-links", input = GetUrl)]
pub async fn shared_links() -> Result<Vec<HistoryEntry>, CallError> {
    let comparisons = host::service::<dyn PlaygroundPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { comparisons.shared(&viewer).await }).await
}

/// Deletes a comparison permanently and redirects to the dashboard.
#[server(prefix = "/_server", endpoint = "delete-comparison")]
pub async fn delete_comparison(id: ComparisonId) -> Result<(), CallError> {
    let comparisons = host::service::<dyn PlaygroundPort>()?;
    let host = host::host()?;
    let viewer = host::viewer()?;
    host::respond(async move { comparisons.delete(&viewer, id).await }).await?;
    host.redirect("/dashboard");
    Ok(())
}
