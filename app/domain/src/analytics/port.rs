//! The port for analytics.

use async_trait::async_trait;

use crate::{
    KeyId,
    accounts::Viewer,
    analytics::{Analytics, Filter, KeyAnalytics},
    error::AppError,
};

/// Usage of keys, implemented by the server. Metrics include every event stored so far, up to the last second.
#[async_trait]
pub trait AnalyticsPort: Send + Sync {
    /// The usage of one key; another member's key is [`AppError::NotFound`].
    async fn of_key(&self, viewer: &Viewer, id: KeyId, filter: Filter) -> Result<KeyAnalytics, AppError>;
    /// The usage of all keys of the member.
    async fn of_member(&self, viewer: &Viewer, filter: Filter) -> Result<Analytics, AppError>;
}
