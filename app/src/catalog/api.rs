//! What pages ask of the catalogue.

#[cfg(feature = "ssr")]
use {super::CatalogPort, crate::host};

use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::ModelSummary;
use crate::error::AppError;

/// The models that can be asked: featured first, then by name.
#[server(prefix = "/_server", endpoint = "models", input = GetUrl)]
pub async fn models() -> Result<Vec<ModelSummary>, AppError> {
    let catalog = host::service::<dyn CatalogPort>()?;
    host::respond(async move { catalog.models().await }).await
}
