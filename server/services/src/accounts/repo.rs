//! Statements on `users`, `sign_ins` and `invites`. Decisions live in the service.

use chrono::{DateTime, Utc};
use crypto::Wrapped;
use domain::{
    UserId,
    accounts::{Role, SignInEntry, Viewer},
};
use foundation::error::Error;
use sqlx::PgExecutor;

/// What signing in needs to know about an account.
pub(super) struct Account {
    pub(super) viewer: Viewer,
    pub(super) password_hash: String,
    pub(super) is_disabled: bool,
}

/// A member to be.
pub(super) struct NewUser<'a> {
    pub(super) id: UserId,
    pub(super) email: &'a str,
    pub(super) password_hash: &'a str,
    pub(super) role: Role,
    pub(super) dek: &'a Wrapped,
}

/// A sign-in to be.
pub(super) struct NewSignIn<'a> {
    pub(super) token_hash: &'a [u8],
    pub(super) user: UserId,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) user_agent: &'a str,
}

/// An invitation that still stands.
pub(super) struct Invite {
    pub(super) email: Option<String>,
    pub(super) role: Role,
}

pub(super) async fn find_account(db: impl PgExecutor<'_>, email: &str) -> Result<Option<Account>, Error> {
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
        viewer: Viewer { id: UserId(row.id), email: row.email, role: role(&row.role) },
        password_hash: row.password_hash,
        is_disabled: row.is_disabled,
    }))
}

/// Whether there was room for it: `false` if the address is taken, without an error that would put it into the log.
pub(super) async fn insert_user(
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
        role_name(user.role),
        &user.dek.bytes,
        user.dek.key_version,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts another password in the place of this one; `false` if it is no longer this one.
pub(super) async fn replace_password(
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

/// Whether this is still the account's password, and the account enabled. Neither changes until the transaction ends.
pub(super) async fn hold_password(db: impl PgExecutor<'_>, user: UserId, hash: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM users WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL FOR SHARE",
        user.0,
        hash,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

pub(super) async fn created_at(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!("SELECT created_at FROM users WHERE id = $1", user.0).fetch_optional(db).await?)
}

/// Where a member is signed in, the sign-in seen last first.
pub(super) async fn sign_ins_of(
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

/// Makes an account an admin with this password, enabled.
pub(super) async fn make_admin(db: impl PgExecutor<'_>, user: UserId, password_hash: &str) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE users SET role = 'admin', password_hash = $2, disabled_at = NULL WHERE id = $1",
        user.0,
        password_hash,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn has_admin(db: impl PgExecutor<'_>) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND disabled_at IS NULL) AS "exists!""#
    )
    .fetch_one(db)
    .await?)
}

pub(super) async fn find_data_key(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<Wrapped>, Error> {
    Ok(sqlx::query_as!(
        Wrapped,
        "SELECT wrapped_dek AS bytes, dek_key_version AS key_version FROM users WHERE id = $1",
        user.0,
    )
    .fetch_optional(db)
    .await?)
}

pub(super) async fn insert_sign_in(
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

/// Who this token signs in now, and when it was last seen.
pub(super) async fn find_viewer(
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
    Ok(row.map(|row| (Viewer { id: UserId(row.id), email: row.email, role: role(&row.role) }, row.last_seen_at)))
}

pub(super) async fn touch_sign_in(db: impl PgExecutor<'_>, token_hash: &[u8], now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("UPDATE sign_ins SET last_seen_at = $2 WHERE token_hash = $1 AND last_seen_at < $2", token_hash, now)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn delete_sign_in(db: impl PgExecutor<'_>, token_hash: &[u8]) -> Result<(), Error> {
    sqlx::query!("DELETE FROM sign_ins WHERE token_hash = $1", token_hash).execute(db).await?;
    Ok(())
}

/// Keeps the newest sign-ins of a member, at most so many.
pub(super) async fn trim_sign_ins(db: impl PgExecutor<'_>, user: UserId, keep: i64) -> Result<(), Error> {
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

pub(super) async fn delete_sign_ins_of(db: impl PgExecutor<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query!("DELETE FROM sign_ins WHERE user_id = $1", user.0).execute(db).await?;
    Ok(())
}

pub(super) async fn delete_expired_sign_ins(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<u64, Error> {
    Ok(sqlx::query!("DELETE FROM sign_ins WHERE expires_at <= $1", now).execute(db).await?.rows_affected())
}

pub(super) async fn insert_invite(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    invite: &Invite,
    created_by: Option<UserId>,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO invites (token_hash, email, role, created_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        "#,
        token_hash,
        invite.email,
        role_name(invite.role),
        created_by.map(|user| user.0),
        now,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The invitation, if this address may still take it up.
pub(super) async fn find_invite(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    email: &str,
    now: DateTime<Utc>,
) -> Result<Option<Invite>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT email, role
        FROM invites
        WHERE token_hash = $1 AND accepted_at IS NULL AND expires_at > $3
          AND (email IS NULL OR lower(email) = lower($2))
        "#,
        token_hash,
        email,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Invite { email: row.email, role: role(&row.role) }))
}

/// Takes the invitation up; `false` if somebody was faster.
pub(super) async fn accept_invite(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE invites SET accepted_at = $2 WHERE token_hash = $1 AND accepted_at IS NULL AND expires_at > $2",
        token_hash,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn role(name: &str) -> Role {
    if name == "admin" { Role::Admin } else { Role::Member }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Admin => "admin",
    }
}
