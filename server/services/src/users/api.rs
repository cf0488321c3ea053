//! `/api/admin/users` and `/api/admin/invites`.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, patch, post},
};
use domain::{
    UserId,
    users::{Invitation, InviteRequest, UserEdit, UserList, UsersPort},
};
use serde::Deserialize;

use super::UserService;
use crate::{
    accounts::AdminViewer,
    api::{ApiError, JsonBody, PathId, Problem, QueryParams},
};

/// The routes of user administration.
pub fn router(users: Arc<UserService>) -> Router {
    Router::new()
        .route("/api/admin/users", get(list))
        .route("/api/admin/users/{id}", patch(change).delete(delete))
        .route("/api/admin/invites", post(invite))
        .with_state(users)
}

/// Their part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, change, delete, invite))]
pub struct UsersDoc;

/// Where to read on.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct Params {
    /// The `next` value of the previous response.
    after: Option<String>,
}

/// Accounts by e-mail address, two hundred at a time.
#[utoipa::path(get, path = "/api/admin/users", tag = "admin", params(Params),
    responses((status = 200, body = UserList), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list(
    State(users): State<Arc<UserService>>,
    AdminViewer(admin): AdminViewer,
    QueryParams(params): QueryParams<Params>,
) -> Result<Json<UserList>, ApiError> {
    Ok(Json(users.users(&admin, params.after.as_deref()).await?))
}

/// Changes a role, or disables or enables. Disabling ends every sign-in and API key of the account at once.
#[utoipa::path(patch, path = "/api/admin/users/{id}", tag = "admin", params(("id" = UserId, Path)), request_body = UserEdit,
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "One's own account, or the last admin", body = Problem)))]
async fn change(
    State(users): State<Arc<UserService>>,
    AdminViewer(admin): AdminViewer,
    PathId(id): PathId<UserId>,
    JsonBody(edit): JsonBody<UserEdit>,
) -> Result<StatusCode, ApiError> {
    users.change(&admin, id, edit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes an account with everything it has, for good.
#[utoipa::path(delete, path = "/api/admin/users/{id}", tag = "admin", params(("id" = UserId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "One's own account, or the last admin", body = Problem)))]
async fn delete(
    State(users): State<Arc<UserService>>,
    AdminViewer(admin): AdminViewer,
    PathId(id): PathId<UserId>,
) -> Result<StatusCode, ApiError> {
    users.delete(&admin, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes an invitation; its address is returned this once.
#[utoipa::path(post, path = "/api/admin/invites", tag = "admin", request_body = InviteRequest,
    responses((status = 201, body = Invitation), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
async fn invite(
    State(users): State<Arc<UserService>>,
    AdminViewer(admin): AdminViewer,
    JsonBody(request): JsonBody<InviteRequest>,
) -> Result<(StatusCode, Json<Invitation>), ApiError> {
    Ok((StatusCode::CREATED, Json(users.invite(&admin, request).await?)))
}
