//! Statements on `upstreams` and `models`. Decisions live in `service.rs` and `register.rs`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use foundation::error::Error;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgExecutor, types::Json};
use uuid::Uuid;

use crate::catalog::register::ModelEntry;

/// The public columns of an enabled model.
pub(in crate::catalog) struct ModelRow {
    pub public_name: String,
    pub slug: String,
    pub family: Option<String>,
    pub context_window: Option<i32>,
    pub is_featured: bool,
    pub input_price_per_million_usd: Option<Decimal>,
    pub output_price_per_million_usd: Option<Decimal>,
}

/// An enabled model with everything that a call needs.
pub(in crate::catalog) struct CallableRow {
    pub public_name: String,
    pub upstream_model: String,
    pub context_window: Option<i32>,
    pub input_price_per_million_usd: Option<Decimal>,
    pub output_price_per_million_usd: Option<Decimal>,
    pub upstream_id: Uuid,
    pub base_url: String,
    pub wrapped_api_key: Option<Vec<u8>>,
    pub api_key_version: Option<i32>,
    pub wrapped_headers: Option<Vec<u8>>,
    pub headers_version: Option<i32>,
    pub allow_private: bool,
    pub timeout_ms: i32,
    pub first_byte_ms: i32,
    pub idle_ms: i32,
    /// What the model does not take: the change to each field. `None` where nothing is known.
    pub adjustments: Option<Json<BTreeMap<String, String>>>,
}

/// The enabled models of enabled upstreams: featured first, then in the order that the admins gave them, then by name.
#[tracing::instrument(name = "db.models.list", skip_all)]
pub(in crate::catalog) async fn list(db: impl PgExecutor<'_>) -> Result<Vec<ModelRow>, Error> {
    let rows = sqlx::query_as!(
        ModelRow,
        r#"
        SELECT m.public_name, m.slug, m.family, m.context_window, m.is_featured,
               m.input_price_per_million_usd, m.output_price_per_million_usd
        FROM models m
        JOIN upstreams u ON u.id = m.upstream_id
        WHERE m.is_enabled AND u.is_enabled
        ORDER BY m.is_featured DESC, m.position NULLS LAST, m.public_name
        LIMIT 1000
        "#
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Those of the named models that can be called, with what has been learned about them since then.
#[tracing::instrument(name = "db.models.callable", skip_all)]
pub(in crate::catalog) async fn callable(
    db: impl PgExecutor<'_>,
    public_names: &[String],
    learned_since: DateTime<Utc>,
) -> Result<Vec<CallableRow>, Error> {
    let rows = sqlx::query_as!(
        CallableRow,
        r#"
        SELECT m.public_name, m.upstream_model, m.context_window,
               m.input_price_per_million_usd, m.output_price_per_million_usd,
               u.id AS upstream_id, u.base_url, u.wrapped_api_key, u.api_key_version,
               u.wrapped_headers, u.headers_version, u.allow_private, u.timeout_ms, u.first_byte_ms, u.idle_ms,
               (
                   SELECT jsonb_object_agg(a.field, a.change)
                   FROM model_adjustments a
                   WHERE a.upstream_id = u.id AND a.upstream_model = m.upstream_model AND a.learned_at > $2
               ) AS "adjustments: Json<BTreeMap<String, String>>"
        FROM models m
        JOIN upstreams u ON u.id = m.upstream_id
        WHERE m.public_name = ANY($1) AND m.is_enabled AND u.is_enabled
        "#,
        public_names,
        learned_since,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Disables every simulated upstream, so that a server without demo mode lists no simulated model.
#[tracing::instrument(name = "db.upstreams.disable_simulated", skip_all)]
pub(in crate::catalog) async fn disable_simulated(db: impl PgExecutor<'_>) -> Result<(), Error> {
    sqlx::query!("UPDATE upstreams SET is_enabled = false WHERE is_simulated AND is_enabled").execute(db).await?;
    Ok(())
}

/// The upstream's own names of the models that are registered for it.
#[tracing::instrument(name = "db.models.registered", skip_all)]
pub(in crate::catalog) async fn registered(db: impl PgExecutor<'_>, upstream_id: Uuid) -> Result<Vec<String>, Error> {
    let names = sqlx::query_scalar!("SELECT upstream_model FROM models WHERE upstream_id = $1", upstream_id)
        .fetch_all(db)
        .await?;
    Ok(names)
}

/// The public name and the slug of every model, and the names that it had before.
#[tracing::instrument(name = "db.models.taken_names", skip_all)]
pub(in crate::catalog) async fn taken_names(db: impl PgExecutor<'_>) -> Result<Vec<(String, String)>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT public_name AS "public_name!", slug AS "slug!"
        FROM models
        UNION ALL
        SELECT f.former_name, m.slug
        FROM model_former_names f
        JOIN models m ON m.id = f.model_id
        "#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.public_name, row.slug)).collect())
}

/// Notifies every replica, when the transaction commits, that its cache of the catalogue is stale.
#[tracing::instrument(name = "db.catalog.notify", skip_all)]
pub(in crate::catalog) async fn notify(db: impl PgExecutor<'_>) -> Result<(), Error> {
    sqlx::query!("SELECT pg_notify('quadrille_catalog', '')").execute(db).await?;
    Ok(())
}

/// Inserts a model.
#[tracing::instrument(name = "db.models.insert", skip_all)]
pub(in crate::catalog) async fn insert_model(
    db: &mut PgConnection,
    (id, upstream_id): (Uuid, Uuid),
    (public_name, slug): (&str, &str),
    entry: &ModelEntry,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO models (id, public_name, slug, upstream_id, upstream_model, family, context_window,
                            input_price_per_million_usd, output_price_per_million_usd, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
        "#,
        id,
        public_name,
        slug,
        upstream_id,
        entry.upstream_model,
        entry.family.as_deref(),
        entry.context_window,
        entry.input_price_per_million_usd,
        entry.output_price_per_million_usd,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The public names of the models that can be called, as they are listed.
#[tracing::instrument(name = "db.models.callable_names", skip_all)]
pub(in crate::catalog) async fn callable_names(db: impl PgExecutor<'_>) -> Result<Vec<String>, Error> {
    let names = sqlx::query_scalar!(
        r#"
        SELECT m.public_name
        FROM models m
        JOIN upstreams u ON u.id = m.upstream_id
        WHERE m.is_enabled AND u.is_enabled
        ORDER BY m.is_featured DESC, m.public_name
        LIMIT 10000
        "#
    )
    .fetch_all(db)
    .await?;
    Ok(names)
}
