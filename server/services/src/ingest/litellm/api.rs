//! `POST /api/ingest/litellm`.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequestParts, State, rejection::BytesRejection},
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;

use super::service::{BacklogFull, Ingest};
use crate::api::{ApiError, Problem};

/// Bytes of a batch. LiteLLM sends 512 events of about 13 kB by default; long prompts make them larger.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// The route.
pub fn router(ingest: Arc<Ingest>) -> Router {
    Router::new().route("/api/ingest/litellm", post(take)).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(ingest)
}

/// This module's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(take))]
pub struct IngestDoc;

/// Proof that the sender has the token; extracted before the body is read.
struct Sender;

impl FromRequestParts<Arc<Ingest>> for Sender {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, ingest: &Arc<Ingest>) -> Result<Self, ApiError> {
        if !ingest.is_enabled() {
            let detail = "There is no ingest here: the operator has not set QUADRILLE_LITELLM_INGEST_TOKEN.";
            return Err(Problem::new(StatusCode::NOT_FOUND, "ingest_closed", detail).into());
        }
        let token = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        match token.is_some_and(|token| ingest.accepts_token(token.trim())) {
            true => Ok(Self),
            false => {
                let detail =
                    "Send the token as `Authorization: Bearer …`: GENERIC_LOGGER_HEADERS in LiteLLM's environment.";
                Err(Problem::new(StatusCode::UNAUTHORIZED, "invalid_token", detail).into())
            }
        }
    }
}

/// Takes a batch in and answers before working on it: LiteLLM loses what a slow receiver holds up.
#[utoipa::path(post, path = "/api/ingest/litellm", tag = "ingest",
    request_body(content = String, content_type = "application/json", description = "LiteLLM's StandardLoggingPayload: an array, one on each line, or one"),
    responses((status = 202, description = "Taken in; worked off after this answer"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 404, description = "There is no token", body = Problem),
        (status = 413, body = Problem), (status = 503, body = Problem)))]
async fn take(State(ingest): State<Arc<Ingest>>, _: Sender, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let detail =
                "A batch may have 64 MiB. Set turn_off_message_logging in LiteLLM, or DEFAULT_BATCH_SIZE lower.";
            return ApiError::from(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)).into_response();
        }
        Err(_) => {
            let problem = Problem::new(StatusCode::BAD_REQUEST, "bad_body", "The body did not arrive whole.");
            return ApiError::from(problem).into_response();
        }
    };
    if !matches!(body.trim_ascii_start().first(), Some(b'[' | b'{')) {
        let detail = "The body has to be a JSON array of events, one event, or one on each line.";
        return ApiError::from(Problem::new(StatusCode::BAD_REQUEST, "bad_json", detail)).into_response();
    }
    let bytes = body.len();
    match ingest.enqueue(body) {
        Ok(()) => (StatusCode::ACCEPTED, Json(json!({"received_bytes": bytes}))).into_response(),
        Err(BacklogFull) => {
            let detail = "More is waiting to be worked off than fits. Send it again shortly.";
            let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail);
            problem.retry_after_s = Some(5);
            ApiError::from(problem).into_response()
        }
    }
}
