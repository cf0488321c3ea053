//! `GET /api/admin/audit`: reading the log.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use domain::audit::{AuditPage as AuditEntries, AuditPort};
use serde::Deserialize;
use uuid::Uuid;

use super::AuditService;
use crate::{
    accounts::AdminViewer,
    api::{ApiError, Problem, QueryParams},
};

/// The log's route.
pub fn router(log: Arc<AuditService>) -> Router {
    Router::new().route("/api/admin/audit", get(list)).with_state(log)
}

/// The log's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list))]
pub struct AuditDoc;

/// Where to read on.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct Params {
    /// The `next` value of the previous response.
    before: Option<Uuid>,
}

/// What admins have changed, newest first, a hundred entries at a time.
#[utoipa::path(get, path = "/api/admin/audit", tag = "admin", params(Params),
    responses((status = 200, body = AuditEntries), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list(
    State(log): State<Arc<AuditService>>,
    AdminViewer(admin): AdminViewer,
    QueryParams(params): QueryParams<Params>,
) -> Result<Json<AuditEntries>, ApiError> {
    Ok(Json(log.entries(&admin, params.before).await?))
}
