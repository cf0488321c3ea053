//! What the pages of sharing do when their forms are sent. Each leads back to a page, so that no script is needed.

use domain::{ComparisonId, share::SharePort};
use leptos::prelude::*;

use super::choose::Choice;
use crate::{error::CallError, host};

/// Shares a comparison and shows its link, or why not, with everything ticked as it was. A box that is not ticked is not sent
/// at all.
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
        // Another link is made once.
        Ok(_) => Choice { new_link: false, ..choice }.page(id),
        Err(error) => choice.refused_page(id, error.clone().into()),
    };
    host.redirect(&back);
    shared.map(drop)
}

/// Takes a shared page away and goes back to where that was asked.
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

/// Copies a shared comparison for whoever is signed in, and opens the copy.
#[server(prefix = "/_server", endpoint = "copy-shared")]
pub async fn copy_shared(slug: String) -> Result<(), CallError> {
    let shares = host::service::<dyn SharePort>()?;
    let (host, viewer) = (host::host()?, host::viewer()?);
    let copy = host::respond(async move { shares.copy(&viewer, &slug).await }).await?;
    host.redirect(&format!("/playground/{copy}"));
    Ok(())
}
