//! What the keys pages ask of the server.

use async_trait::async_trait;

use crate::{
    KeyId,
    accounts::Viewer,
    error::AppError,
    keys::{ApiKey, KeyChange, KeyRequest, NewKey},
};

/// The room's port, implemented by the server. Another member's key is [`AppError::NotFound`].
#[async_trait]
pub trait KeysPort: Send + Sync {
    /// The member's keys, newest first: all that work, and the newest of those that were revoked.
    async fn keys(&self, viewer: &Viewer) -> Result<Vec<ApiKey>, AppError>;
    /// One key.
    async fn find(&self, viewer: &Viewer, id: KeyId) -> Result<ApiKey, AppError>;
    /// An id that no key has had.
    fn new_id(&self) -> KeyId;
    /// Makes a key under an id of the caller's; a second attempt under the same id is [`AppError::Conflict`].
    async fn create(&self, viewer: &Viewer, id: KeyId, request: KeyRequest) -> Result<NewKey, AppError>;
    /// Changes a key; one that is revoked stays as it is.
    async fn change(&self, viewer: &Viewer, id: KeyId, change: KeyChange) -> Result<ApiKey, AppError>;
    /// Ends a key for good. Revoking it again changes nothing.
    async fn revoke(&self, viewer: &Viewer, id: KeyId) -> Result<(), AppError>;
}
