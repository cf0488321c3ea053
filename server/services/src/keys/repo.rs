//! Statements on `api_keys` and `api_key_minutes`. All that read or change a member's keys are restricted to the member's id.

use chrono::{DateTime, Utc};
use domain::{
    KeyId, UserId,
    keys::{ApiKey, KeyChange},
};
use foundation::error::Error;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::authorized_key::AuthorizedKey;

/// A key to be inserted.
pub(super) struct NewRow<'a> {
    pub id: KeyId,
    pub user: UserId,
    pub name: &'a str,
    pub prefix: &'a str,
    pub secret_hash: &'a [u8],
    pub models: Option<&'a [String]>,
    pub requests_per_minute: Option<i32>,
    pub created_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    name: String,
    prefix: String,
    models: Option<Vec<String>>,
    requests_per_minute: Option<i32>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        Self {
            id: KeyId(row.id),
            name: row.name,
            prefix: row.prefix,
            models: row.models,
            requests_per_minute: row.requests_per_minute.map(i32::unsigned_abs),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// Locks the member's row, which serialises the creation of the member's keys. Part of a transaction.
#[tracing::instrument(name = "db.users.lock", skip_all)]
pub(super) async fn lock_user(db: impl PgExecutor<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM users WHERE id = $1 FOR UPDATE", user.0).fetch_optional(db).await?;
    Ok(())
}

/// The number of the member's keys that are not revoked.
#[tracing::instrument(name = "db.api_keys.count", skip_all)]
pub(super) async fn count(db: impl PgExecutor<'_>, user: UserId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM api_keys WHERE user_id = $1 AND revoked_at IS NULL"#,
        user.0,
    )
    .fetch_one(db)
    .await?;
    Ok(count)
}

/// Inserts a key. Returns `false` if there is one with this id already.
#[tracing::instrument(name = "db.api_keys.insert", skip_all)]
pub(super) async fn insert(db: impl PgExecutor<'_>, new: &NewRow<'_>) -> Result<bool, Error> {
    let done = sqlx::query!(
        r#"
        INSERT INTO api_keys (id, user_id, name, prefix, secret_hash, models, requests_per_minute, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (id) DO NOTHING
        "#,
        new.id.0,
        new.user.0,
        new.name,
        new.prefix,
        new.secret_hash,
        new.models,
        new.requests_per_minute,
        new.created_at,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes the member's revoked keys beyond the newest `keep`.
#[tracing::instrument(name = "db.api_keys.trim_revoked", skip_all)]
pub(super) async fn trim_revoked(db: impl PgExecutor<'_>, user: UserId, keep: i64) -> Result<(), Error> {
    sqlx::query!(
        r#"
        DELETE FROM api_keys
        WHERE id IN (
            SELECT id FROM api_keys
            WHERE user_id = $1 AND revoked_at IS NOT NULL
            ORDER BY revoked_at DESC, id DESC
            OFFSET $2
        )
        "#,
        user.0,
        keep,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The member's keys, newest first.
#[tracing::instrument(name = "db.api_keys.list", skip_all)]
pub(super) async fn list(db: impl PgExecutor<'_>, user: UserId, limit: i64) -> Result<Vec<ApiKey>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, name, prefix, models, requests_per_minute, created_at, last_used_at, revoked_at
        FROM api_keys
        WHERE user_id = $1
        ORDER BY created_at DESC, id DESC
        LIMIT $2
        "#,
        user.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// The member's key.
#[tracing::instrument(name = "db.api_keys.find", skip_all)]
pub(super) async fn find(db: impl PgExecutor<'_>, user: UserId, id: KeyId) -> Result<Option<ApiKey>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT id, name, prefix, models, requests_per_minute, created_at, last_used_at, revoked_at
        FROM api_keys
        WHERE id = $1 AND user_id = $2
        "#,
        id.0,
        user.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(ApiKey::from))
}

/// Changes the member's key and returns it. `None`: there is no such key, or it is revoked.
#[tracing::instrument(name = "db.api_keys.update", skip_all)]
pub(super) async fn update(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: KeyId,
    change: &KeyChange,
) -> Result<Option<ApiKey>, Error> {
    let limit = change.requests_per_minute.flatten().and_then(|limit| i32::try_from(limit).ok());
    let row = sqlx::query_as!(
        Row,
        r#"
        UPDATE api_keys
        SET name = coalesce($3, name),
            models = CASE WHEN $4 THEN $5 ELSE models END,
            requests_per_minute = CASE WHEN $6 THEN $7 ELSE requests_per_minute END
        WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL
        RETURNING id, name, prefix, models, requests_per_minute, created_at, last_used_at, revoked_at
        "#,
        id.0,
        user.0,
        change.name.as_deref(),
        change.models.is_some(),
        change.models.as_ref().and_then(|models| models.as_deref()),
        change.requests_per_minute.is_some(),
        limit,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(ApiKey::from))
}

/// Revokes the member's key; the time of an earlier revocation is kept. `false`: the member has no such key.
#[tracing::instrument(name = "db.api_keys.revoke", skip_all)]
pub(super) async fn revoke(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: KeyId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3) WHERE id = $1 AND user_id = $2",
        id.0,
        user.0,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The key with this hash. `None`: it is unknown, revoked, or its member is disabled.
#[tracing::instrument(name = "db.api_keys.authorize", skip_all)]
pub(super) async fn authorize(db: impl PgExecutor<'_>, secret_hash: &[u8]) -> Result<Option<AuthorizedKey>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT k.id, k.user_id, k.models, k.requests_per_minute
        FROM api_keys k
        JOIN users u ON u.id = k.user_id
        WHERE k.secret_hash = $1 AND k.revoked_at IS NULL AND u.disabled_at IS NULL
        "#,
        secret_hash,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| AuthorizedKey {
        id: KeyId(row.id),
        user_id: UserId(row.user_id),
        models: row.models,
        requests_per_minute: row.requests_per_minute.map(i32::unsigned_abs),
    }))
}

/// Counts one request in the key's current minute and returns whether it is within the limit. A replica whose clock is behind
/// counts in the minute that the others have begun.
#[tracing::instrument(name = "db.api_key_minutes.take", skip_all)]
pub(super) async fn take(
    db: impl PgExecutor<'_>,
    key: KeyId,
    minute: DateTime<Utc>,
    limit: i32,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        r#"
        INSERT INTO api_key_minutes AS m (api_key_id, minute, taken)
        VALUES ($1, $2, 1)
        ON CONFLICT (api_key_id) DO UPDATE
        SET minute = greatest(m.minute, EXCLUDED.minute),
            taken = CASE WHEN EXCLUDED.minute > m.minute THEN 1 ELSE m.taken + 1 END
        WHERE EXCLUDED.minute > m.minute OR m.taken < $3
        "#,
        key.0,
        minute,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes when keys were last used; `keys` and `times` have the same length.
#[tracing::instrument(name = "db.api_keys.touch", skip_all)]
pub(super) async fn touch(db: impl PgExecutor<'_>, keys: &[Uuid], times: &[DateTime<Utc>]) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE api_keys k
        SET last_used_at = used.at
        FROM unnest($1::uuid[], $2::timestamptz[]) AS used (id, at)
        WHERE k.id = used.id AND (k.last_used_at IS NULL OR k.last_used_at < used.at)
        "#,
        keys,
        times,
    )
    .execute(db)
    .await?;
    Ok(())
}
