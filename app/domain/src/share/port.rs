//! What the sharing pages request from the server.

use async_trait::async_trait;

use crate::{
    ComparisonId,
    accounts::Viewer,
    error::AppError,
    share::{ShareLink, ShareRequest, SharedComparison},
};

/// Sharing, implemented by the server.
#[async_trait]
pub trait SharePort: Send + Sync {
    /// Takes a snapshot and shares it. A comparison that was shared before keeps its link, unless a new one is
    /// requested.
    async fn share(&self, viewer: &Viewer, id: ComparisonId, request: ShareRequest) -> Result<ShareLink, AppError>;
    /// Ends sharing at once and erases the snapshot. The link stays reserved; sharing again brings it back.
    async fn unshare(&self, viewer: &Viewer, id: ComparisonId) -> Result<(), AppError>;
    /// The snapshot behind a link. Unshared, deleted, of a disabled owner or unknown: all are [`AppError::NotFound`], so that
    /// nothing can be learned from the difference.
    async fn shared(&self, slug: &str) -> Result<SharedComparison, AppError>;
    /// Makes a private copy for a member, answers and measurements included.
    async fn copy(&self, viewer: &Viewer, slug: &str) -> Result<ComparisonId, AppError>;
}
