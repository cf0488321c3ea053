//! `/api/admin/models`: models over JSON.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{self, get, post},
};
use domain::{
    catalog::admin::{BulkEdit, ModelEdit, ModelView, ModelsPort, Move},
    error::{AppError, Noun},
};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::AdminViewer,
    api::{ApiError, FieldName, JsonBody, ModelSlug, PathId, Problem},
    catalog::CatalogService,
};

/// The routes of models.
pub fn router(catalog: Arc<CatalogService>) -> Router {
    Router::new()
        .route("/api/admin/models", get(list).post(create).patch(change_all))
        .route("/api/admin/models/{slug}", get(show).patch(change).delete(delete))
        .route("/api/admin/models/{slug}/move", post(reorder))
        .route("/api/admin/models/{slug}/adjustments/{field}", routing::delete(forget))
        .with_state(catalog)
}

/// This part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, create, change_all, show, change, delete, reorder, forget))]
pub struct AdminModelsDoc;

/// Every model.
#[derive(Serialize, utoipa::ToSchema)]
struct Models {
    models: Vec<ModelView>,
}

/// How many models a bulk edit was about.
#[derive(Serialize, utoipa::ToSchema)]
struct Changed {
    changed: u32,
}

/// Where a model goes.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Destination {
    to: Move,
}

/// Every model, enabled or not, in the order of the picker.
#[utoipa::path(get, path = "/api/admin/models", tag = "admin",
    responses((status = 200, body = Models), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
) -> Result<Json<Models>, ApiError> {
    Ok(Json(Models { models: catalog.all(&admin).await? }))
}

/// Makes a model.
#[utoipa::path(post, path = "/api/admin/models", tag = "admin", request_body = ModelEdit,
    responses((status = 201, body = ModelView), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
async fn create(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    JsonBody(edit): JsonBody<ModelEdit>,
) -> Result<(StatusCode, Json<ModelView>), ApiError> {
    Ok((StatusCode::CREATED, Json(ModelsPort::save(&*catalog, &admin, None, edit).await?)))
}

/// Changes several models alike: all of them or, where one is refused, none.
#[utoipa::path(patch, path = "/api/admin/models", tag = "admin", request_body = BulkEdit,
    responses((status = 200, body = Changed), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change_all(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    JsonBody(edit): JsonBody<BulkEdit>,
) -> Result<Json<Changed>, ApiError> {
    Ok(Json(Changed { changed: catalog.save_all(&admin, edit).await? }))
}

/// One model.
#[utoipa::path(get, path = "/api/admin/models/{slug}", tag = "admin", params(("slug" = String, Path)),
    responses((status = 200, body = ModelView), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn show(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    PathId(ModelSlug(slug)): PathId<ModelSlug>,
) -> Result<Json<ModelView>, ApiError> {
    let found = catalog.all(&admin).await?.into_iter().find(|model| model.slug == slug);
    Ok(Json(found.ok_or(AppError::NotFound(Noun::Model))?))
}

/// Changes a model, with effect on the next call everywhere. A new public name takes the history along.
#[utoipa::path(patch, path = "/api/admin/models/{slug}", tag = "admin", params(("slug" = String, Path)),
    request_body = ModelEdit,
    responses((status = 200, body = ModelView), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    PathId(ModelSlug(slug)): PathId<ModelSlug>,
    JsonBody(edit): JsonBody<ModelEdit>,
) -> Result<Json<ModelView>, ApiError> {
    Ok(Json(ModelsPort::save(&*catalog, &admin, Some(&slug), edit).await?))
}

/// Deletes a model; what it was asked and what that cost stays.
#[utoipa::path(delete, path = "/api/admin/models/{slug}", tag = "admin", params(("slug" = String, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn delete(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    PathId(ModelSlug(slug)): PathId<ModelSlug>,
) -> Result<StatusCode, ApiError> {
    ModelsPort::delete(&*catalog, &admin, &[slug]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Moves a model within the picker, among those that are featured as it is.
#[utoipa::path(post, path = "/api/admin/models/{slug}/move", tag = "admin", params(("slug" = String, Path)),
    request_body = Destination,
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn reorder(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    PathId(ModelSlug(slug)): PathId<ModelSlug>,
    JsonBody(Destination { to }): JsonBody<Destination>,
) -> Result<StatusCode, ApiError> {
    catalog.reorder(&admin, &slug, to).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets that a model does not take a field, so that the next call sends it again.
#[utoipa::path(delete, path = "/api/admin/models/{slug}/adjustments/{field}", tag = "admin",
    params(("slug" = String, Path), ("field" = String, Path, description = "For example `stream_options`")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn forget(
    State(catalog): State<Arc<CatalogService>>,
    AdminViewer(admin): AdminViewer,
    PathId((slug, field)): PathId<(ModelSlug, FieldName)>,
) -> Result<StatusCode, ApiError> {
    catalog.forget(&admin, &slug.0, &field.0).await?;
    Ok(StatusCode::NO_CONTENT)
}
