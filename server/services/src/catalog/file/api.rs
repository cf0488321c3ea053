//! `/api/admin/catalog` and `/api/admin/prices`.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::catalog::admin::{CatalogDiff, CatalogFilePort, PriceProposal};
use serde::{Deserialize, Serialize};

use super::CatalogFileService;
use crate::{
    accounts::AdminViewer,
    api::{ApiError, Problem, QueryParams},
};

/// Limit of a request body: several times the size of LiteLLM's price file.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// The routes of catalogue file and prices.
pub fn router(files: Arc<CatalogFileService>) -> Router {
    Router::new()
        .route("/api/admin/catalog", get(export).post(import))
        .route("/api/admin/prices", post(propose))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(files)
}

/// This part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(export, import, propose))]
pub struct CatalogFileDoc;

/// How to read a file.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct Params {
    /// Only say what would change.
    #[serde(default)]
    dry_run: bool,
}

/// What the price file would change.
#[derive(Serialize, utoipa::ToSchema)]
struct Proposals {
    proposals: Vec<PriceProposal>,
}

/// The whole catalogue as TOML, without secrets.
#[utoipa::path(get, path = "/api/admin/catalog", tag = "admin",
    responses((status = 200, content_type = "application/toml", body = String), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
async fn export(
    State(files): State<Arc<CatalogFileService>>,
    AdminViewer(admin): AdminViewer,
) -> Result<Response, ApiError> {
    let headers = [
        (header::CONTENT_TYPE, "application/toml; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"quadrille-catalog.toml\""),
    ];
    Ok((headers, files.export(&admin).await?).into_response())
}

/// Reads such a file: what is in it is made or changed, what is not stays.
#[utoipa::path(post, path = "/api/admin/catalog", tag = "admin", params(Params),
    request_body(content = String, content_type = "application/toml"),
    responses((status = 200, body = CatalogDiff), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
async fn import(
    State(files): State<Arc<CatalogFileService>>,
    AdminViewer(admin): AdminViewer,
    QueryParams(params): QueryParams<Params>,
    body: Bytes,
) -> Result<Json<CatalogDiff>, ApiError> {
    Ok(Json(files.import(&admin, &String::from_utf8_lossy(&body), params.dry_run).await?))
}

/// Compares LiteLLM's public price file with the catalogue. Nothing is changed.
#[utoipa::path(post, path = "/api/admin/prices", tag = "admin",
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = Proposals), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
async fn propose(
    State(files): State<Arc<CatalogFileService>>,
    AdminViewer(admin): AdminViewer,
    body: Bytes,
) -> Result<Json<Proposals>, ApiError> {
    let proposals = files.proposals(&admin, &String::from_utf8_lossy(&body)).await?;
    Ok(Json(Proposals { proposals }))
}
