//! `/api/auth/*`: signing up, in and out over JSON.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::{
    accounts,
    accounts::{AccountPort, Credentials, SignUp, Viewer},
};

use super::{AccountService, Caller, SignedIn};
use crate::api::{ApiError, JsonBody, Problem};

/// Longer than any valid request.
const BODY_LIMIT: usize = 16 * 1024;

/// The routes of signing up, in and out.
pub fn router(accounts: Arc<AccountService>) -> Router {
    Router::new()
        .route("/api/auth/sign-up", post(sign_up))
        .route("/api/auth/sign-in", post(sign_in))
        .route("/api/auth/sign-out", post(sign_out))
        .route("/api/auth/me", get(me))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(accounts)
}

/// Their part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(sign_up, sign_in, sign_out, me), components(schemas(Problem)))]
pub struct AccountDoc;

/// Makes an account and signs it in.
#[utoipa::path(
    post, path = "/api/auth/sign-up", tag = "account", request_body = SignUp,
    responses(
        (status = 201, description = "The new account; the cookie is set", body = Viewer),
        (status = 403, description = "Sign-up is closed", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A rule is broken", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn sign_up(
    State(accounts): State<Arc<AccountService>>,
    caller: Caller,
    JsonBody(form): JsonBody<SignUp>,
) -> Result<Response, ApiError> {
    let signed_in = AccountPort::sign_up(&*accounts, form, caller.sign_in_context()).await?;
    Ok(with_cookie(StatusCode::CREATED, signed_in))
}

/// Signs in.
#[utoipa::path(
    post, path = "/api/auth/sign-in", tag = "account", request_body = Credentials,
    responses(
        (status = 200, description = "Signed in; the cookie is set", body = Viewer),
        (status = 401, description = "Unknown account, wrong password or disabled", body = Problem,
         content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn sign_in(
    State(accounts): State<Arc<AccountService>>,
    caller: Caller,
    JsonBody(form): JsonBody<Credentials>,
) -> Result<Response, ApiError> {
    Ok(with_cookie(StatusCode::OK, accounts.sign_in(form, caller.sign_in_context()).await?))
}

/// Signs out. Fine without being signed in, too.
#[utoipa::path(
    post, path = "/api/auth/sign-out", tag = "account",
    responses((status = 204, description = "Signed out; the cookie is cleared")),
)]
async fn sign_out(State(accounts): State<Arc<AccountService>>, caller: Caller) -> Result<Response, ApiError> {
    let cookie = accounts.sign_out(caller.token).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/auth/me", tag = "account",
    responses(
        (status = 200, body = Viewer),
        (status = 401, description = "Nobody", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn me(SignedIn(viewer): SignedIn) -> Json<Viewer> {
    Json(viewer)
}

fn with_cookie(status: StatusCode, signed_in: accounts::SignedIn) -> Response {
    (status, [(header::SET_COOKIE, signed_in.cookie)], Json(signed_in.viewer)).into_response()
}
