//! What the playground's pages request from the server. Running a comparison is not part of it: the page posts to
//! `/api/playground` and reads the events, as programs do.

use async_trait::async_trait;

use crate::{
    ComparisonId, RunId,
    accounts::Viewer,
    error::AppError,
    playground::{Comparison, HistoryEntry, HistoryFilter},
};

/// The playground, implemented by the server.
#[async_trait]
pub trait PlaygroundPort: Send + Sync {
    /// Those of the member's 50 newest comparisons that pass the filter, newest first.
    async fn history(&self, viewer: &Viewer, filter: &HistoryFilter) -> Result<Vec<HistoryEntry>, AppError>;
    /// The comparisons that the member shares, of whatever age, newest first; at most 500.
    async fn shared(&self, viewer: &Viewer) -> Result<Vec<HistoryEntry>, AppError>;
    /// One comparison with its runs; another member's is [`AppError::NotFound`].
    async fn find(&self, viewer: &Viewer, id: ComparisonId) -> Result<Comparison, AppError>;
    /// Deletes a comparison and its runs for good; cancels those that have not ended. [`AppError::NotFound`] where the member has
    /// none.
    async fn delete(&self, viewer: &Viewer, id: ComparisonId) -> Result<(), AppError>;
    /// Records that the member prefers this answer, and returns its model's name. Without a comparison's id it is the run's.
    /// [`AppError::Conflict`] for a run that has not succeeded.
    async fn pick(&self, viewer: &Viewer, id: Option<ComparisonId>, run: RunId) -> Result<String, AppError>;
    /// Cancels a run. Idempotent: for a run that has ended it changes nothing and is no error.
    async fn cancel(&self, viewer: &Viewer, id: ComparisonId, run: RunId) -> Result<(), AppError>;
}
