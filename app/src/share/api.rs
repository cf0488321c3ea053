//! The server functions behind the forms of sharing. Each redirects to a page, so that the forms work without script.

use domain::{ComparisonId, share::SharePort};
use leptos::prelude::*;

use super::choice::Choice;
use crate::{error::CallError, host, ui::refused_path};

/// Shares a comparison and shows its link, or the reason for a refusal, with the boxes ticked as they were. Browsers send no
/// field for a box that is not ticked.
#[server(prefix = "/_server", endpoint = "share-comparison")]
pub async fn share_comparison(
    id: ComparisonId,
    #[server(default)] a: Option<String>,
    #[server(default)] b: Option<String>,
    #[server(default)] c: Option<String>,
    #[server(default)] d: Option<String>,
    #[server(default)] hide_system_prompt: Option<String>,
    #[server(default)] new_link: Option<String>,
) -> Result<(), CallError> {
    let shares = host::service::<dyn SharePort>()?;
    let (host, viewer) = (host::host()?, host::viewer()?);
    let boxes = [a, b, c, d].map(|ticked| ticked.is_some());
    let choice = Choice { boxes, hides_system_prompt: hide_system_prompt.is_some(), new_link: new_link.is_some() };
    let shared = host::respond(async move { shares.share(&viewer, id, choice.request()).await }).await;
    let back = match &shared {
        // A new link was requested once; the next submission keeps it.
        Ok(_) => Choice { new_link: false, ..choice }.page(id),
        // The referring page may have another choice in its address, so the redirect is not left to Leptos.
        Err(error) => refused_path::<ShareComparison>(&choice.page(id), error.clone()),
    };
    host.redirect(&back);
    shared.map(drop)
}

/// Withdraws a shared page and returns to the page that the form was on.
#[server(prefix = "/_server", endpoint = "unshare-comparison")]
pub async fn unshare_comparison(id: ComparisonId, #[server(default)] from: Option<String>) -> Result<(), CallError> {
    let shares = host::service::<dyn SharePort>()?;
    let (host, viewer) = (host::host()?, host::viewer()?);
    host::respond(async move { shares.unshare(&viewer, id).await }).await?;
    let back = match from.as_deref() {
        Some("dashboard") => "/dashboard".to_owned(),
        _ => format!("/playground/{id}/share"),
    };
    host.redirect(&back);
    Ok(())
}

/// Copies a shared comparison into the account of the signed-in user and opens the copy.
#[server(prefix = "/_server", endpoint = "copy-shared")]
pub async fn copy_shared(slug: String) -> Result<(), CallError> {
    let shares = host::service::<dyn SharePort>()?;
    let (host, viewer) = (host::host()?, host::viewer()?);
    let copy = host::respond(async move { shares.copy(&viewer, &slug).await }).await?;
    host.redirect(&format!("/playground/{copy}"));
    Ok(())
}
