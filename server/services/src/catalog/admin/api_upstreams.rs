//! `/api/admin/upstreams`: upstreams over JSON.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    routing::{get, post},
};
use domain::{
    UpstreamId,
    catalog::admin::{ImportChoice, Listing, UpstreamEdit, UpstreamView, UpstreamsPort},
    error::{AppError, Noun},
};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::AdminViewer,
    api::{ApiError, JsonBody, PathId, Problem, QueryParams},
    catalog::CatalogService,
};

/// Limit of a request body: ten thousand names of 200 characters.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// The routes of upstreams.
pub fn router(catalog: Arc<CatalogService>) -> Router {
    Router::new()
        .route("/api/admin/upstreams", get(list).post(create))
        .route("/api/admin/upstreams/{id}", get(show).patch(change).delete(delete))
        .route("/api/admin/upstreams/{id}/models", get(listing))
        .route("/api/admin/upstreams/{id}/import", post(import))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(catalog)
}

/// This part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, create, show, change, delete, listing, import))]
pub struct AdminUpstreamsDoc;

/// Every upstream.
#[derive(Serialize, utoipa::ToSchema)]
struct Upstreams {
    upstreams: Vec<UpstreamView>,
}

/// How many models were new.
#[derive(Serialize, utoipa::ToSchema)]
struct Imported {
    imported: u32,
}

/// Which of the listed models.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only models whose name contains this, without regard to case.
    #[serde(default)]
    filter: String,
}

/// Every upstream, by name.
#[utoipa::path(get, path = "/api/admin/upstreams", tag = "admin",
    responses((status = 200, body = Upstreams), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
) -> Result<Json<Upstreams>, ApiError> {
    Ok(Json(Upstreams { upstreams: catalog.upstreams(&admin).await? }))
}

/// Makes an upstream.
#[utoipa::path(post, path = "/api/admin/upstreams", tag = "admin", request_body = UpstreamEdit,
    responses((status = 201, body = UpstreamView), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
async fn create(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    JsonBody(edit): JsonBody<UpstreamEdit>,
) -> Result<(StatusCode, Json<UpstreamView>), ApiError> {
    Ok((StatusCode::CREATED, Json(UpstreamsPort::save(&*catalog, &admin, None, edit).await?)))
}

/// One upstream.
#[utoipa::path(get, path = "/api/admin/upstreams/{id}", tag = "admin", params(("id" = UpstreamId, Path)),
    responses((status = 200, body = UpstreamView), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn show(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    PathId(id): PathId<UpstreamId>,
) -> Result<Json<UpstreamView>, ApiError> {
    let found = catalog.upstreams(&admin).await?.into_iter().find(|upstream| upstream.id == id);
    Ok(Json(found.ok_or(AppError::NotFound(Noun::Upstream))?))
}

/// Changes an upstream. Another scheme, host or port clears its key and headers.
#[utoipa::path(patch, path = "/api/admin/upstreams/{id}", tag = "admin", params(("id" = UpstreamId, Path)),
    request_body = UpstreamEdit,
    responses((status = 200, body = UpstreamView), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    PathId(id): PathId<UpstreamId>,
    JsonBody(edit): JsonBody<UpstreamEdit>,
) -> Result<Json<UpstreamView>, ApiError> {
    Ok(Json(UpstreamsPort::save(&*catalog, &admin, Some(id), edit).await?))
}

/// Deletes an upstream that no model uses.
#[utoipa::path(delete, path = "/api/admin/upstreams/{id}", tag = "admin", params(("id" = UpstreamId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn delete(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    PathId(id): PathId<UpstreamId>,
) -> Result<StatusCode, ApiError> {
    UpstreamsPort::delete(&*catalog, &admin, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an upstream lists, asked of it now.
#[utoipa::path(get, path = "/api/admin/upstreams/{id}/models", tag = "admin", params(("id" = UpstreamId, Path), Filter),
    responses((status = 200, body = Listing), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, description = "It does not list them", body = Problem)))]
async fn listing(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    PathId(id): PathId<UpstreamId>,
    QueryParams(Filter { filter }): QueryParams<Filter>,
) -> Result<Json<Listing>, ApiError> {
    Ok(Json(catalog.listing(&admin, id, &filter).await?))
}

/// Takes listed models into the catalogue; those that are there stay as they are.
#[utoipa::path(post, path = "/api/admin/upstreams/{id}/import", tag = "admin", params(("id" = UpstreamId, Path)),
    request_body = ImportChoice,
    responses((status = 200, body = Imported), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn import(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    PathId(id): PathId<UpstreamId>,
    JsonBody(choice): JsonBody<ImportChoice>,
) -> Result<Json<Imported>, ApiError> {
    Ok(Json(Imported { imported: catalog.import(&admin, id, choice).await? }))
}
