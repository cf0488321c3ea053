//! `GET /v1/models`: the models that a key may use. Also the responses for addresses that do not exist.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, request::Parts},
};
use serde_json::{Value, json};

use super::{error::Failure, service::Gateway};

/// Every model that this key may use.
pub(super) async fn list(State(gateway): State<Arc<Gateway>>, parts: Parts) -> Result<Json<Value>, Failure> {
    let data: Vec<Value> = gateway.model_names(&parts).await?.iter().map(|name| entry(name)).collect();
    Ok(Json(json!({"object": "list", "data": data})))
}

/// One of them. Names may contain slashes, raw or as `%2F`; proxies that merge two slashes take the first one of a name away.
pub(super) async fn find(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    parts: Parts,
) -> Result<Json<Value>, Failure> {
    let names = gateway.model_names(&parts).await?;
    let is_asked = |known: &&String| **known == name || known.strip_prefix('/') == Some(name.as_str());
    let exact = names.iter().find(|known| **known == name);
    if let Some(name) = exact.or_else(|| names.iter().find(is_asked)) {
        return Ok(Json(entry(name)));
    }
    let message = "There is no such model, or this key may not ask it. `GET /v1/models` lists those it may ask.";
    Err(Failure::rejected(StatusCode::NOT_FOUND, "model_not_found", message).with_param("model"))
}

/// OpenAI's client libraries require `created` to be a number; when a model was made is not known here.
fn entry(name: &str) -> Value {
    json!({"id": name, "object": "model", "created": 0, "owned_by": "quadrille"})
}

/// No route has this address. The body is not read.
pub(super) async fn no_route() -> Failure {
    let message = "There is no such address. The gateway answers `POST /v1/chat/completions` and `GET /v1/models`.";
    Failure::rejected(StatusCode::NOT_FOUND, "unknown_url", message)
}

/// The address exists, but not with this method.
pub(super) async fn wrong_method() -> Failure {
    let message = "This address takes another method: `POST /v1/chat/completions`, `GET /v1/models`.";
    Failure::rejected(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
