//! What pages ask of the audit log.

use async_trait::async_trait;
use uuid::Uuid;

use super::AuditPage;
use crate::{accounts::Admin, error::AppError};

/// The room's port, implemented by the server. There is no way to change the log.
#[async_trait]
pub trait AuditPort: Send + Sync {
    /// A hundred entries, newest first, from the one after `before` on.
    async fn entries(&self, admin: &Admin, before: Option<Uuid>) -> Result<AuditPage, AppError>;
}
