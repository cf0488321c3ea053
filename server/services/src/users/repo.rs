//! Statements on `users` for admins.

use chrono::{DateTime, Utc};
use domain::{UserId, accounts::Role};
use foundation::error::Error;
use sqlx::PgExecutor;
use uuid::Uuid;

/// An account as the list shows it.
pub(super) struct UserRow {
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
pub(super) async fn page(db: impl PgExecutor<'_>, after: Option<&str>, limit: i64) -> Result<Vec<UserRow>, Error> {
    let rows = sqlx::query_as!(
        UserRow,
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

/// The present state of an account that is to be changed.
pub(super) struct Target {
    pub email: String,
    pub is_admin: bool,
    pub is_disabled: bool,
}

/// Locks every admin's row and then this account's until the transaction ends, so that two admins cannot remove each other
/// concurrently. `None`: there is no such account.
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

/// How many other admins can sign in.
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

/// Sets the role, and disables or enables an account. One that is disabled already keeps the time since when.
#[tracing::instrument(name = "db.users.change", skip_all)]
pub(super) async fn change(
    db: impl PgExecutor<'_>,
    id: UserId,
    role: Role,
    disabled_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE users SET role = $2, disabled_at = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE coalesce(disabled_at, $3) END WHERE id = $1",
        id.0,
        role.as_str(),
        disabled_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes an account with everything it has, and the accepted invitations that hold its address.
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
