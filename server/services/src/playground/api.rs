//! `/api/playground`: comparisons as JSON and as events.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use domain::{
    ComparisonId, RunId,
    error::{AppError, Noun},
    playground::{Comparison, ComparisonRequest, HistoryEntry, HistoryFilter, PickRequest, PlaygroundPort},
};
use foundation::error::Error;
use markdown::answer_html;
use serde::Serialize;

use super::{
    service::PlaygroundService,
    stream::{self, Source},
    subscription::Subscription,
};
use crate::{
    accounts::SignedIn,
    api::{ApiError, JsonBody, PathId, Problem, QueryParams, accepts_events},
};

/// A prompt and a system prompt of 50,000 characters each, every one of them a surrogate pair of `\u` escapes: 600 kB each.
const BODY_LIMIT: usize = 1_300_000;

/// The playground's member routes.
pub fn router(playground: Arc<PlaygroundService>) -> Router {
    Router::new()
        .route("/api/playground", get(history).post(create))
        .route("/api/playground/{id}", get(show).delete(delete))
        .route("/api/playground/{id}/events", get(events))
        .route("/api/playground/{id}/pick", post(pick))
        .route("/api/playground/{id}/runs/{run_id}/cancel", post(cancel))
        .route("/api/playground/{id}/runs/{run_id}/retry", post(retry))
        .route("/api/playground/{id}/runs/{run_id}/html", get(html))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(playground)
}

/// The playground's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(history, create, show, events, pick, cancel, retry, html, delete),
    components(schemas(domain::playground::Event))
)]
pub struct PlaygroundDoc;

/// The member's newest comparisons, newest first; at most 50.
#[derive(Serialize, utoipa::ToSchema)]
struct History {
    sessions: Vec<HistoryEntry>,
}

/// The last 50 comparisons, newest first; those of them that pass the filter of the query.
#[utoipa::path(get, path = "/api/playground", tag = "playground", params(HistoryFilter),
    responses((status = 200, body = History), (status = 401, body = Problem)))]
async fn history(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
    QueryParams(filter): QueryParams<HistoryFilter>,
) -> Result<Json<History>, ApiError> {
    Ok(Json(History { sessions: playground.history(&viewer, &filter).await? }))
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
        let events = stream::of(playground, viewer, Source::ActiveComparison(Subscription::new(live)));
        return Ok((StatusCode::CREATED, events).into_response());
    }
    Ok((StatusCode::CREATED, Json(playground.finished(&viewer, &live).await?)).into_response())
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

/// The events of a comparison: first its current state, then every change. Ends when every run has ended.
#[utoipa::path(get, path = "/api/playground/{id}/events", tag = "playground", params(("id" = ComparisonId, Path)),
    responses((status = 200, content_type = "text/event-stream", body = domain::playground::Event), (status = 404, body = Problem)))]
async fn events(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<ComparisonId>,
) -> Result<Response, ApiError> {
    let source = match playground.live(&viewer, id) {
        Some(live) => Source::ActiveComparison(Subscription::new(live)),
        None => Source::Stored(playground.stored(&viewer, id).await?),
    };
    Ok(stream::of(playground, viewer, source).into_response())
}

/// Remembers which answer the member prefers; it must be one that is done.
#[utoipa::path(post, path = "/api/playground/{id}/pick", tag = "playground", params(("id" = ComparisonId, Path)),
    request_body = PickRequest,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn pick(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<ComparisonId>,
    JsonBody(request): JsonBody<PickRequest>,
) -> Result<StatusCode, ApiError> {
    playground.pick(&viewer, Some(id), request.run_id).await?;
    Ok(StatusCode::NO_CONTENT)
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

/// Runs one ended run again, while others may go on; `GET …/events` follows it. Its old answer is replaced.
#[utoipa::path(post, path = "/api/playground/{id}/runs/{run_id}/retry", tag = "playground",
    params(("id" = ComparisonId, Path), ("run_id" = RunId, Path)),
    responses((status = 202), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn retry(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
    PathId((id, run)): PathId<(ComparisonId, RunId)>,
) -> Result<StatusCode, ApiError> {
    playground.retry(&viewer, id, run).await?;
    Ok(StatusCode::ACCEPTED)
}

/// An answer as HTML that can do nothing, made from its Markdown. 204 where it is better shown as the text it is.
#[utoipa::path(get, path = "/api/playground/{id}/runs/{run_id}/html", tag = "playground",
    params(("id" = ComparisonId, Path), ("run_id" = RunId, Path)),
    responses((status = 200, content_type = "text/html", body = String), (status = 204), (status = 404, body = Problem)))]
async fn html(
    State(playground): State<Arc<PlaygroundService>>,
    SignedIn(viewer): SignedIn,
    PathId((id, run)): PathId<(ComparisonId, RunId)>,
) -> Result<Response, ApiError> {
    let comparison = playground.find(&viewer, id).await?;
    let run = comparison.runs.into_iter().find(|other| other.id == run).ok_or(AppError::NotFound(Noun::Run))?;
    let rendered = tokio::task::spawn_blocking(move || {
        run.ended_answer().and_then(|(answer, reasoning)| answer_html(answer, reasoning))
    })
    .await
    .map_err(Error::Task)?;
    Ok(rendered.map_or_else(|| StatusCode::NO_CONTENT.into_response(), |html| Html(html).into_response()))
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
