//! `GET /api/leaderboard` and `GET /api/leaderboard/{model_public_name}`: public, for any site and program.

use std::sync::Arc;

use axum::{
    Router,
    extract::{RawPathParams, RawQuery, State, rejection::RawPathParamsRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::{
    error::{AppError, FieldError, Noun},
    leaderboard::{BoardQuery, detail_window},
};
use url::form_urlencoded;

use super::{
    LeaderboardService,
    answer::open_to_all,
    snapshot::{BoardDocument, ModelDocument},
};
use crate::api::{ApiError, Problem, method_not_allowed};

/// The leaderboard's routes, readable from any origin. They are outside the layers of the other JSON routes (sessions,
/// compression, common headers): responses are cached with all that, and each layer would add a good part of the cost of a
/// response from memory.
pub fn router(board: Arc<LeaderboardService>) -> Router {
    Router::new()
        .route("/api/leaderboard", get(list).options(what_is_allowed))
        .route("/api/leaderboard/{*model_public_name}", get(show).options(what_is_allowed))
        .method_not_allowed_fallback(wrong_method)
        .with_state(board)
}

async fn wrong_method() -> Response {
    for_everybody(method_not_allowed().await.into_response())
}

/// Answers CORS preflight requests.
async fn what_is_allowed() -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET,HEAD"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    for_everybody((StatusCode::NO_CONTENT, allowed).into_response())
}

/// A response that is not cached, such as an error; readable from any origin too.
fn for_everybody(mut response: Response) -> Response {
    response.headers_mut().extend(open_to_all());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// This part of the OpenAPI document.
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
async fn list(State(board): State<Arc<LeaderboardService>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let answer = async {
        let query = read(query.as_deref(), |pairs| BoardQuery::parse(pairs.iter().map(borrowed)))?;
        let (answer, age) = board.board_answer(query).await?;
        Ok(answer.respond(&headers, age))
    };
    answer.await.unwrap_or_else(|error: ApiError| for_everybody(error.into_response()))
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
) -> Response {
    let answer = async {
        let window = read(query.as_deref(), |pairs| detail_window(pairs.iter().map(borrowed)))?;
        let name = name.map_err(|_| AppError::NotFound(Noun::Model))?;
        let name = name.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default();
        let (answer, age) = board.model_answer(&name, window).await?;
        Ok(answer.respond(&headers, age))
    };
    answer.await.unwrap_or_else(|error: ApiError| for_everybody(error.into_response()))
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
