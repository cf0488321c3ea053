//! `GET /api/leaderboard` and `GET /api/leaderboard/{model_public_name}`: public, for any site and program.

use std::sync::Arc;

use app::{
    error::{AppError, FieldError, Noun},
    leaderboard::{BoardQuery, detail_window},
};
use axum::{
    Router,
    extract::{RawPathParams, RawQuery, State, rejection::RawPathParamsRejection},
    http::{HeaderMap, Method, StatusCode, header},
    response::Response,
    routing::get,
};
use tower_http::cors::{Any, CorsLayer};
use url::form_urlencoded;

use super::{
    LeaderboardService,
    snapshot::{BoardDocument, ModelDocument},
};
use crate::api::{ApiError, Problem};

/// The leaderboard's routes. Any site may read them.
pub fn router(board: Arc<LeaderboardService>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers(Any)
        .expose_headers([header::ETAG, header::AGE]);
    Router::new()
        .route("/api/leaderboard", get(list).options(nothing))
        .route("/api/leaderboard/{*model_public_name}", get(show).options(nothing))
        .layer(cors)
        .with_state(board)
}

/// Questions before questions are answered by the layer around this.
async fn nothing() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// This room's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, show))]
pub struct LeaderboardDoc;

/// The models with at least 100 requests in the window, ranked.
#[utoipa::path(get, path = "/api/leaderboard", tag = "leaderboard",
    params(
        ("window_days" = Option<u32>, Query, description = "7 (the default) or 30"),
        ("sort_by" = Option<String>, Query, description = "ranking_score (the default), p95_latency, cost or throughput"),
    ),
    responses((status = 200, body = BoardDocument), (status = 304), (status = 400, body = Problem), (status = 503, body = Problem)))]
async fn list(
    State(board): State<Arc<LeaderboardService>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let query = read(query.as_deref(), |pairs| BoardQuery::parse(pairs.iter().map(borrowed)))?;
    let (answer, age) = board.board_answer(query).await?;
    Ok(answer.respond(&headers, age))
}

/// One model: its figures in the window and its last 168 hours.
#[utoipa::path(get, path = "/api/leaderboard/{model_public_name}", tag = "leaderboard",
    params(
        ("model_public_name" = String, Path, description = "with its slashes, such as acme/qwen-pro"),
        ("window_days" = Option<u32>, Query, description = "7 (the default) or 30"),
    ),
    responses((status = 200, body = ModelDocument), (status = 304), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 503, body = Problem)))]
async fn show(
    State(board): State<Arc<LeaderboardService>>,
    name: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let window = read(query.as_deref(), |pairs| detail_window(pairs.iter().map(borrowed)))?;
    let name = name.map_err(|_| AppError::NotFound(Noun::Model))?;
    let name = name.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default();
    let (answer, age) = board.model_answer(&name, window).await?;
    Ok(answer.respond(&headers, age))
}

/// Decodes a query string and reads it; 400 with the parameters at fault.
fn read<T>(
    query: Option<&str>,
    parse: impl FnOnce(&[(String, String)]) -> Result<T, Vec<FieldError>>,
) -> Result<T, ApiError> {
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    parse(&pairs).map_err(|errors| {
        let detail = errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" ");
        Problem { errors, ..Problem::new(StatusCode::BAD_REQUEST, "malformed", detail) }.into()
    })
}

fn borrowed((name, value): &(String, String)) -> (&str, &str) {
    (name, value)
}
