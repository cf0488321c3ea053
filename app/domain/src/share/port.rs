//! What the pages of sharing ask of the server.

use async_trait::async_trait;

use crate::{
    ComparisonId,
    accounts::Viewer,
    error::AppError,
    share::{ShareLink, ShareRequest, SharedComparison},
};

/// The room's port, implemented by the server.
#[async_trait]
pub trait SharePort: Send + Sync {
    /// Takes a snapshot and shares it. A comparison that was shared before keeps its link, unless another is asked for.
    async fn share(&self, viewer: &Viewer, id: ComparisonId, request: ShareRequest) -> Result<ShareLink, AppError>;
    /// Takes the page away at once and erases the snapshot. The link stays reserved; sharing again brings it back.
    async fn unshare(&self, viewer: &Viewer, id: ComparisonId) -> Result<(), AppError>;
    /// What a link leads to. Unshared, deleted, its owner disabled, never there: all the same [`AppError::NotFound`].
    async fn shared(&self, slug: &str) -> Result<SharedComparison, AppError>;
    /// A private copy for a member, answers and figures included.
    async fn copy(&self, viewer: &Viewer, slug: &str) -> Result<ComparisonId, AppError>;
}
