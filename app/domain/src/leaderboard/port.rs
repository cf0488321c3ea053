//! The port for the leaderboard.

use async_trait::async_trait;

use crate::{
    error::AppError,
    leaderboard::{Board, ModelPage, Window},
};

/// The leaderboard, implemented by the server. Answers come from memory, as of the last roll-up. While the database is
/// unavailable, the last good answer is returned with its age (stale-if-error).
#[async_trait]
pub trait LeaderboardPort: Send + Sync {
    /// The ranked models.
    async fn board(&self, window: Window) -> Result<Board, AppError>;
    /// One model by its slug; [`AppError::NotFound`] if the catalogue has no such model.
    async fn model(&self, slug: &str, window: Window) -> Result<ModelPage, AppError>;
}
