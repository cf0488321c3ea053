//! Reading the log.

use async_trait::async_trait;
use domain::{
    accounts::Admin,
    audit::{AuditPage as AuditEntries, AuditPort},
    error::AppError,
};
use sqlx::PgPool;
use uuid::Uuid;

use super::repo;

/// Entries on a page.
const PAGE: usize = 100;

/// The audit log.
#[derive(Clone)]
pub struct AuditService {
    pool: PgPool,
}

impl AuditService {
    /// The log of this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl AuditPort for AuditService {
    async fn entries(&self, _: &Admin, before: Option<Uuid>) -> Result<AuditEntries, AppError> {
        let mut entries = repo::page(&self.pool, before, PAGE as i64 + 1).await?;
        let has_more = entries.len() > PAGE;
        entries.truncate(PAGE);
        let next = entries.last().filter(|_| has_more).map(|entry| entry.id);
        Ok(AuditEntries { entries, next })
    }
}
