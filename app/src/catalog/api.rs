//! The server functions of the catalogue.

#[cfg(feature = "ssr")]
use domain::catalog::CatalogPort;
use domain::catalog::ModelSummary;
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::error::CallError;
#[cfg(feature = "ssr")]
use crate::host;

/// The enabled models: featured first, then by name.
#[server(prefix = "/_server", endpoint = "models", input = GetUrl)]
pub async fn models() -> Result<Vec<ModelSummary>, CallError> {
    let catalog = host::service::<dyn CatalogPort>()?;
    host::respond(async move { catalog.models().await }).await
}
