//! `/api/keys`: a member's keys as JSON.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    routing::get,
};
use domain::{
    KeyId,
    keys::{ApiKey, KeyChange, KeyRequest, KeysPort, NewKey},
};
use serde::Serialize;

use super::KeyService;
use crate::{
    accounts::SignedIn,
    api::{ApiError, JsonBody, PathId, Problem},
};

/// Bytes of a body: fits a hundred model names of the greatest length with every character escaped.
const BODY_LIMIT: usize = 256 * 1024;

/// The routes of this module.
pub fn router(keys: Arc<KeyService>) -> Router {
    Router::new()
        .route("/api/keys", get(list).post(create))
        .route("/api/keys/{id}", get(show).patch(change).delete(revoke))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(keys)
}

/// This module's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, create, show, change, revoke))]
pub struct KeysDoc;

/// The member's keys, newest first.
#[derive(Serialize, utoipa::ToSchema)]
struct KeyList {
    keys: Vec<ApiKey>,
}

/// The member's keys, newest first; of the revoked ones the newest 50 are kept.
#[utoipa::path(get, path = "/api/keys", tag = "keys",
    responses((status = 200, body = KeyList), (status = 401, body = Problem)))]
async fn list(State(keys): State<Arc<KeyService>>, SignedIn(viewer): SignedIn) -> Result<Json<KeyList>, ApiError> {
    Ok(Json(KeyList { keys: keys.keys(&viewer).await? }))
}

/// Makes a key. Its secret is in this answer and nowhere else, ever.
#[utoipa::path(post, path = "/api/keys", tag = "keys", request_body = KeyRequest,
    responses((status = 201, body = NewKey), (status = 401, body = Problem),
        (status = 409, description = "The member has 50 keys", body = Problem), (status = 422, body = Problem)))]
async fn create(
    State(keys): State<Arc<KeyService>>,
    SignedIn(viewer): SignedIn,
    JsonBody(request): JsonBody<KeyRequest>,
) -> Result<(StatusCode, Json<NewKey>), ApiError> {
    let key = keys.create(&viewer, keys.new_id(), request).await?;
    Ok((StatusCode::CREATED, Json(key)))
}

/// One key, without its secret.
#[utoipa::path(get, path = "/api/keys/{id}", tag = "keys", params(("id" = KeyId, Path)),
    responses((status = 200, body = ApiKey), (status = 404, body = Problem)))]
async fn show(
    State(keys): State<Arc<KeyService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<KeyId>,
) -> Result<Json<ApiKey>, ApiError> {
    Ok(Json(keys.find(&viewer, id).await?))
}

/// Changes the name, the list of models or the limit of a key. It holds at once, on every server.
#[utoipa::path(patch, path = "/api/keys/{id}", tag = "keys", params(("id" = KeyId, Path)), request_body = KeyChange,
    responses((status = 200, body = ApiKey), (status = 404, body = Problem),
        (status = 409, description = "The key is revoked", body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(keys): State<Arc<KeyService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<KeyId>,
    JsonBody(change): JsonBody<KeyChange>,
) -> Result<Json<ApiKey>, ApiError> {
    Ok(Json(keys.change(&viewer, id, change).await?))
}

/// Revokes a key for good, at once, on every server.
#[utoipa::path(delete, path = "/api/keys/{id}", tag = "keys", params(("id" = KeyId, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn revoke(
    State(keys): State<Arc<KeyService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<KeyId>,
) -> Result<StatusCode, ApiError> {
    keys.revoke(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
