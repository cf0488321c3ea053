//! The server functions of the account page.

use domain::accounts::OwnAccount;
#[cfg(feature = "ssr")]
use domain::accounts::{AccountDeletion, OwnAccountPort, PasswordChange};
use leptos::{prelude::*, server_fn::codec::GetUrl};

#[cfg(feature = "ssr")]
use super::api::context;
use crate::error::CallError;
#[cfg(feature = "ssr")]
use crate::host;

/// The signed-in user's account and sessions.
#[server(prefix = "/_server", endpoint = "own-account", input = GetUrl)]
pub async fn find_own_account() -> Result<OwnAccount, CallError> {
    let (port, viewer) = (host::service::<dyn OwnAccountPort>()?, host::viewer()?);
    let token = host::host()?.sign_in_token();
    host::respond(async move { port.own_account(&viewer, token).await }).await
}

/// Changes the password. Every session ends; this browser gets a new one.
#[server(prefix = "/_server", endpoint = "change-password")]
pub async fn change_password(
    #[server(default)] password: String,
    #[server(default)] new_password: String,
) -> Result<(), CallError> {
    let (port, viewer) = (host::service::<dyn OwnAccountPort>()?, host::viewer()?);
    let host = host::host()?;
    let (change, from) = (PasswordChange { password, new_password }, context(&*host));
    let signed_in = host::respond(async move { port.change_password(&viewer, change, from).await }).await?;
    host.set_cookie(&signed_in.cookie);
    host.redirect("/account?done=password");
    Ok(())
}

/// Ends every session of the user, including this one.
#[server(prefix = "/_server", endpoint = "sign-out-everywhere")]
pub async fn sign_out_everywhere() -> Result<(), CallError> {
    let (port, viewer) = (host::service::<dyn OwnAccountPort>()?, host::viewer()?);
    let host = host::host()?;
    let cookie = host::respond(async move { port.sign_out_everywhere(&viewer).await }).await?;
    host.set_cookie(&cookie);
    host.redirect("/sign-in?done=everywhere");
    Ok(())
}

/// Deletes the account and all of its data.
#[server(prefix = "/_server", endpoint = "delete-account")]
pub async fn delete_account(#[server(default)] password: String) -> Result<(), CallError> {
    let (port, viewer) = (host::service::<dyn OwnAccountPort>()?, host::viewer()?);
    let host = host::host()?;
    let (deletion, from) = (AccountDeletion { password }, context(&*host));
    let cookie = host::respond(async move { port.delete_account(&viewer, deletion, from).await }).await?;
    host.set_cookie(&cookie);
    host.redirect("/sign-in?done=erased");
    Ok(())
}
