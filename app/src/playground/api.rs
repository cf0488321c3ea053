//! What the playground's pages ask of the server. Running is not here: the page posts to `/api/playground`, the same door
//! that programs use.

#[cfg(feature = "ssr")]
use {super::PlaygroundPort, crate::host};

use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::Comparison;
use crate::{domain::ComparisonId, error::AppError};

/// One comparison of the member with its runs, as it stands.
#[server(prefix = "/_server", endpoint = "comparison", input = GetUrl)]
pub async fn find_comparison(id: ComparisonId) -> Result<Comparison, AppError> {
    let comparisons = host::service::<dyn PlaygroundPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { comparisons.find(&viewer, id).await }).await
}
