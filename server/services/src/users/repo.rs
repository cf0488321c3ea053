//! Statements on `users` for admins.

use chrono::{DateTime, Utc};
use domain::UserId;
use foundation::error::Error;
use sqlx::PgExecutor;
use uuid::Uuid;

pub(super) struct PersonRow {
    pub id: Uuid,
    pub email: String,
    pub role: String,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub comparisons: i64,
}

/// Accounts by e-mail address, from the one after `after` on.
#[tracing::instrument(name = "db.users.page", skip_all)]
pub(super) async fn page(db: impl PgExecutor<'_>, after: Option<&str>, limit: i64) -> Result<Vec<PersonRow>, Error> {
    let rows = sqlx::query_as!(
        PersonRow,
        r#"
        SELECT id, email, role, created_at, disabled_at,
               (SELECT max(last_seen_at) FROM sign_ins WHERE user_id = users.id) AS last_seen_at,
               (SELECT count(*) FROM playground_sessions WHERE user_id = users.id) AS "comparisons!"
        FROM users
        WHERE $1::text IS NULL OR lower(email) > lower($1)
        ORDER BY lower(email)
        LIMIT $2
        "#,
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// An account that a change is about, as it stands.
pub(super) struct Target {
    pub email: String,
    pub is_admin: bool,
    pub is_disabled: bool,
}

/// Locks every admin and this account until the transaction ends, so that two admins cannot remove each other at once.
#[tracing::instrument(name = "db.users.lock", skip_all)]
pub(super) async fn lock(db: &mut sqlx::PgConnection, id: UserId) -> Result<Option<Target>, Error> {
    sqlx::query!("SELECT id FROM users WHERE role = 'admin' ORDER BY id FOR UPDATE").fetch_all(&mut *db).await?;
    let row = sqlx::query!(
        r#"SELECT email, role = 'admin' AS "is_admin!", disabled_at IS NOT NULL AS "is_disabled!" FROM users WHERE id = $1 FOR UPDATE"#,
        id.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Target { email: row.email, is_admin: row.is_admin, is_disabled: row.is_disabled }))
}

/// How many admins can sign in, this one apart.
#[tracing::instrument(name = "db.users.other_admins", skip_all)]
pub(super) async fn other_admins(db: impl PgExecutor<'_>, id: UserId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM users WHERE role = 'admin' AND disabled_at IS NULL AND id <> $1"#,
        id.0,
    )
    .fetch_one(db)
    .await?;
    Ok(count)
}

/// Writes role and state.
#[tracing::instrument(name = "db.users.change", skip_all)]
pub(super) async fn change(
    db: impl PgExecutor<'_>,
    id: UserId,
    role: &str,
    disabled_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE users SET role = $2, disabled_at = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE coalesce(disabled_at, $3) END WHERE id = $1",
        id.0,
        role,
        disabled_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends every sign-in of an account.
#[tracing::instrument(name = "db.sign_ins.end", skip_all)]
pub(super) async fn end_sign_ins(db: impl PgExecutor<'_>, id: UserId) -> Result<(), Error> {
    sqlx::query!("DELETE FROM sign_ins WHERE user_id = $1", id.0).execute(db).await?;
    Ok(())
}

/// Deletes an account with everything it has, and the address in the invitation that it came by.
#[tracing::instrument(name = "db.users.delete", skip_all)]
pub(super) async fn delete(db: impl PgExecutor<'_>, id: UserId) -> Result<(), Error> {
    sqlx::query!(
        r#"
        WITH gone AS (DELETE FROM users WHERE id = $1 RETURNING email)
        DELETE FROM invites
        USING gone
        WHERE lower(invites.email) = lower(gone.email) AND accepted_at IS NOT NULL
        "#,
        id.0,
    )
    .execute(db)
    .await?;
    Ok(())
}
