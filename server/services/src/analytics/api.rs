//! `/api/keys/{id}/analytics`: a key's statistics as JSON and as CSV.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::{
    KeyId,
    analytics::{AnalyticsPort, Filter, KeyAnalytics, Window},
    error::AppError,
};
use serde::Deserialize;

use super::{AnalyticsService, csv};
use crate::{
    accounts::SignedIn,
    api::{ApiError, PathId, Problem, QueryParams},
};

/// The routes of this module.
pub fn router(analytics: Arc<AnalyticsService>) -> Router {
    Router::new()
        .route("/api/keys/{id}/analytics", get(show))
        .route("/api/keys/{id}/analytics.csv", get(table))
        .with_state(analytics)
}

/// This module's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show, table))]
pub struct AnalyticsDoc;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Params {
    /// `1h`, `24h` (the default), `7d` or `30d`.
    window: Option<String>,
    /// A public name; left out: every model.
    model: Option<String>,
}

impl Params {
    fn filter(self) -> Result<Filter, AppError> {
        let window = self.window.as_deref().map_or(Ok(Window::default()), str::parse)?;
        Ok(Filter { window, model: self.model.filter(|model| !model.is_empty()) })
    }
}

/// What a key was used for: requests, success, latency, time to first token, tokens and cost, in total, by model and by step,
/// up to this moment.
#[utoipa::path(get, path = "/api/keys/{id}/analytics", tag = "keys", params(("id" = KeyId, Path), Params),
    responses((status = 200, body = KeyAnalytics), (status = 400, body = Problem), (status = 404, body = Problem)))]
async fn show(
    State(analytics): State<Arc<AnalyticsService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<KeyId>,
    QueryParams(params): QueryParams<Params>,
) -> Result<Json<KeyAnalytics>, ApiError> {
    Ok(Json(analytics.of_key(&viewer, id, params.filter()?).await?))
}

/// The same step by step and model by model, as CSV.
#[utoipa::path(get, path = "/api/keys/{id}/analytics.csv", tag = "keys", params(("id" = KeyId, Path), Params),
    responses((status = 200, content_type = "text/csv", body = String), (status = 404, body = Problem)))]
async fn table(
    State(analytics): State<Arc<AnalyticsService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<KeyId>,
    QueryParams(params): QueryParams<Params>,
) -> Result<Response, ApiError> {
    let filter = params.filter()?;
    let name = format!("attachment; filename=\"usage-{}-{}.csv\"", filter.window.as_str(), id);
    let cells = analytics.cells(&viewer, id, &filter).await?;
    let mut response = csv::table(&cells)?.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
