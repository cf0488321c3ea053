//! Statements on `models` for admins, and on the statistics under their names.

use chrono::{DateTime, Utc};
use foundation::error::Error;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A model with its upstream, its last direct test and its health.
#[derive(Clone)]
pub(in crate::catalog) struct FullModelRow {
    pub id: Uuid,
    pub public_name: String,
    pub slug: String,
    pub upstream_id: Uuid,
    pub upstream: String,
    pub is_upstream_enabled: bool,
    pub upstream_model: String,
    pub family: Option<String>,
    pub context_window: Option<i32>,
    pub is_featured: bool,
    pub is_enabled: bool,
    pub input_price_per_million_usd: Option<Decimal>,
    pub output_price_per_million_usd: Option<Decimal>,
    pub tested_at: Option<DateTime<Utc>>,
    pub verdict: Option<String>,
    pub failed_stage: Option<String>,
    pub latency_ms: Option<i64>,
    pub ttft_ms: Option<i64>,
    pub health_state: Option<String>,
    pub health_since: Option<DateTime<Utc>>,
    pub health_last_seen: Option<DateTime<Utc>>,
    pub health_count: Option<i64>,
}

/// The columns of a model that are written.
pub(in crate::catalog) struct ModelFields<'a> {
    pub id: Uuid,
    pub public_name: &'a str,
    pub slug: &'a str,
    pub upstream_id: Uuid,
    pub upstream_model: &'a str,
    pub family: Option<&'a str>,
    pub context_window: Option<i32>,
    pub is_featured: bool,
    pub is_enabled: bool,
    pub input_price_per_million_usd: Option<Decimal>,
    pub output_price_per_million_usd: Option<Decimal>,
}

/// The unique column whose value another model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::catalog) enum Taken {
    PublicName,
    Slug,
}

