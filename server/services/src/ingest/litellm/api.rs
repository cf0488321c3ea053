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
use foundation::error::Error;

use super::service::{Ingest, Receipt};
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

/// Takes a batch in. It is answered when it has been read, before its events are written: LiteLLM loses what a slow receiver
/// holds up.
#[utoipa::path(post, path = "/api/ingest/litellm", tag = "ingest",
    request_body(content = String, content_type = "application/json", description = "LiteLLM's StandardLoggingPayload: an array, one on each line, or one"),
    responses((status = 202, description = "Taken in; the events are written after this answer", body = Receipt),
        (status = 400, description = "Nothing in it is a JSON object", body = Problem),
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
    let is_blank = body.trim_ascii().is_empty();
    let Ok(told) = ingest.enqueue(body) else {
        let detail = "More is waiting to be worked off than fits. Send it again shortly.";
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail);
        problem.retry_after_s = Some(5);
        return ApiError::from(problem).into_response();
    };
    match told.await {
        Ok(receipt) if is_blank || receipt.is_no_json() => {
            let detail = "The body has to be a JSON array of events, one event, or one on each line.";
            ApiError::from(Problem::new(StatusCode::BAD_REQUEST, "bad_json", detail)).into_response()
        }
        Ok(receipt) => (StatusCode::ACCEPTED, Json(receipt)).into_response(),
        // The task that read it panicked.
        Err(_) => ApiError::from(Error::Internal("a batch from LiteLLM was not read".into())).into_response(),
    }
}
