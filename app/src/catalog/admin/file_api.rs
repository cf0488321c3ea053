//! The server functions for the catalogue file and for prices.

use domain::{
    catalog::admin::{CatalogDiff, CatalogFilePort, PriceProposal},
    error::{AppError, FieldError},
};
use leptos::prelude::*;

use crate::{error::CallError, host};

/// The changes that a catalogue file would make.
#[server(prefix = "/_server", endpoint = "preview-catalog")]
pub async fn preview_catalog(file: String) -> Result<CatalogDiff, CallError> {
    let (port, admin) = (host::service::<dyn CatalogFilePort>()?, host::admin());
    host::respond(async move { port.import(&admin?, &file, true).await }).await
}

/// Applies a catalogue file.
#[server(prefix = "/_server", endpoint = "apply-catalog")]
pub async fn apply_catalog(file: String) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn CatalogFilePort>()?, host::host()?);
    let admin = host::admin();
    host::respond(async move { port.import(&admin?, &file, false).await }).await?;
    host.redirect("/admin/models?done=saved");
    Ok(())
}

/// The prices that a price file proposes.
#[server(prefix = "/_server", endpoint = "propose-prices")]
pub async fn propose_prices(prices: String) -> Result<Vec<PriceProposal>, CallError> {
    let (port, admin) = (host::service::<dyn CatalogFilePort>()?, host::admin());
    host::respond(async move { port.proposals(&admin?, &prices).await }).await
}

/// Applies the ticked proposals; each of them is JSON.
#[server(prefix = "/_server", endpoint = "apply-prices")]
pub async fn apply_prices(#[server(default)] proposals: Vec<String>) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn CatalogFilePort>()?, host::host()?);
    let admin = host::admin();
    let count = host::respond(async move {
        let admin = admin?;
        let read: Result<Vec<PriceProposal>, _> = proposals.iter().map(|one| serde_json::from_str(one)).collect();
        let chosen =
            read.map_err(|_| AppError::Malformed("The proposals are incomplete. Give the price file again.".into()))?;
        if chosen.is_empty() {
            let message = "Tick at least one model.";
            return Err(AppError::Invalid(vec![FieldError::new("proposals", "empty", message)]));
        }
        port.apply_prices(&admin, chosen).await
    })
    .await?;
    host.redirect(&format!("/admin/models?done=changed-{count}"));
    Ok(())
}
