//! The routes for crawlers and link previews.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::{
    error::{AppError, Noun},
    leaderboard::{LeaderboardPort, Window},
};
use foundation::error::Error;
use moka::future::Cache;
use sha2::{Digest, Sha256};

use super::{picture, text};
use crate::{
    api::ApiError,
    leaderboard::{Answer, LeaderboardService},
};

/// Most pictures in the cache.
const PICTURES: u64 = 200;

#[derive(Clone)]
struct Seo {
    board: Arc<LeaderboardService>,
    origin: Arc<str>,
    name: Arc<str>,
    /// Keyed by a hash of the SVG, so that a cached picture is never out of date.
    pictures: Cache<[u8; 32], Arc<Answer>>,
}

/// The routes; `origin` has no slash at its end.
pub fn router(board: Arc<LeaderboardService>, origin: &str, name: &str) -> Router {
    let pictures = Cache::new(PICTURES);
    Router::new()
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(sitemap))
        .route("/llms.txt", get(llms))
        .route("/og/leaderboard.png", get(board_picture))
        .route("/og/leaderboard/{file}", get(model_picture))
        .with_state(Seo { board, origin: origin.into(), name: name.into(), pictures })
}

async fn robots(State(seo): State<Seo>) -> Response {
    plain("text/plain; charset=utf-8", text::robots(&seo.origin))
}

async fn sitemap(State(seo): State<Seo>) -> Result<Response, ApiError> {
    let (models, updated_at) = seo.board.listed().await?;
    Ok(plain("application/xml", text::sitemap(&seo.origin, &models, updated_at)))
}

async fn llms(State(seo): State<Seo>) -> Result<Response, ApiError> {
    let (models, _) = seo.board.listed().await?;
    Ok(plain("text/plain; charset=utf-8", text::llms(&seo.name, &seo.origin, &models)))
}

async fn board_picture(State(seo): State<Seo>, headers: HeaderMap) -> Result<Response, ApiError> {
    let board = seo.board.board(Window::default()).await?.stats;
    Ok(seo.picture(picture::board(&board, &seo.name)).await?.respond(&headers, None))
}

async fn model_picture(
    State(seo): State<Seo>,
    file: Result<Path<String>, axum::extract::rejection::PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let not_found = || AppError::NotFound(Noun::Page);
    let Path(file) = file.map_err(|_| not_found())?;
    let slug = file.strip_suffix(".png").ok_or_else(not_found)?;
    let page = seo.board.model(slug, Window::Week).await?;
    Ok(seo.picture(picture::model(&page, &seo.name)).await?.respond(&headers, None))
}

impl Seo {
    /// The PNG of a drawing; concurrent requests share one rendering.
    async fn picture(&self, svg: String) -> Result<Arc<Answer>, AppError> {
        let key: [u8; 32] = Sha256::digest(&svg).into();
        let drawn = async move {
            let png = tokio::task::spawn_blocking(move || picture::png(&svg)).await.map_err(Error::Task)??;
            Ok::<_, AppError>(Arc::new(Answer::new("image/png", png)))
        };
        self.pictures.try_get_with(key, drawn).await.map_err(|error: Arc<AppError>| (*error).clone())
    }
}

fn plain(content_type: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "public, max-age=3600")], body).into_response()
}
