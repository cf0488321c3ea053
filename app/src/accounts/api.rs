//! The server functions of signing in, up and out.

#[cfg(feature = "ssr")]
use domain::accounts::{AccountPort, Credentials, SignInContext, SignUp as SignUpForm};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::next_path;
use crate::error::CallError;
#[cfg(feature = "ssr")]
use crate::host::{self, Host};

/// Signs in and returns the path to continue at. A plain form post is redirected there.
#[server(prefix = "/_server", endpoint = "sign-in")]
pub async fn sign_in(email: String, password: String, next: String) -> Result<String, CallError> {
    let accounts = host::service::<dyn AccountPort>()?;
    let host = host::host()?;
    let from = context(&*host);
    let signed_in = host::respond(async move { accounts.sign_in(Credentials { email, password }, from).await }).await?;
    host.set_cookie(&signed_in.cookie);
    let next = next_path(&next).to_owned();
    host.redirect(&next);
    Ok(next)
}

/// Creates an account, signs it in and returns the path to continue at. A plain form post is redirected there.
#[server(prefix = "/_server", endpoint = "sign-up")]
pub async fn sign_up(
    email: String,
    password: String,
    next: String,
    #[server(default)] invite: String,
) -> Result<String, CallError> {
    let accounts = host::service::<dyn AccountPort>()?;
    let host = host::host()?;
    let from = context(&*host);
    let invite = Some(invite).filter(|invite| !invite.trim().is_empty());
    let form = SignUpForm { email, password, invite };
    let signed_in = host::respond(async move { accounts.sign_up(form, from).await }).await?;
    host.set_cookie(&signed_in.cookie);
    let next = next_path(&next).to_owned();
    host.redirect(&next);
    Ok(next)
}

/// Ends this sign-in and redirects to the home page.
#[server(prefix = "/_server", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), CallError> {
    let accounts = host::service::<dyn AccountPort>()?;
    let host = host::host()?;
    let token = host.sign_in_token();
    let cookie = host::respond(async move { accounts.sign_out(token).await }).await?;
    host.set_cookie(&cookie);
    host.redirect("/");
    Ok(())
}

/// The client's address, user agent and previous session, which sign-in records and limits by.
#[cfg(feature = "ssr")]
pub(super) fn context(host: &dyn Host) -> SignInContext {
    SignInContext {
        remote_address: host.remote_address(),
        user_agent: host.user_agent(),
        previous_token: host.sign_in_token(),
    }
}
