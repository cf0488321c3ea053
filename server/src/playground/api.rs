//! `/api/playground`: comparisons as JSON and as events.

use std::sync::Arc;

use app::{
    domain::{ComparisonId, RunId},
    playground::{Comparison, ComparisonRequest, HistoryEntry, PlaygroundPort},
};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;

use super::{service::PlaygroundService, stream};
use crate::{
    api::{ApiError, JsonBody, PathId, Problem, accepts_events},
    auth::SignedIn,
};

/// A prompt and a system prompt of 50,000 characters each, every one of them a surrogate pair of `\u` escapes: 600 kB each.
const BODY_LIMIT: usize = 1_300_000;

/// The playground's member routes.
pub fn router(playground: Arc<PlaygroundService>) -> Router {
    Router::new()
        .route("/api/playground", get(history).post(create))
        .route("/api/playground/{id}", get(show).delete(delete))
        .route("/api/playground/{id}/events", get(events))
        .route("/api/playground/{id}/runs/{run_id}/cancel", post(cancel))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(playground)
}

/// This room's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(history, create, show, events, cancel, delete), components(schemas(app::playground::Event)))]
pub struct PlaygroundDoc;

/// The member's newest comparisons, newest first; at most 50.
#[derive(Serialize, utoipa::ToSchema)]
struct History {
    sessions: Vec<HistoryEntry>,
}

/// The last 50 comparisons, newest first.
#[utoipa::path(get, path = "/api/playground", tag = "playground",
    responses((status = 200, body = History), (status = 401, body = Problem)))]
async fn history(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
) -> Result<Json<History>, ApiError> {
    Ok(Json(History { sessions: playground.history(&viewer).await? }))
}

/// Makes a comparison and runs it. The answer comes when every run has ended, or, with `Accept: text/event-stream`, as
/// events while they run. Hanging up stops nothing.
#[utoipa::path(post, path = "/api/playground", tag = "playground", request_body = ComparisonRequest,
    responses((status = 201, body = Comparison), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn create(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
    headers: HeaderMap,
    JsonBody(request): JsonBody<ComparisonRequest>,
) -> Result<Response, ApiError> {
    let live = playground.create(&viewer, request).await?;
    if accepts_events(&headers) {
        return Ok((StatusCode::CREATED, stream::of_live(&live)).into_response());
    }
    Ok((StatusCode::CREATED, Json(live.finished().await)).into_response())
}

/// A comparison with its runs.
#[utoipa::path(get, path = "/api/playground/{id}", tag = "playground", params(("id" = ComparisonId, Path)),
    responses((status = 200, body = Comparison), (status = 404, body = Problem)))]
async fn show(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<ComparisonId>,
) -> Result<Json<Comparison>, ApiError> {
    Ok(Json(playground.find(&viewer, id).await?))
}

/// Attaches to a comparison: everything as it stands, then what happens. Ends when every run has.
#[utoipa::path(get, path = "/api/playground/{id}/events", tag = "playground", params(("id" = ComparisonId, Path)),
    responses((status = 200, content_type = "text/event-stream", body = app::playground::Event), (status = 404, body = Problem)))]
async fn events(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<ComparisonId>,
) -> Result<Response, ApiError> {
    if let Some(live) = playground.live(&viewer, id) {
        return Ok(stream::of_live(&live).into_response());
    }
    let stored = playground.find(&viewer, id).await?;
    Ok(stream::of_stored(playground, viewer, stored).into_response())
}

/// Stops one run; one that has ended stays as it is.
#[utoipa::path(post, path = "/api/playground/{id}/runs/{run_id}/cancel", tag = "playground",
    params(("id" = ComparisonId, Path), ("run_id" = RunId, Path)),
    responses((status = 202), (status = 404, body = Problem)))]
async fn cancel(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
    PathId((id, run)): PathId<(ComparisonId, RunId)>,
) -> Result<StatusCode, ApiError> {
    playground.cancel(&viewer, id, run).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Deletes a comparison and its runs for good.
#[utoipa::path(delete, path = "/api/playground/{id}", tag = "playground", params(("id" = ComparisonId, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn delete(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<ComparisonId>,
) -> Result<StatusCode, ApiError> {
    playground.delete(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
