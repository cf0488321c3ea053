//! What the leaderboard's pages ask of the server.

use async_trait::async_trait;

use crate::{
    error::AppError,
    leaderboard::{Board, ModelPage, Window},
};

/// The room's port, implemented by the server. Answers come from memory, as fresh as the last roll-up; while the database is
/// away the last good one is given, with its age.
#[async_trait]
pub trait LeaderboardPort: Send + Sync {
    /// The ranked models.
    async fn board(&self, window: Window) -> Result<Board, AppError>;
    /// One model by its slug; [`AppError::NotFound`] where no model of the catalogue has it.
    async fn model(&self, slug: &str, window: Window) -> Result<ModelPage, AppError>;
}
