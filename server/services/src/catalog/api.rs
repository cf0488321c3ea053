//! `GET /api/models`: the enabled models.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use domain::catalog::{CatalogPort, ModelSummary};
use serde::Serialize;

use super::CatalogService;
use crate::api::ApiError;

/// The catalogue's public routes.
pub fn router(catalog: Arc<CatalogService>) -> Router {
    Router::new().route("/api/models", get(list)).with_state(catalog)
}

/// This part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list))]
pub struct CatalogDoc;

/// The enabled models.
#[derive(Serialize, utoipa::ToSchema)]
struct ModelList {
    models: Vec<ModelSummary>,
}

/// The enabled models: public name, slug, family, context window, prices.
#[utoipa::path(get, path = "/api/models", tag = "catalog", responses((status = 200, body = ModelList)))]
async fn list(State(catalog): State<Arc<CatalogService>>) -> Result<Json<ModelList>, ApiError> {
    Ok(Json(ModelList { models: catalog.models().await? }))
}
