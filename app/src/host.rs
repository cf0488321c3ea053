//! The request's context as pages and server functions see it, independent of the server's types.

use std::{future::Future, sync::Arc};

use domain::{
    accounts::{Admin, Viewer},
    error::AppError,
};
use leptos::prelude::use_context;

use crate::error::CallError;

/// What a request offers to the page or server function that handles it. Provided as context by the server.
pub trait Host: Send + Sync {
    /// The signed-in user. Resolved before the page is rendered, so reading it never waits.
    fn viewer(&self) -> Option<Viewer>;
    /// The client's address, by which rate limits count.
    fn remote_address(&self) -> String;
    /// The user agent, at most 200 characters.
    fn user_agent(&self) -> String;
    /// The token in the sign-in cookie, if there is one.
    fn sign_in_token(&self) -> Option<String>;
    /// Sets the HTTP status of the answer.
    fn set_status(&self, status: u16);
    /// Adds a `Set-Cookie` header.
    fn set_cookie(&self, cookie: &str);
    /// Tells search engines to leave this page out.
    fn forbid_indexing(&self);
    /// Redirects the browser to a path of this site.
    fn redirect(&self, path: &str);
    /// Whether a server function was called at its own path, and not while a page is rendered.
    fn is_call(&self) -> bool;
}

/// The host of this request. Call it before the first `.await`: there is no context after it.
pub fn host() -> Result<Arc<dyn Host>, AppError> {
    use_context::<Arc<dyn Host>>().ok_or(AppError::Internal)
}

/// The port of a module. Call it before the first `.await`.
pub fn service<T: ?Sized + Send + Sync + 'static>() -> Result<Arc<T>, AppError> {
    use_context::<Arc<T>>().ok_or(AppError::Internal)
}

/// The signed-in user, or [`AppError::Unauthenticated`], which also becomes the status of a server function called at its
/// own path. Call it before the first `.await`.
pub fn viewer() -> Result<Viewer, AppError> {
    let host = host()?;
    let viewer = host.viewer().ok_or(AppError::Unauthenticated);
    if let Err(error) = &viewer
        && host.is_call()
    {
        host.set_status(error.status());
    }
    viewer
}

/// The signed-in admin; [`AppError::Forbidden`] for a member. Call it before the first `.await`.
pub fn admin() -> Result<Admin, AppError> {
    viewer()?.admin()
}

/// Awaits an answer; if the server function was called at its own path, its error sets the HTTP status. While a page is
/// rendered the page decides instead, so that a failing side panel does not turn it into a 404.
pub async fn respond<T>(answer: impl Future<Output = Result<T, AppError>>) -> Result<T, CallError> {
    let host = host();
    let result = answer.await;
    if let (Err(error), Ok(host)) = (&result, host)
        && host.is_call()
    {
        host.set_status(error.status());
    }
    result.map_err(CallError)
}
