//! `/api/templates`: a member's templates.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    routing::{get, put},
};
use domain::{
    TemplateId,
    templates::{Template, TemplateDraft, TemplatePort},
};
use serde::Serialize;

use super::service::TemplateService;
use crate::{
    accounts::SignedIn,
    api::{ApiError, JsonBody, PathId, Problem},
};

/// As for comparisons: two texts of 50,000 characters, each character escaped.
const BODY_LIMIT: usize = 1_300_000;

/// The routes of templates.
pub fn router(templates: Arc<TemplateService>) -> Router {
    Router::new()
        .route("/api/templates", get(list).post(create))
        .route("/api/templates/{id}", put(replace).delete(delete))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(templates)
}

/// The templates' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, create, replace, delete))]
pub struct TemplatesDoc;

/// The member's templates, oldest first; at most 100.
#[derive(Serialize, utoipa::ToSchema)]
struct Templates {
    templates: Vec<Template>,
}

/// The member's own templates.
#[utoipa::path(get, path = "/api/templates", tag = "templates",
    responses((status = 200, body = Templates), (status = 401, body = Problem)))]
async fn list(
    State(templates): State<Arc<TemplateService>>,
    SignedIn(viewer): SignedIn,
) -> Result<Json<Templates>, ApiError> {
    Ok(Json(Templates { templates: templates.templates(&viewer).await? }))
}

/// Keeps a template.
#[utoipa::path(post, path = "/api/templates", tag = "templates", request_body = TemplateDraft,
    responses((status = 201, body = Template), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    State(templates): State<Arc<TemplateService>>,
    SignedIn(viewer): SignedIn,
    JsonBody(draft): JsonBody<TemplateDraft>,
) -> Result<(StatusCode, Json<Template>), ApiError> {
    Ok((StatusCode::CREATED, Json(templates.create(&viewer, draft).await?)))
}

/// Puts another in a template's place.
#[utoipa::path(put, path = "/api/templates/{id}", tag = "templates", params(("id" = TemplateId, Path)),
    request_body = TemplateDraft,
    responses((status = 200, body = Template), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn replace(
    State(templates): State<Arc<TemplateService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<TemplateId>,
    JsonBody(draft): JsonBody<TemplateDraft>,
) -> Result<Json<Template>, ApiError> {
    Ok(Json(templates.replace(&viewer, id, draft).await?))
}

/// Deletes a template for good.
#[utoipa::path(delete, path = "/api/templates/{id}", tag = "templates", params(("id" = TemplateId, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn delete(
    State(templates): State<Arc<TemplateService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<TemplateId>,
) -> Result<StatusCode, ApiError> {
    templates.delete(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
