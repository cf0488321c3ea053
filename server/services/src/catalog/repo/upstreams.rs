//! Statements on `upstreams` for admins.

use chrono::{DateTime, Utc};
use crypto::Wrapped;
use domain::catalog::admin::{FIRST_OUTPUT, SILENCE, WHOLE};
use foundation::error::Error;
use sqlx::PgExecutor;
use upstream::{BaseUrl, check_base_url};
use uuid::Uuid;

/// An upstream as it is stored.
#[derive(Clone)]
pub(in crate::catalog) struct UpstreamRow {
    pub id: Uuid,
    pub name: String,
    pub base_url: String,
    pub wrapped_api_key: Option<Vec<u8>>,
    pub api_key_version: Option<i32>,
    pub wrapped_headers: Option<Vec<u8>>,
    pub headers_version: Option<i32>,
    pub header_names: Vec<String>,
    pub is_enabled: bool,
    pub is_simulated: bool,
    pub allow_private: bool,
    pub timeout_ms: i32,
    pub first_byte_ms: i32,
    pub idle_ms: i32,
    pub updated_at: DateTime<Utc>,
    pub models: i64,
}

/// Every upstream, by name.
#[tracing::instrument(name = "db.upstreams.all", skip_all)]
pub(in crate::catalog) async fn all_upstreams(db: impl PgExecutor<'_>) -> Result<Vec<UpstreamRow>, Error> {
    let rows = sqlx::query_as!(
        UpstreamRow,
        r#"
        SELECT id, name, base_url, wrapped_api_key, api_key_version, wrapped_headers, headers_version, header_names,
               is_enabled, is_simulated, allow_private, timeout_ms, first_byte_ms, idle_ms, updated_at,
               (SELECT count(*) FROM models WHERE upstream_id = upstreams.id) AS "models!"
        FROM upstreams
        ORDER BY lower(name), name
        LIMIT 1000
        "#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// The upstream of this id, locked until the transaction ends.
#[tracing::instrument(name = "db.upstreams.find", skip_all)]
pub(in crate::catalog) async fn find_upstream(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<UpstreamRow>, Error> {
    let row = sqlx::query_as!(
        UpstreamRow,
        r#"
        SELECT id, name, base_url, wrapped_api_key, api_key_version, wrapped_headers, headers_version, header_names,
               is_enabled, is_simulated, allow_private, timeout_ms, first_byte_ms, idle_ms, updated_at,
               (SELECT count(*) FROM models WHERE upstream_id = upstreams.id) AS "models!"
        FROM upstreams
        WHERE id = $1
        FOR UPDATE
        "#,
        id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// The id of the upstream of this name.
#[tracing::instrument(name = "db.upstreams.id_of", skip_all)]
pub(in crate::catalog) async fn upstream_id(db: impl PgExecutor<'_>, name: &str) -> Result<Option<Uuid>, Error> {
    Ok(sqlx::query_scalar!("SELECT id FROM upstreams WHERE name = $1", name).fetch_optional(db).await?)
}

/// Inserts or updates an upstream; `false` if another one has its name.
#[tracing::instrument(name = "db.upstreams.write", skip_all)]
pub(in crate::catalog) async fn write_upstream(db: impl PgExecutor<'_>, row: &UpstreamRow) -> Result<bool, Error> {
    let written = sqlx::query!(
        r#"
        INSERT INTO upstreams (id, name, base_url, wrapped_api_key, api_key_version, wrapped_headers, headers_version,
                               header_names, is_enabled, is_simulated, allow_private, timeout_ms, first_byte_ms, idle_ms,
                               created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
        ON CONFLICT (id) DO UPDATE
        SET name = EXCLUDED.name, base_url = EXCLUDED.base_url, wrapped_api_key = EXCLUDED.wrapped_api_key,
            api_key_version = EXCLUDED.api_key_version, wrapped_headers = EXCLUDED.wrapped_headers,
            headers_version = EXCLUDED.headers_version, header_names = EXCLUDED.header_names,
            is_enabled = EXCLUDED.is_enabled, is_simulated = EXCLUDED.is_simulated,
            allow_private = EXCLUDED.allow_private, timeout_ms = EXCLUDED.timeout_ms,
            first_byte_ms = EXCLUDED.first_byte_ms, idle_ms = EXCLUDED.idle_ms, updated_at = EXCLUDED.updated_at
        "#,
        row.id,
        row.name,
        row.base_url,
        row.wrapped_api_key,
        row.api_key_version,
        row.wrapped_headers,
        row.headers_version,
        &row.header_names,
        row.is_enabled,
        row.is_simulated,
        row.allow_private,
        row.timeout_ms,
        row.first_byte_ms,
        row.idle_ms,
        row.updated_at,
    )
    .execute(db)
    .await;
    match written {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("upstreams_name_key") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Deletes an upstream without models.
#[tracing::instrument(name = "db.upstreams.delete", skip_all)]
pub(in crate::catalog) async fn delete_upstream(db: impl PgExecutor<'_>, id: Uuid) -> Result<(), Error> {
    sqlx::query!("DELETE FROM upstreams WHERE id = $1", id).execute(db).await?;
    Ok(())
}

impl UpstreamRow {
    /// A new upstream with defaults.
    pub(in crate::catalog) fn new(name: &str, now: DateTime<Utc>) -> Self {
        Self {
            id: Uuid::now_v7(),
            name: name.to_owned(),
            base_url: String::new(),
            wrapped_api_key: None,
            api_key_version: None,
            wrapped_headers: None,
            headers_version: None,
            header_names: Vec::new(),
            is_enabled: true,
            is_simulated: false,
            allow_private: false,
            timeout_ms: WHOLE.default_ms.cast_signed(),
            first_byte_ms: FIRST_OUTPUT.default_ms.cast_signed(),
            idle_ms: SILENCE.default_ms.cast_signed(),
            updated_at: now,
            models: 0,
        }
    }

    /// Whether the stored base URL has this URL's scheme, host and port.
    pub(in crate::catalog) fn has_origin(&self, url: &BaseUrl) -> bool {
        check_base_url(&self.base_url).is_ok_and(|stored| stored.origin() == url.origin())
    }

    /// Replaces the key, also with none.
    pub(in crate::catalog) fn set_key(&mut self, key: Option<Wrapped>) {
        (self.wrapped_api_key, self.api_key_version) = parts(key);
    }

    /// Replaces the headers, also with none.
    pub(in crate::catalog) fn set_headers(&mut self, headers: Option<Wrapped>, names: Vec<String>) {
        (self.wrapped_headers, self.headers_version) = parts(headers);
        self.header_names = names;
    }
}

fn parts(wrapped: Option<Wrapped>) -> (Option<Vec<u8>>, Option<i32>) {
    wrapped.map(|wrapped| (wrapped.bytes, wrapped.key_version)).unzip()
}
