//! The port for API keys.

use async_trait::async_trait;

use crate::{
    KeyId,
    accounts::Viewer,
    error::AppError,
    keys::{ApiKey, KeyChange, KeyRequest, NewKey},
};

/// Operations on API keys, implemented by the server. Another member's key is [`AppError::NotFound`].
#[async_trait]
pub trait KeysPort: Send + Sync {
    /// The member's keys, newest first: all active ones and the most recently revoked ones.
    async fn keys(&self, viewer: &Viewer) -> Result<Vec<ApiKey>, AppError>;
    /// One key.
    async fn find(&self, viewer: &Viewer, id: KeyId) -> Result<ApiKey, AppError>;
    /// A new, unused id.
    fn new_id(&self) -> KeyId;
    /// Creates a key with this id. A second call with the same id is [`AppError::Conflict`], so a form that is posted twice
    /// creates one key.
    async fn create(&self, viewer: &Viewer, id: KeyId, request: KeyRequest) -> Result<NewKey, AppError>;
    /// Changes an active key; a revoked one is [`AppError::Conflict`].
    async fn change(&self, viewer: &Viewer, id: KeyId, change: KeyChange) -> Result<ApiKey, AppError>;
    /// Revokes a key permanently. Idempotent.
    async fn revoke(&self, viewer: &Viewer, id: KeyId) -> Result<(), AppError>;
}
