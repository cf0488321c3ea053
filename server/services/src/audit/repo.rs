//! Statements on `audit_log`. It is append-only: there is none that updates or deletes.

use chrono::{DateTime, Utc};
use domain::audit::AuditEntry;
use foundation::error::Error;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::change::{Actor, Change};

/// Writes an entry. To be called in the transaction of the change itself, so that neither is committed without the other.
///
/// # Errors
/// What the database returns.
#[tracing::instrument(name = "db.audit_log.insert", skip_all)]
pub async fn record(db: &mut PgConnection, actor: &Actor, change: &Change, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO audit_log (id, occurred_at, actor_id, actor, action, subject_kind, subject, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        Uuid::now_v7(),
        now,
        actor.id.map(|id| id.0),
        actor.name,
        change.action,
        change.action.split('.').next().unwrap_or_default(),
        change.subject,
        change.detail,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The newest entries, from the one after `before` on. The ids (UUIDv7) sort by time.
#[tracing::instrument(name = "db.audit_log.page", skip_all)]
pub(super) async fn page(db: impl PgExecutor<'_>, before: Option<Uuid>, limit: i64) -> Result<Vec<AuditEntry>, Error> {
    let rows = sqlx::query_as!(
        AuditEntry,
        r#"
        SELECT id, occurred_at, actor, action, subject_kind, subject, detail
        FROM audit_log
        WHERE $1::uuid IS NULL OR id < $1
        ORDER BY id DESC
        LIMIT $2
        "#,
        before,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
