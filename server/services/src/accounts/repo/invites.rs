//! Statements on `invites`.

use chrono::{DateTime, Utc};
use domain::{UserId, accounts::Role};
use foundation::error::Error;
use sqlx::PgExecutor;

use super::role::stored_role;

/// An invitation: the address it is for, or anybody's, and the role that it gives.
pub(in crate::accounts) struct Invite {
    pub(in crate::accounts) email: Option<String>,
    pub(in crate::accounts) role: Role,
}

/// The invitation, if it is not accepted, has not expired and is valid for this address.
pub(in crate::accounts) async fn find_invite(
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
    Ok(row.map(|row| Invite { email: row.email, role: stored_role(&row.role) }))
}

/// Inserts an invitation.
pub(in crate::accounts) async fn insert_invite(
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
        invite.role.as_str(),
        created_by.map(|user| user.0),
        now,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Accepts an invitation. `false`: it was accepted meanwhile, or has expired.
pub(in crate::accounts) async fn accept_invite(
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
