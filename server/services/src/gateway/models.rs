//! `GET /v1/models`: what a key may ask.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde_json::{Value, json};

use super::{error::Failure, service::Gateway};

/// Every model that this key may ask.
pub(super) async fn list(State(gateway): State<Arc<Gateway>>, parts: Parts) -> Result<Json<Value>, Failure> {
    let key = gateway.authenticate(&parts).await?;
    let names = gateway.names(&key, gateway.clock.now()).await?;
    let data: Vec<Value> = names.iter().map(|name| entry(name)).collect();
    Ok(Json(json!({"object": "list", "data": data})))
}

/// One of them. Names may have slashes in them.
pub(super) async fn find(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    parts: Parts,
) -> Result<Json<Value>, Failure> {
    let key = gateway.authenticate(&parts).await?;
    let names = gateway.names(&key, gateway.clock.now()).await?;
    if names.contains(&name) {
        return Ok(Json(entry(&name)));
    }
    let message = "There is no such model, or this key may not ask it. `GET /v1/models` lists those it may ask.";
    Err(Failure::refused(StatusCode::NOT_FOUND, "model_not_found", message).about("model"))
}

/// When a model was made is not known; the packages of OpenAI expect a number.
fn entry(name: &str) -> Value {
    json!({"id": name, "object": "model", "created": 0, "owned_by": "quadrille"})
}

/// The body of a request that fits no route is not read.
pub(super) async fn no_route() -> Failure {
    let message = "There is no such address. The gateway answers `POST /v1/chat/completions` and `GET /v1/models`.";
    Failure::refused(StatusCode::NOT_FOUND, "unknown_url", message)
}

/// The address takes another method.
pub(super) async fn wrong_method() -> Failure {
    let message = "This address takes another method: `POST /v1/chat/completions`, `GET /v1/models`.";
    Failure::refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

/// What is left to say when a task of internal_error panicked.
pub(super) fn broken() -> Response {
    use axum::response::IntoResponse;
    Failure::internal_error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal_error",
        "Something went wrong here. It is in our log.",
    )
    .into_response()
}
