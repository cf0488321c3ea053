//! Statements on `sign_ins`.

use chrono::{DateTime, Utc};
use domain::{
    UserId,
    accounts::{SignInEntry, Viewer},
};
use foundation::error::Error;
use sqlx::PgExecutor;

use super::role::stored_role;

/// A sign-in to be inserted.
pub(in crate::accounts) struct NewSignIn<'a> {
    pub(in crate::accounts) token_hash: &'a [u8],
    pub(in crate::accounts) user: UserId,
    pub(in crate::accounts) expires_at: DateTime<Utc>,
    pub(in crate::accounts) user_agent: &'a str,
}

/// Who a token signs in now, and when it was last seen.
pub(in crate::accounts) async fn find_viewer(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<(Viewer, DateTime<Utc>)>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT users.id, users.email, users.role, sign_ins.last_seen_at
        FROM sign_ins
        JOIN users ON users.id = sign_ins.user_id
        WHERE sign_ins.token_hash = $1 AND sign_ins.expires_at > $2 AND users.disabled_at IS NULL
        "#,
        token_hash,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (Viewer { id: UserId(row.id), email: row.email, role: stored_role(&row.role) }, row.last_seen_at)))
}

/// A member's sign-ins that have not expired, last seen first; at most 100.
pub(in crate::accounts) async fn sign_ins_of(
    db: impl PgExecutor<'_>,
    user: UserId,
    this: &[u8],
    now: DateTime<Utc>,
) -> Result<Vec<SignInEntry>, Error> {
    let entries = sqlx::query_as!(
        SignInEntry,
        r#"
        SELECT created_at, last_seen_at, expires_at, user_agent, token_hash = $2 AS "is_this!"
        FROM sign_ins
        WHERE user_id = $1 AND expires_at > $3
        ORDER BY last_seen_at DESC, token_hash
        LIMIT 100
        "#,
        user.0,
        this,
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(entries)
}

/// Inserts a sign-in.
pub(in crate::accounts) async fn insert_sign_in(
    db: impl PgExecutor<'_>,
    sign_in: &NewSignIn<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO sign_ins (token_hash, user_id, created_at, last_seen_at, expires_at, user_agent)
        VALUES ($1, $2, $3, $3, $4, $5)
        "#,
        sign_in.token_hash,
        sign_in.user.0,
        now,
        sign_in.expires_at,
        sign_in.user_agent,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Records that a sign-in was seen.
pub(in crate::accounts) async fn touch_sign_in(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!("UPDATE sign_ins SET last_seen_at = $2 WHERE token_hash = $1 AND last_seen_at < $2", token_hash, now)
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes the sign-ins of a member beyond the `keep` last seen ones.
pub(in crate::accounts) async fn trim_sign_ins(db: impl PgExecutor<'_>, user: UserId, keep: i64) -> Result<(), Error> {
    sqlx::query!(
        r#"
        DELETE FROM sign_ins
        WHERE token_hash IN (
            SELECT token_hash FROM sign_ins WHERE user_id = $1 ORDER BY last_seen_at DESC, token_hash OFFSET $2
        )
        "#,
        user.0,
        keep,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends one sign-in.
pub(in crate::accounts) async fn delete_sign_in(db: impl PgExecutor<'_>, token_hash: &[u8]) -> Result<(), Error> {
    sqlx::query!("DELETE FROM sign_ins WHERE token_hash = $1", token_hash).execute(db).await?;
    Ok(())
}

/// Ends every sign-in of an account.
#[tracing::instrument(name = "db.sign_ins.end", skip_all)]
pub(crate) async fn delete_sign_ins_of(db: impl PgExecutor<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query!("DELETE FROM sign_ins WHERE user_id = $1", user.0).execute(db).await?;
    Ok(())
}

/// Deletes the sign-ins that have expired, and returns how many.
pub(in crate::accounts) async fn delete_expired_sign_ins(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    Ok(sqlx::query!("DELETE FROM sign_ins WHERE expires_at <= $1", now).execute(db).await?.rows_affected())
}
