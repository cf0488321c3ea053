//! `/api/playground/{id}/share` for its owner, `/api/playground/shared/{slug}` for everybody.

use std::sync::Arc;

use app::{
    domain::ComparisonId,
    playground::Comparison,
    share::{ShareLink, SharePort, ShareRequest, SharedComparison},
};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderName, StatusCode},
    routing::{get, post},
};

use super::service::ShareService;
use crate::{
    api::{ApiError, JsonBodyOrDefault, PathId, Problem},
    auth::SignedIn,
};

/// The routes of sharing.
pub fn router(share: Arc<ShareService>) -> Router {
    Router::new()
        .route("/api/playground/{id}/share", post(start).delete(stop))
        .route("/api/playground/shared/{slug}", get(show))
        .route("/api/playground/shared/{slug}/copy", post(copy))
        .layer(DefaultBodyLimit::max(4_096))
        .with_state(share)
}

/// This room's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(start, stop, show, copy))]
pub struct ShareDoc;

/// Shares a comparison that has ended: a snapshot of all of it, or of the cards named. A comparison keeps its link through
/// unsharing and sharing again; `new_link` replaces it for good.
#[utoipa::path(post, path = "/api/playground/{id}/share", tag = "share", params(("id" = ComparisonId, Path)),
    request_body(content = Option<ShareRequest>),
    responses((status = 200, body = ShareLink), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn start(
    State(share): State<Arc<ShareService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<ComparisonId>,
    JsonBodyOrDefault(request): JsonBodyOrDefault<ShareRequest>,
) -> Result<Json<ShareLink>, ApiError> {
    Ok(Json(share.share(&viewer, id, request).await?))
}

/// Takes the shared page away at once and erases the snapshot. The link stays reserved for this comparison.
#[utoipa::path(delete, path = "/api/playground/{id}/share", tag = "share", params(("id" = ComparisonId, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn stop(
    State(share): State<Arc<ShareService>>,
    SignedIn(viewer): SignedIn,
    PathId(id): PathId<ComparisonId>,
) -> Result<StatusCode, ApiError> {
    share.unshare(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A shared comparison, for anybody. Nothing in it leads back to its owner.
#[utoipa::path(get, path = "/api/playground/shared/{slug}", tag = "share", params(("slug" = String, Path)),
    responses((status = 200, body = SharedComparison), (status = 404, body = Problem)))]
async fn show(
    State(share): State<Arc<ShareService>>,
    Path(slug): Path<String>,
) -> Result<([(HeaderName, &'static str); 1], Json<SharedComparison>), ApiError> {
    let shared = share.shared(&slug).await?;
    Ok(([(HeaderName::from_static("x-robots-tag"), "noindex, nofollow")], Json(shared)))
}

/// Copies a shared comparison into the member's own history, answers and figures included.
#[utoipa::path(post, path = "/api/playground/shared/{slug}/copy", tag = "share", params(("slug" = String, Path)),
    responses((status = 201, body = Comparison), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn copy(
    State(share): State<Arc<ShareService>>,
    SignedIn(viewer): SignedIn,
    Path(slug): Path<String>,
) -> Result<(StatusCode, Json<Comparison>), ApiError> {
    Ok((StatusCode::CREATED, Json(share.copied(&viewer, &slug).await?)))
}