/// Every model, in the order of the picker.
#[tracing::instrument(name = "db.models.all", skip_all)]
pub(in crate::catalog) async fn all_models(db: impl PgExecutor<'_>) -> Result<Vec<FullModelRow>, Error> {
    let rows = sqlx::query_as!(
        FullModelRow,
        r#"
        SELECT m.id, m.public_name, m.slug, m.upstream_id, u.name AS upstream, u.is_enabled AS is_upstream_enabled,
               m.upstream_model, m.family, m.context_window, m.is_featured, m.is_enabled,
               m.input_price_per_million_usd, m.output_price_per_million_usd,
               t.tested_at AS "tested_at?", t.verdict AS "verdict?", t.failed_stage, t.latency_ms, t.ttft_ms,
               h.state AS "health_state?", h.since AS "health_since?", h.last_seen AS "health_last_seen?",
               h.count AS "health_count?"
        FROM models m
        JOIN upstreams u ON u.id = m.upstream_id
        LEFT JOIN model_tests t ON t.model_id = m.id
        LEFT JOIN model_health h ON h.upstream_id = m.upstream_id AND h.upstream_model = m.upstream_model
        ORDER BY m.is_featured DESC, m.position NULLS LAST, m.public_name
        LIMIT 10000
        "#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Locks the models against other changes of admins until the transaction ends, so that two of them do not mix.
#[tracing::instrument(name = "db.models.lock", skip_all)]
pub(in crate::catalog) async fn lock_models(db: impl PgExecutor<'_>) -> Result<(), Error> {
    sqlx::query!("LOCK TABLE models IN SHARE ROW EXCLUSIVE MODE").execute(db).await?;
    Ok(())
}

/// Inserts or updates a model. The inner error: another model has its name or slug.
#[tracing::instrument(name = "db.models.write", skip_all)]
pub(in crate::catalog) async fn write_model(
    db: impl PgExecutor<'_>,
    model: &ModelFields<'_>,
    now: DateTime<Utc>,
) -> Result<Result<(), Taken>, Error> {
    let written = sqlx::query!(
        r#"
        INSERT INTO models (id, public_name, slug, upstream_id, upstream_model, family, context_window, is_featured,
                            is_enabled, input_price_per_million_usd, output_price_per_million_usd, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
        ON CONFLICT (id) DO UPDATE
        SET public_name = EXCLUDED.public_name, slug = EXCLUDED.slug, upstream_id = EXCLUDED.upstream_id,
            upstream_model = EXCLUDED.upstream_model, family = EXCLUDED.family,
            context_window = EXCLUDED.context_window, is_featured = EXCLUDED.is_featured,
            is_enabled = EXCLUDED.is_enabled, input_price_per_million_usd = EXCLUDED.input_price_per_million_usd,
            output_price_per_million_usd = EXCLUDED.output_price_per_million_usd, updated_at = EXCLUDED.updated_at
        "#,
        model.id,
        model.public_name,
        model.slug,
        model.upstream_id,
        model.upstream_model,
        model.family,
        model.context_window,
        model.is_featured,
        model.is_enabled,
        model.input_price_per_million_usd,
        model.output_price_per_million_usd,
        now,
    )
    .execute(db)
    .await;
    match written {
        Ok(_) => Ok(Ok(())),
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("models_public_name_key") => {
            Ok(Err(Taken::PublicName))
        }
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("models_slug_key") => Ok(Err(Taken::Slug)),
        Err(error) => Err(error.into()),
    }
}

/// Stores this order of the models.
#[tracing::instrument(name = "db.models.place", skip_all)]
pub(in crate::catalog) async fn place_models(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE models
        SET position = placed.position::integer
        FROM unnest($1::uuid[]) WITH ORDINALITY AS placed (id, position)
        WHERE models.id = placed.id AND models.position IS DISTINCT FROM placed.position::integer
        "#,
        ids,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes models.
#[tracing::instrument(name = "db.models.delete", skip_all)]
pub(in crate::catalog) async fn delete_models(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<(), Error> {
    sqlx::query!("DELETE FROM models WHERE id = ANY($1)", ids).execute(db).await?;
    Ok(())
}

/// Public names of an upstream's models, by the upstream's own name.
#[tracing::instrument(name = "db.models.names", skip_all)]
pub(in crate::catalog) async fn names_at(
    db: impl PgExecutor<'_>,
    upstream: Uuid,
) -> Result<Vec<(String, String)>, Error> {
    let rows = sqlx::query!(
        "SELECT upstream_model, public_name FROM models WHERE upstream_id = $1 ORDER BY public_name",
        upstream,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.upstream_model, row.public_name)).collect())
}

/// The present name of another model that had this name before: requests under this name count for that model.
#[tracing::instrument(name = "db.model_former_names.holder", skip_all)]
pub(in crate::catalog) async fn holder_of_former_name(
    db: impl PgExecutor<'_>,
    former_name: &str,
    model: Uuid,
) -> Result<Option<String>, Error> {
    let holder = sqlx::query_scalar!(
        r#"
        SELECT m.public_name
        FROM model_former_names f
        JOIN models m ON m.id = f.model_id
        WHERE f.former_name = $1 AND f.model_id <> $2
          AND EXISTS (SELECT FROM model_perf_hourly WHERE model_public_name = m.public_name AND hour < f.renamed_at)
        "#,
        former_name,
        model,
    )
    .fetch_optional(db)
    .await?;
    Ok(holder)
}

/// Removes a name from the former names, because a model has it now. Locks former names against roll-ups until the
/// transaction ends: a roll-up might otherwise write statistics under a name that is changing.
#[tracing::instrument(name = "db.model_former_names.take", skip_all)]
pub(in crate::catalog) async fn take_former_name(db: impl PgExecutor<'_>, name: &str) -> Result<(), Error> {
    sqlx::query!("DELETE FROM model_former_names WHERE former_name = $1", name).execute(db).await?;
    Ok(())
}

/// Whether statistics exist under this name. They belong to no present model, since those of a model are under its present
/// name.
#[tracing::instrument(name = "db.models.has_history", skip_all)]
pub(in crate::catalog) async fn has_history(db: impl PgExecutor<'_>, name: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM model_perf_hourly WHERE model_public_name = $1) AS "found!""#,
        name,
    )
    .fetch_one(db)
    .await?;
    Ok(found)
}

/// Moves everything under a model's old name to its new one, except the usage events: there may be too many, and some are
/// still to come. The old name is stored as a former name, by which the roll-up attributes them.
#[tracing::instrument(name = "db.models.rename_history", skip_all)]
pub(in crate::catalog) async fn rename_history(
    db: &mut PgConnection,
    model: Uuid,
    (old, new): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO model_former_names (former_name, model_id, renamed_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (former_name) DO UPDATE SET model_id = EXCLUDED.model_id, renamed_at = EXCLUDED.renamed_at
        "#,
        old,
        model,
        now,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("UPDATE playground_runs SET model_public_name = $2 WHERE model_public_name = $1", old, new)
        .execute(&mut *db)
        .await?;
    sqlx::query!("UPDATE model_perf_hourly SET model_public_name = $2 WHERE model_public_name = $1", old, new)
        .execute(&mut *db)
        .await?;
    sqlx::query!("UPDATE api_keys SET models = array_replace(models, $1, $2) WHERE $1 = ANY(models)", old, new)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        r#"
        UPDATE routes
        SET models = (
            SELECT jsonb_agg(CASE WHEN name = $1 THEN $2 ELSE name END ORDER BY place)
            FROM jsonb_array_elements_text(models) WITH ORDINALITY AS listed (name, place)
        )
        WHERE models ? $1
        "#,
        old,
        new,
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}
