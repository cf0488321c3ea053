//! What the analytics page and the dashboard ask of the server.

use async_trait::async_trait;

use crate::{
    KeyId,
    accounts::Viewer,
    analytics::{Analytics, Filter, KeyAnalytics},
    error::AppError,
};

/// The room's port, implemented by the server. Everything that has arrived is in the figures, the last second too.
#[async_trait]
pub trait AnalyticsPort: Send + Sync {
    /// What one key was used for; another member's key is [`AppError::NotFound`].
    async fn of_key(&self, viewer: &Viewer, id: KeyId, filter: Filter) -> Result<KeyAnalytics, AppError>;
    /// What all keys of the member were used for.
    async fn of_member(&self, viewer: &Viewer, filter: Filter) -> Result<Analytics, AppError>;
}
