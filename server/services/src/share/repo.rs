//! Statements on the shared part of `playground_sessions`. Those that write take the owner's id; the one that reads takes only the
//! slug.

use chrono::{DateTime, Utc};
use crypto::Wrapped;
use domain::{ComparisonId, UserId};
use foundation::error::Error;
use sqlx::PgExecutor;
use uuid::Uuid;

/// A shared comparison with its encrypted snapshot and its owner's wrapped data key.
pub(super) struct SharedRow {
    pub id: Uuid,
    pub user_id: Uuid,
    pub share_ct: Vec<u8>,
    pub shared_at: DateTime<Utc>,
    pub wrapped_dek: Vec<u8>,
    pub dek_key_version: i32,
}

impl SharedRow {
    /// The owner's data key, wrapped.
    pub(super) fn owners_key(&self) -> Wrapped {
        Wrapped { bytes: self.wrapped_dek.clone(), key_version: self.dek_key_version }
    }
}

/// A snapshot to be stored.
pub(super) struct NewShare<'a> {
    pub share_ct: &'a [u8],
    /// Used where the comparison has no slug yet, or where `replaces_slug`.
    pub slug: &'a str,
    pub replaces_slug: bool,
    pub now: DateTime<Utc>,
}

/// Shares the member's comparison and returns its slug. `None`: there is no such comparison, or one of its runs has not ended,
/// because it was retried.
#[tracing::instrument(name = "db.playground_sessions.share", skip_all)]
pub(super) async fn share(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ComparisonId,
    new: &NewShare<'_>,
) -> Result<Option<String>, Error> {
    let slug = sqlx::query_scalar!(
        r#"
        UPDATE playground_sessions s
        SET share_ct = $3,
            shared_at = coalesce(shared_at, $6),
            share_slug = CASE WHEN $5 OR share_slug IS NULL THEN $4 ELSE share_slug END
        WHERE s.id = $1 AND s.user_id = $2
          AND NOT EXISTS (
              SELECT FROM playground_runs r WHERE r.session_id = s.id AND r.status IN ('queued', 'running')
          )
        RETURNING share_slug AS "share_slug!"
        "#,
        id.0,
        user.0,
        new.share_ct,
        new.slug,
        new.replaces_slug,
        new.now,
    )
    .fetch_optional(db)
    .await?;
    Ok(slug)
}

/// Ends the sharing of the member's comparison and erases the snapshot; the slug stays. `false`: there is no such comparison.
#[tracing::instrument(name = "db.playground_sessions.unshare", skip_all)]
pub(super) async fn unshare(db: impl PgExecutor<'_>, user: UserId, id: ComparisonId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE playground_sessions SET shared_at = NULL, share_ct = NULL WHERE id = $1 AND user_id = $2",
        id.0,
        user.0,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The comparison that is shared under a slug now, unless its owner's account is disabled.
#[tracing::instrument(name = "db.playground_sessions.shared", skip_all)]
pub(super) async fn find(db: impl PgExecutor<'_>, slug: &str) -> Result<Option<SharedRow>, Error> {
    let row = sqlx::query_as!(
        SharedRow,
        r#"
        SELECT s.id, s.user_id, s.share_ct AS "share_ct!", s.shared_at AS "shared_at!", u.wrapped_dek, u.dek_key_version
        FROM playground_sessions s
        JOIN users u ON u.id = s.user_id
        WHERE s.share_slug = $1 AND s.shared_at IS NOT NULL AND s.share_ct IS NOT NULL AND u.disabled_at IS NULL
        "#,
        slug,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}
