//! The server functions of the playground. Comparisons are not started here: the page posts to `/api/playground`, the same
//! endpoint that API clients use.

#[cfg(feature = "ssr")]
use domain::playground::PlaygroundPort;
use domain::{ComparisonId, RunId, playground::Comparison};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::error::CallError;
#[cfg(feature = "ssr")]
use crate::host;

/// One of the member's comparisons, with its runs in their current state.
#[server(prefix = "/_server", endpoint = "comparison", input = GetUrl)]
pub async fn find_comparison(id: ComparisonId) -> Result<Comparison, CallError> {
    let comparisons = host::service::<dyn PlaygroundPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { comparisons.find(&viewer, id).await }).await
}

/// Stores which answer the member prefers and redirects to routing with its model.
#[server(prefix = "/_server", endpoint = "pick-run")]
pub async fn pick_run(run: RunId) -> Result<(), CallError> {
    let comparisons = host::service::<dyn PlaygroundPort>()?;
    let host = host::host()?;
    let viewer = host::viewer()?;
    let model = host::respond(async move { comparisons.pick(&viewer, None, run).await }).await?;
    host.redirect(&format!("/routing?model={}", crate::ui::query_value(&model)));
    Ok(())
}
