//! `/api/routing`: the member's list as JSON.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    routing::get,
};
use domain::routing::{Route, RouteRequest, RoutingPort};

use super::RoutingService;
use crate::{
    accounts::SignedIn,
    api::{ApiError, JsonBody, Problem},
};

/// Bytes of a body: fits twenty model names of the greatest length with every character escaped.
const BODY_LIMIT: usize = 64 * 1024;

/// The routes of this module.
pub fn router(routing: Arc<RoutingService>) -> Router {
    Router::new()
        .route("/api/routing", get(show).put(save))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(routing)
}

/// This module's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show, save))]
pub struct RoutingDoc;

/// The member's list of models for `auto`; empty where none was saved.
#[utoipa::path(get, path = "/api/routing", tag = "routing",
    responses((status = 200, body = Route), (status = 401, body = Problem)))]
async fn show(State(routing): State<Arc<RoutingService>>, SignedIn(viewer): SignedIn) -> Result<Json<Route>, ApiError> {
    Ok(Json(routing.route(&viewer).await?))
}

/// Saves the member's list, whole. It holds at once, on every server.
#[utoipa::path(put, path = "/api/routing", tag = "routing", request_body = RouteRequest,
    responses((status = 200, body = Route), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn save(
    State(routing): State<Arc<RoutingService>>,
    SignedIn(viewer): SignedIn,
    JsonBody(request): JsonBody<RouteRequest>,
) -> Result<Json<Route>, ApiError> {
    Ok(Json(routing.save(&viewer, request).await?))
}
