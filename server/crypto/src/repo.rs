//! Statements on `master_keys`, and on the wrapped keys of `users` and `upstreams`.

use chrono::{DateTime, Utc};
use foundation::error::Error;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Wrapped, canary::CanaryRow, wrap::Purpose};

/// Held to the end of the transaction; blocks writers and no readers.
pub(super) async fn lock_master_keys(db: impl PgExecutor<'_>) -> Result<(), Error> {
    sqlx::query!("LOCK TABLE master_keys IN SHARE ROW EXCLUSIVE MODE").execute(db).await?;
    Ok(())
}

pub(super) async fn canaries(db: impl PgExecutor<'_>) -> Result<Vec<CanaryRow>, Error> {
    Ok(sqlx::query_as!(CanaryRow, "SELECT version, canary_ct AS canary FROM master_keys ORDER BY version")
        .fetch_all(db)
        .await?)
}

pub(super) async fn insert_canary(db: impl PgExecutor<'_>, row: &CanaryRow, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO master_keys (version, canary_ct, created_at) VALUES ($1, $2, $3)",
        row.version,
        &row.canary,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The master key versions under which anything is wrapped.
pub(super) async fn versions_in_use(db: impl PgExecutor<'_>) -> Result<Vec<i32>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        SELECT dek_key_version AS "version!" FROM users
        UNION
        SELECT api_key_version FROM upstreams WHERE api_key_version IS NOT NULL
        UNION
        SELECT headers_version FROM upstreams WHERE headers_version IS NOT NULL
        ORDER BY 1
        "#,
    )
    .fetch_all(db)
    .await?)
}

/// Secrets of this purpose that are wrapped under any other version, with their owners: the page that follows the owner
/// `after`, in the order of owners.
pub(super) async fn not_under(
    db: impl PgExecutor<'_>,
    purpose: Purpose,
    version: i32,
    after: Uuid,
    limit: i64,
) -> Result<Vec<(Uuid, Wrapped)>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT owner AS "owner!", bytes AS "bytes!", key_version AS "key_version!"
        FROM (
            SELECT 'data_key' AS purpose, id AS owner, wrapped_dek AS bytes, dek_key_version AS key_version FROM users
            UNION ALL
            SELECT 'upstream_api_key', id, wrapped_api_key, api_key_version FROM upstreams
            UNION ALL
            SELECT 'upstream_headers', id, wrapped_headers, headers_version FROM upstreams
        ) AS wrapped
        WHERE purpose = $1 AND bytes IS NOT NULL AND key_version <> $2 AND owner > $3
        ORDER BY owner
        LIMIT $4
        "#,
        purpose.name(),
        version,
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.owner, Wrapped { bytes: row.bytes, key_version: row.key_version })).collect())
}

/// Compare and swap: replaces `old`, unless it has been changed since it was read. Returns the number of rows changed.
pub(super) async fn replace_data_key(
    db: impl PgExecutor<'_>,
    user: Uuid,
    old: &Wrapped,
    new: &Wrapped,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        r#"
        UPDATE users
        SET wrapped_dek = $1, dek_key_version = $2
        WHERE id = $3 AND dek_key_version = $4 AND wrapped_dek = $5
        "#,
        &new.bytes,
        new.key_version,
        user,
        old.key_version,
        &old.bytes,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Compare and swap: replaces `old`, unless it has been changed since it was read. Returns the number of rows changed.
pub(super) async fn replace_api_key(
    db: impl PgExecutor<'_>,
    upstream: Uuid,
    old: &Wrapped,
    new: &Wrapped,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        r#"
        UPDATE upstreams
        SET wrapped_api_key = $1, api_key_version = $2
        WHERE id = $3 AND api_key_version = $4 AND wrapped_api_key = $5
        "#,
        &new.bytes,
        new.key_version,
        upstream,
        old.key_version,
        &old.bytes,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Compare and swap: replaces `old`, unless it has been changed since it was read. Returns the number of rows changed.
pub(super) async fn replace_headers(
    db: impl PgExecutor<'_>,
    upstream: Uuid,
    old: &Wrapped,
    new: &Wrapped,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        r#"
        UPDATE upstreams
        SET wrapped_headers = $1, headers_version = $2
        WHERE id = $3 AND headers_version = $4 AND wrapped_headers = $5
        "#,
        &new.bytes,
        new.key_version,
        upstream,
        old.key_version,
        &old.bytes,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// How many data keys, API keys and headers of upstreams are wrapped under any other version.
pub(super) async fn count_not_under(db: impl PgExecutor<'_>, version: i32) -> Result<u64, Error> {
    let count = sqlx::query_scalar!(
        r#"
        SELECT (SELECT count(*) FROM users WHERE dek_key_version <> $1)
             + (SELECT count(*) FROM upstreams WHERE api_key_version <> $1)
             + (SELECT count(*) FROM upstreams WHERE headers_version <> $1) AS "count!"
        "#,
        version,
    )
    .fetch_one(db)
    .await?;
    Ok(count.unsigned_abs())
}
