//! `POST /api/admin/models/{slug}/test` and its relatives.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::post,
};
use domain::catalog::admin::{TestEvent, TestReport, TestRequest, TestRow, UnsavedTest};
use futures::{StreamExt, channel::mpsc};
use serde::Serialize;

use super::{DirectTestService, service::Prepared};
use crate::{
    accounts::AdminViewer,
    api::{ApiError, JsonBody, ModelSlug, PathId, Problem, accepts_events},
};

/// Limit of a request body: an image of 5 MB in base64, and two texts.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// The routes of the direct test.
pub fn router(tests: Arc<DirectTestService>) -> Router {
    Router::new()
        .route("/api/admin/models/{slug}/test", post(test))
        .route("/api/admin/test-values", post(test_values))
        .route("/api/admin/test-all", post(test_all))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(tests)
}

/// This part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(test, test_values, test_all), components(schemas(TestEvent)))]
pub struct DirectTestDoc;

/// A row for each model that was tested.
#[derive(Serialize, utoipa::ToSchema)]
struct Rows {
    results: Vec<TestRow>,
}

/// Tests one model straight at its upstream, past the gateway: no usage event, no limits; the provider bills it. The answer
/// comes when the test has ended or, with `Accept: text/event-stream`, as events. Hanging up ends the test.
#[utoipa::path(post, path = "/api/admin/models/{slug}/test", tag = "admin", params(("slug" = String, Path)),
    request_body = TestRequest,
    responses((status = 200, body = TestReport), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn test(
    State(tests): State<Arc<DirectTestService>>,
    AdminViewer(admin): AdminViewer,
    PathId(ModelSlug(slug)): PathId<ModelSlug>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<TestRequest>,
) -> Result<Response, ApiError> {
    let prepared = tests.prepare(&admin, &slug, request).await?;
    answer(tests, prepared, &headers).await
}

/// Tests values that have not been saved; without a model up to the list of models.
#[utoipa::path(post, path = "/api/admin/test-values", tag = "admin", request_body = UnsavedTest,
    responses((status = 200, body = TestReport), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn test_values(
    State(tests): State<Arc<DirectTestService>>,
    AdminViewer(admin): AdminViewer,
    headers: HeaderMap,
    JsonBody(values): JsonBody<UnsavedTest>,
) -> Result<Response, ApiError> {
    let prepared = tests.prepare_values(&admin, values).await?;
    answer(tests, prepared, &headers).await
}

/// Asks every enabled model for one token, four at a time; the provider bills that.
#[utoipa::path(post, path = "/api/admin/test-all", tag = "admin",
    responses((status = 200, body = Rows), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn test_all(
    State(tests): State<Arc<DirectTestService>>,
    AdminViewer(admin): AdminViewer,
) -> Result<Json<Rows>, ApiError> {
    Ok(Json(Rows { results: tests.all(&admin).await? }))
}

async fn answer(tests: Arc<DirectTestService>, prepared: Prepared, headers: &HeaderMap) -> Result<Response, ApiError> {
    if !accepts_events(headers) {
        return Ok(Json(tests.run(prepared, Box::new(|_| {})).await?).into_response());
    }
    let (sender, receiver) = mpsc::unbounded();
    let tasks = tests.catalog.tasks.clone();
    drop(tasks.spawn(async move {
        let events = sender.clone();
        let run = tests.run(prepared, Box::new(move |event| drop(events.unbounded_send(event))));
        tokio::select! {
            // The client has gone: dropping the test ends the call, and with it what the provider bills.
            () = closed(&sender) => {}
            ended = run => match ended {
                Ok(report) => drop(sender.unbounded_send(TestEvent::Report { report })),
                Err(error) => tracing::error!(%error, "a direct test could not be kept"),
            },
        }
    }));
    // Serialising these types does not fail; should it, an empty event leaves the stream valid.
    let events = receiver.map(|event| Ok::<_, Infallible>(Event::default().json_data(&event).unwrap_or_default()));
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)).text("keep-alive"))
        .into_response())
}

async fn closed(sender: &mpsc::UnboundedSender<TestEvent>) {
    while !sender.is_closed() {
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
