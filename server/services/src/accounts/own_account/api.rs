//! `/api/auth/*`: managing one's own account over JSON.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::accounts::{AccountDeletion, OwnAccountPort, PasswordChange, Viewer};

use super::{Exporter, OwnAccountService};
use crate::{
    accounts::{Caller, SignedIn},
    api::{ApiError, JsonBody, Problem},
};

/// Longer than any valid request.
const BODY_LIMIT: usize = 16 * 1024;

/// The routes of one's own account.
pub fn router(own: Arc<OwnAccountService>, exporter: Exporter) -> Router {
    Router::new()
        .route("/api/auth/password", post(change_password))
        .route("/api/auth/sign-out-everywhere", post(sign_out_everywhere))
        .route("/api/auth/delete-account", post(delete_account))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(own)
        .merge(Router::new().route("/api/auth/export", get(export)).with_state(exporter))
}

/// Their part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(change_password, sign_out_everywhere, delete_account, export))]
pub struct OwnAccountDoc;

/// Changes the password. Every sign-in ends; the caller gets a new one.
#[utoipa::path(post, path = "/api/auth/password", tag = "account", request_body = PasswordChange,
    responses((status = 200, description = "Changed; the cookie is set anew", body = Viewer), (status = 401, body = Problem),
        (status = 422, description = "Not the present password, or a rule is broken", body = Problem),
        (status = 429, description = "Too many attempts", body = Problem)))]
async fn change_password(
    State(own): State<Arc<OwnAccountService>>,
    SignedIn(viewer): SignedIn,
    caller: Caller,
    JsonBody(change): JsonBody<PasswordChange>,
) -> Result<Response, ApiError> {
    let signed_in = own.change_password(&viewer, change, caller.sign_in_context()).await?;
    Ok(([(header::SET_COOKIE, signed_in.cookie)], Json(signed_in.viewer)).into_response())
}

/// Ends every sign-in of the account, the caller's too.
#[utoipa::path(post, path = "/api/auth/sign-out-everywhere", tag = "account",
    responses((status = 204, description = "Signed out; the cookie is cleared"), (status = 401, body = Problem)))]
async fn sign_out_everywhere(
    State(own): State<Arc<OwnAccountService>>,
    SignedIn(viewer): SignedIn,
) -> Result<Response, ApiError> {
    let cookie = own.sign_out_everywhere(&viewer).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Erases the account with its data key and everything in it, for good.
#[utoipa::path(post, path = "/api/auth/delete-account", tag = "account", request_body = AccountDeletion,
    responses((status = 204, description = "Erased; the cookie is cleared"), (status = 401, body = Problem),
        (status = 409, description = "The last admin", body = Problem),
        (status = 422, description = "Not the password", body = Problem),
        (status = 429, description = "Too many attempts", body = Problem)))]
async fn delete_account(
    State(own): State<Arc<OwnAccountService>>,
    SignedIn(viewer): SignedIn,
    caller: Caller,
    JsonBody(deletion): JsonBody<AccountDeletion>,
) -> Result<Response, ApiError> {
    let cookie = own.delete_account(&viewer, deletion, caller.sign_in_context()).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Everything that the member has here, decrypted, as one JSON file. Keys come without their secrets.
#[utoipa::path(get, path = "/api/auth/export", tag = "account",
    responses((status = 200, content_type = "application/json", body = String), (status = 401, body = Problem)))]
async fn export(
    State(exporter): State<Exporter>,
    SignedIn(viewer): SignedIn,
    caller: Caller,
) -> Result<Response, ApiError> {
    let file = exporter.file(viewer, caller.token.as_deref()).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"quadrille-account.json\""),
    ];
    Ok((headers, Body::from_stream(file)).into_response())
}
