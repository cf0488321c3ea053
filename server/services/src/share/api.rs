//! `/api/playground/{id}/share` for its owner, `/api/playground/shared/{slug}` for everybody.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::{
    ComparisonId,
    error::AppError,
    playground::Comparison,
    share::{ShareLink, SharePort, ShareRequest, SharedComparison},
};
use foundation::error::Error;
use moka::future::Cache;
use sha2::{Digest, Sha256};

use super::{picture::drawing, service::ShareService};
use crate::{
    accounts::SignedIn,
    api::{ApiError, JsonBodyOrDefault, PathId, Problem, ShareSlug},
    seo,
};

/// How many rendered images are cached. Whether a comparison is still shared is checked for every request all the same.
const CACHED_IMAGES: u64 = 200;

#[derive(Clone)]
struct Pictures {
    share: Arc<ShareService>,
    site_name: Arc<str>,
    /// PNG images by the SHA-256 of their SVG.
    rendered: Cache<[u8; 32], Bytes>,
}

/// The routes of sharing.
pub fn router(share: Arc<ShareService>, site_name: &str) -> Router {
    let pictures = Pictures { share: share.clone(), site_name: site_name.into(), rendered: Cache::new(CACHED_IMAGES) };
    let pictures = Router::new().route("/playground/shared/{slug}/image.png", get(image)).with_state(pictures);
    Router::new()
        .route("/api/playground/{id}/share", post(start).delete(stop))
        .route("/api/playground/shared/{slug}", get(show))
        .route("/api/playground/shared/{slug}/copy", post(copy))
        .layer(DefaultBodyLimit::max(4_096))
        .with_state(share)
        .merge(pictures)
}

/// Sharing's part of the OpenAPI document.
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
    PathId(ShareSlug(slug)): PathId<ShareSlug>,
) -> Result<([(HeaderName, &'static str); 1], Json<SharedComparison>), ApiError> {
    let shared = share.shared(&slug).await?;
    Ok(([(HeaderName::from_static("x-robots-tag"), "noindex, nofollow")], Json(shared)))
}

/// The image of a link preview: model names and metrics.
async fn image(
    State(pictures): State<Pictures>,
    PathId(ShareSlug(slug)): PathId<ShareSlug>,
) -> Result<Response, ApiError> {
    let shared = pictures.share.shared(&slug).await?;
    let svg = drawing(&shared.content, &pictures.site_name);
    let draw = async {
        let svg = svg.clone();
        let png = tokio::task::spawn_blocking(move || seo::png(&svg)).await.map_err(Error::Task)??;
        Ok::<_, Error>(Bytes::from(png))
    };
    let key = Sha256::digest(svg.as_bytes()).into();
    let png = pictures.rendered.try_get_with(key, draw).await.map_err(|error| {
        tracing::error!(%error, "a picture could not be drawn");
        AppError::Internal
    })?;
    let headers = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, [(HeaderName::from_static("x-robots-tag"), "noindex, nofollow")], png).into_response())
}

/// Copies a shared comparison into the member's own history, answers and measurements included.
#[utoipa::path(post, path = "/api/playground/shared/{slug}/copy", tag = "share", params(("slug" = String, Path)),
    responses((status = 201, body = Comparison), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn copy(
    State(share): State<Arc<ShareService>>,
    SignedIn(viewer): SignedIn,
    PathId(ShareSlug(slug)): PathId<ShareSlug>,
) -> Result<(StatusCode, Json<Comparison>), ApiError> {
    Ok((StatusCode::CREATED, Json(share.copied(&viewer, &slug).await?)))
}
