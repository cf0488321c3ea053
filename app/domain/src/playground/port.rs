//! What the playground's pages ask of the server. Running one is not here: the page posts to `/api/playground` and reads
//! the events, the same door that programs use.

use async_trait::async_trait;

use crate::{
    ComparisonId, RunId,
    accounts::Viewer,
    error::AppError,
    playground::{Comparison, HistoryEntry, HistoryFilter},
};

/// The room's port, implemented by the server.
#[async_trait]
pub trait PlaygroundPort: Send + Sync {
    /// Those of the member's 50 newest comparisons that are wanted, newest first.
    async fn history(&self, viewer: &Viewer, filter: &HistoryFilter) -> Result<Vec<HistoryEntry>, AppError>;
    /// Everything that the member shares, however old, newest first; at most 500.
    async fn shared(&self, viewer: &Viewer) -> Result<Vec<HistoryEntry>, AppError>;
    /// One comparison with its runs; another member's is [`AppError::NotFound`].
    async fn find(&self, viewer: &Viewer, id: ComparisonId) -> Result<Comparison, AppError>;
    /// Deletes a comparison and its runs for good; stops what still runs.
    async fn delete(&self, viewer: &Viewer, id: ComparisonId) -> Result<(), AppError>;
    /// Remembers that the member prefers this answer, and says its model. Without a comparison's id the run's own is meant.
    /// Only an answer that is done can be picked.
    async fn pick(&self, viewer: &Viewer, id: Option<ComparisonId>, run: RunId) -> Result<String, AppError>;
    /// Stops one run. Stopping a run that has ended changes nothing and is no error.
    async fn cancel(&self, viewer: &Viewer, id: ComparisonId, run: RunId) -> Result<(), AppError>;
}
