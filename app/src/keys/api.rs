//! The server functions of the keys page. Creating and changing a key are not among them: the form is posted to the page
//! itself, so that a new secret is in that one answer only.

#[cfg(feature = "ssr")]
use domain::keys::KeysPort;
use domain::{KeyId, keys::ApiKey};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::error::CallError;
#[cfg(feature = "ssr")]
use crate::host;

/// The member's keys, newest first.
#[server(prefix = "/_server", endpoint = "keys", input = GetUrl)]
pub async fn keys() -> Result<Vec<ApiKey>, CallError> {
    let keys = host::service::<dyn KeysPort>()?;
    let viewer = host::viewer()?;
    host::respond(async move { keys.keys(&viewer).await }).await
}

/// Revokes a key permanently and redirects to the list.
#[server(prefix = "/_server", endpoint = "revoke-key")]
pub async fn revoke_key(id: KeyId) -> Result<(), CallError> {
    let keys = host::service::<dyn KeysPort>()?;
    let host = host::host()?;
    let viewer = host::viewer()?;
    host::respond(async move { keys.revoke(&viewer, id).await }).await?;
    host.redirect("/keys");
    Ok(())
}
