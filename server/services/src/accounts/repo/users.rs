//! Statements on `users`.

use chrono::{DateTime, Utc};
use crypto::Wrapped;
use domain::{
    UserId,
    accounts::{Role, Viewer},
};
use foundation::error::Error;
use sqlx::PgExecutor;

use super::role::stored_role;

/// An account with what signing in checks.
pub(in crate::accounts) struct Account {
    pub(in crate::accounts) viewer: Viewer,
    pub(in crate::accounts) password_hash: String,
    pub(in crate::accounts) is_disabled: bool,
}

/// An account to be inserted.
pub(in crate::accounts) struct NewUser<'a> {
    pub(in crate::accounts) id: UserId,
    pub(in crate::accounts) email: &'a str,
    pub(in crate::accounts) password_hash: &'a str,
    pub(in crate::accounts) role: Role,
    pub(in crate::accounts) dek: &'a Wrapped,
}

/// The account of an e-mail address, whatever its letter case.
pub(in crate::accounts) async fn find_account(db: impl PgExecutor<'_>, email: &str) -> Result<Option<Account>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT id, email, role, password_hash, disabled_at IS NOT NULL AS "is_disabled!"
        FROM users
        WHERE lower(email) = lower($1)
        "#,
        email,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Account {
        viewer: Viewer { id: UserId(row.id), email: row.email, role: stored_role(&row.role) },
        password_hash: row.password_hash,
        is_disabled: row.is_disabled,
    }))
}

/// Inserts an account. `false`: the address is taken. That is no error, which would put the address into the log.
pub(in crate::accounts) async fn insert_user(
    db: impl PgExecutor<'_>,
    user: &NewUser<'_>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        r#"
        INSERT INTO users (id, email, password_hash, role, wrapped_dek, dek_key_version, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (lower(email)) DO NOTHING
        "#,
        user.id.0,
        user.email,
        user.password_hash,
        user.role.as_str(),
        &user.dek.bytes,
        user.dek.key_version,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// When an account was made.
pub(in crate::accounts) async fn created_at(
    db: impl PgExecutor<'_>,
    user: UserId,
) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!("SELECT created_at FROM users WHERE id = $1", user.0).fetch_optional(db).await?)
}

/// Replaces the password hash (compare-and-set). `false`: the account's hash is no longer `old_hash`, or it is disabled.
pub(in crate::accounts) async fn replace_password(
    db: impl PgExecutor<'_>,
    user: UserId,
    old_hash: &str,
    new_hash: &str,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL",
        user.0,
        old_hash,
        new_hash,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the account still has this password hash and is enabled. Takes a share lock on the row, so that neither changes until
/// the transaction ends.
pub(in crate::accounts) async fn hold_password(
    db: impl PgExecutor<'_>,
    user: UserId,
    hash: &str,
) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM users WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL FOR SHARE",
        user.0,
        hash,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Whether there is an admin who can sign in.
pub(in crate::accounts) async fn has_admin(db: impl PgExecutor<'_>) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND disabled_at IS NULL) AS "exists!""#
    )
    .fetch_one(db)
    .await?)
}

/// Makes an account an admin with this password hash, and enables it.
pub(in crate::accounts) async fn make_admin(
    db: impl PgExecutor<'_>,
    user: UserId,
    password_hash: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE users SET role = 'admin', password_hash = $2, disabled_at = NULL WHERE id = $1",
        user.0,
        password_hash,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The member's data key, wrapped.
pub(in crate::accounts) async fn find_data_key(
    db: impl PgExecutor<'_>,
    user: UserId,
) -> Result<Option<Wrapped>, Error> {
    Ok(sqlx::query_as!(
        Wrapped,
        "SELECT wrapped_dek AS bytes, dek_key_version AS key_version FROM users WHERE id = $1",
        user.0,
    )
    .fetch_optional(db)
    .await?)
}
