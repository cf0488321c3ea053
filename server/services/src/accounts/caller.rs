//! Who is calling: resolved once for each request, before pages, server functions and JSON routes.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, header, request::Parts},
    middleware::{self, Next},
    response::Response,
};
use domain::{
    accounts::{Admin, SignInContext, Viewer},
    error::AppError,
};
use foundation::error::Error;

use super::AccountService;
use crate::{accounts::TrustedProxies, api::ApiError};

/// What is known about a request's sender. Extracting it rejects only outside of [`with_caller`].
#[derive(Clone)]
pub struct Caller {
    /// Who is signed in; an error if that could not be read, which must not be taken for nobody.
    viewer: Result<Option<Viewer>, AppError>,
    /// The token in the sign-in cookie, valid or not.
    pub token: Option<String>,
    /// The address that rate limits count against.
    pub remote_address: String,
    /// The `User-Agent` header, at most 200 characters.
    pub user_agent: String,
}

impl Caller {
    /// Who is signed in, if anybody.
    pub fn viewer(&self) -> Option<&Viewer> {
        self.viewer.as_ref().ok().and_then(Option::as_ref)
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] for nobody, or why it could not be read.
    pub fn signed_in(&self) -> Result<Viewer, AppError> {
        self.viewer.clone()?.ok_or(AppError::Unauthenticated)
    }

    /// The context of a sign-in by this request.
    pub fn sign_in_context(&self) -> SignInContext {
        SignInContext {
            remote_address: self.remote_address.clone(),
            user_agent: self.user_agent.clone(),
            previous_token: self.token.clone(),
        }
    }
}

/// Resolves the [`Caller`] before every route of a router.
pub fn with_caller(router: Router, accounts: Arc<AccountService>) -> Router {
    router.layer(middleware::from_fn_with_state(accounts, resolve_caller))
}

/// The middleware behind [`with_caller`]. It reads the peer's address from `ConnectInfo<SocketAddr>`.
pub async fn resolve_caller(State(accounts): State<Arc<AccountService>>, mut request: Request, next: Next) -> Response {
    let token = accounts.cookies().token(request.headers());
    let viewer = match &token {
        None => Ok(None),
        Some(token) => accounts.viewer(token).await.map_err(AppError::from),
    };
    let caller = Caller {
        viewer,
        token,
        remote_address: remote_address(request.extensions(), request.headers(), accounts.trusted_proxies()),
        user_agent: user_agent(request.headers()),
    };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.ok_or_else(|| Error::Internal("a route outside of with_caller asks who is calling".into()).into())
    }
}

/// Whoever is signed in; 401 if nobody is.
pub struct SignedIn(pub Viewer);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(Self(Caller::from_request_parts(parts, state).await?.signed_in()?))
    }
}

/// An admin who is signed in; 401 if nobody is, 403 for a member.
pub struct AdminViewer(pub Admin);

impl<S: Send + Sync> FromRequestParts<S> for AdminViewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let SignedIn(viewer) = SignedIn::from_request_parts(parts, state).await?;
        Ok(Self(viewer.admin()?))
    }
}

/// The address that rate limits count against.
fn remote_address(extensions: &Extensions, headers: &HeaderMap, proxies: &TrustedProxies) -> String {
    let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else { return "unknown".into() };
    let forwarded: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    proxies.client(peer.ip(), forwarded.into_iter()).to_string()
}

fn user_agent(headers: &HeaderMap) -> String {
    let value = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    value.unwrap_or_default().chars().take(200).collect()
}
