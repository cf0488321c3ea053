//! What the page of files asks of the server.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use uuid::Uuid;

use super::{CatalogDiff, CatalogFilePort, PriceProposal};
use crate::{error::AppError, host};

/// What a file that was just given would change.
#[server(prefix = "/_server", endpoint = "previewed-catalog", input = GetUrl)]
pub async fn previewed(id: Uuid) -> Result<Option<CatalogDiff>, AppError> {
    let (port, admin) = (host::service::<dyn CatalogFilePort>()?, host::admin());
    host::respond(async move { Ok(port.previewed(&admin?, id)) }).await
}

/// What a price file that was just given proposes.
#[server(prefix = "/_server", endpoint = "price-proposals", input = GetUrl)]
pub async fn proposals(id: Uuid) -> Result<Option<Vec<PriceProposal>>, AppError> {
    let (port, admin) = (host::service::<dyn CatalogFilePort>()?, host::admin());
    host::respond(async move { Ok(port.proposals(&admin?, id)) }).await
}

/// Looks at a catalogue file and goes to the page that shows what it would change.
#[server(prefix = "/_server", endpoint = "preview-catalog")]
pub async fn preview_catalog(file: String) -> Result<(), AppError> {
    let (port, host) = (host::service::<dyn CatalogFilePort>()?, host::host()?);
    let admin = host::admin();
    let id = host::respond(async move { port.preview(&admin?, file).await }).await?;
    host.redirect(&format!("/admin/catalog?file={id}"));
    Ok(())
}

/// Reads the file that was looked at.
#[server(prefix = "/_server", endpoint = "apply-catalog")]
pub async fn apply_catalog(id: Uuid) -> Result<(), AppError> {
    let (port, host) = (host::service::<dyn CatalogFilePort>()?, host::host()?);
    let admin = host::admin();
    host::respond(async move { port.apply_file(&admin?, id).await }).await?;
    host.redirect("/admin/models?done=saved");
    Ok(())
}

/// Takes the ticked proposals over.
#[server(prefix = "/_server", endpoint = "apply-prices")]
pub async fn apply_prices(id: Uuid, #[server(default)] slugs: Vec<String>) -> Result<(), AppError> {
    let (port, host) = (host::service::<dyn CatalogFilePort>()?, host::host()?);
    let admin = host::admin();
    let count = host::respond(async move { port.apply_prices(&admin?, id, &slugs).await }).await?;
    host.redirect(&format!("/admin/models?done=changed-{count}"));
    Ok(())
}
