//! The port of the leaderboard's pages.

use async_trait::async_trait;

use crate::{
    error::AppError,
    leaderboard::{Board, ModelPage, Window},
};

/// The leaderboard's port, implemented by the server. Answers come from a cache that each roll-up invalidates; while the
/// database does not respond, the last good answer is served with its age (stale-if-error).
#[async_trait]
pub trait LeaderboardPort: Send + Sync {
    /// The ranked models.
    async fn board(&self, window: Window) -> Result<Board, AppError>;
    /// One model by its slug; [`AppError::NotFound`] if the catalogue has no such model.
    async fn model(&self, slug: &str, window: Window) -> Result<ModelPage, AppError>;
}
