//! What the page of the audit log requests from the server.

use async_trait::async_trait;
use uuid::Uuid;

use super::AuditPage;
use crate::{accounts::Admin, error::AppError};

/// The audit log, implemented by the server. It is read-only: there is no way to change it.
#[async_trait]
pub trait AuditPort: Send + Sync {
    /// A page of 100 entries, newest first, from the one after `before` on.
    async fn entries(&self, admin: &Admin, before: Option<Uuid>) -> Result<AuditPage, AppError>;
}
