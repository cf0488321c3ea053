//! `/healthz`, `/readyz`, `/api/openapi.json`.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use sqlx::PgPool;

use super::openapi;

/// Liveness and readiness.
pub fn router(pool: PgPool) -> Router {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(pool)
}

/// The description of the JSON API.
pub fn api_router() -> Router {
    Router::new().route("/api/openapi.json", get(async || Json(openapi::document())))
}

/// Liveness: the process answers.
async fn alive() -> &'static str {
    "ok\n"
}

/// Readiness: the database answers too.
async fn ready(State(pool): State<PgPool>) -> (StatusCode, &'static str) {
    match database::is_alive(&pool).await {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the database is away\n"),
    }
}
