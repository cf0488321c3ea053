//! `/api/playground/export`, `/api/playground/{id}/export` and `/api/playground/{id}/code`.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::{
    ComparisonId,
    error::{AppError, Noun},
    playground::{Comparison, HistoryFilter, PlaygroundPort},
};
use foundation::error::Error;
use serde::Deserialize;

use super::{
    code::{Language, program},
    csv::table,
    document::documents,
};
use crate::{
    PublicUrl,
    accounts::SignedIn,
    api::{ApiError, PathId, Problem, QueryParams},
    playground::PlaygroundService,
};

#[derive(Clone)]
struct Parts {
    playground: Arc<PlaygroundService>,
    public_url: PublicUrl,
}

/// The export routes.
pub fn router(playground: Arc<PlaygroundService>, public_url: PublicUrl) -> Router {
    Router::new()
        .route("/api/playground/export", get(all))
        .route("/api/playground/{id}/export", get(one))
        .route("/api/playground/{id}/code", get(code))
        .with_state(Parts { playground, public_url })
}

/// The export's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(all, one, code))]
pub struct ExportDoc;

#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    Json,
    Csv,
    Markdown,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExportParams {
    format: Format,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CodeParams {
    language: Language,
    /// The card (0 to 3); the picked one, or else the first, where it is left out.
    position: Option<u8>,
}

/// Everything in the member's history as a file.
#[utoipa::path(get, path = "/api/playground/export", tag = "export", params(ExportParams),
    responses((status = 200, body = String), (status = 400, body = Problem)))]
async fn all(
    State(parts): State<Parts>,
    SignedIn(viewer): SignedIn,
    QueryParams(params): QueryParams<ExportParams>,
) -> Result<Response, ApiError> {
    let mut found = Vec::new();
    for entry in parts.playground.history(&viewer, &HistoryFilter::default()).await? {
        match parts.playground.find(&viewer, entry.id).await {
            // Deleted meanwhile.
            Err(AppError::NotFound(_)) => {}
            comparison => found.push(comparison?),
        }
    }
    let json = serde_json::to_string_pretty(&found).unwrap_or_default();
    Ok(file(params.format, "quadrille-comparisons", json, &found)?)
}

/// One comparison as a file.
#[utoipa::path(get, path = "/api/playground/{id}/export", tag = "export", params(("id" = ComparisonId, Path), ExportParams),
    responses((status = 200, body = String), (status = 400, body = Problem), (status = 404, body = Problem)))]
async fn one(
    State(parts): State<Parts>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<ComparisonId>,
    QueryParams(params): QueryParams<ExportParams>,
) -> Result<Response, ApiError> {
    let found = parts.playground.find(&viewer, id).await?;
    let json = serde_json::to_string_pretty(&found).unwrap_or_default();
    Ok(file(params.format, &format!("quadrille-{id}"), json, &[found])?)
}

/// A program that asks one of the comparison's models the same again, through this site's gateway.
#[utoipa::path(get, path = "/api/playground/{id}/code", tag = "export", params(("id" = ComparisonId, Path), CodeParams),
    responses((status = 200, content_type = "text/plain", body = String), (status = 400, body = Problem), (status = 404, body = Problem)))]
async fn code(
    State(parts): State<Parts>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<ComparisonId>,
    QueryParams(params): QueryParams<CodeParams>,
) -> Result<Response, ApiError> {
    let found = parts.playground.find(&viewer, id).await?;
    let chosen = match params.position {
        Some(position) => found.runs.iter().find(|run| run.position == position),
        None => found.runs.iter().find(|run| Some(run.id) == found.picked_run_id).or(found.runs.first()),
    };
    let run = chosen.ok_or(AppError::NotFound(Noun::Run))?;
    let text = program(params.language, parts.public_url.origin(), &found, run);
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

fn file(format: Format, name: &str, json: String, found: &[Comparison]) -> Result<Response, Error> {
    let (kind, ending, text) = match format {
        Format::Json => ("application/json", "json", json),
        Format::Csv => ("text/csv; charset=utf-8", "csv", table(found)?),
        Format::Markdown => ("text/markdown; charset=utf-8", "md", documents(found)),
    };
    let disposition = format!("attachment; filename=\"{name}.{ending}\"");
    let disposition = HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment"));
    let headers: [(HeaderName, HeaderValue); 2] =
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, text).into_response())
}
