//! Statements on `model_adjustments`, what upstreams do not take.

use chrono::{DateTime, Utc};
use foundation::error::Error;
use sqlx::PgExecutor;
use uuid::Uuid;

/// What was learned about one field of one model.
pub(in crate::catalog) struct AdjustmentRow {
    pub upstream_id: Uuid,
    pub upstream_model: String,
    pub field: String,
    pub change: String,
    pub words: Option<String>,
    pub learned_at: DateTime<Utc>,
}

/// Stores what was learned, in place of what was known of the field. Does nothing where the upstream has been deleted meanwhile.
#[tracing::instrument(name = "db.model_adjustments.write", skip_all)]
pub(in crate::catalog) async fn write_adjustment(db: impl PgExecutor<'_>, row: &AdjustmentRow) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO model_adjustments (upstream_id, upstream_model, field, change, words, learned_at)
        SELECT $1, $2, $3, $4, $5, $6
        WHERE EXISTS (SELECT FROM upstreams WHERE id = $1)
        ON CONFLICT (upstream_id, upstream_model, field) DO UPDATE
        SET change = EXCLUDED.change, words = EXCLUDED.words, learned_at = EXCLUDED.learned_at
        "#,
        row.upstream_id,
        row.upstream_model,
        row.field,
        row.change,
        row.words,
        row.learned_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes what is known of a field, and returns whether there was anything.
#[tracing::instrument(name = "db.model_adjustments.delete", skip_all)]
pub(in crate::catalog) async fn delete_adjustment(
    db: impl PgExecutor<'_>,
    (upstream, upstream_model): (Uuid, &str),
    field: &str,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "DELETE FROM model_adjustments WHERE upstream_id = $1 AND upstream_model = $2 AND field = $3",
        upstream,
        upstream_model,
        field,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Everything that was learned since then, by field.
#[tracing::instrument(name = "db.model_adjustments.all", skip_all)]
pub(in crate::catalog) async fn adjustments_since(
    db: impl PgExecutor<'_>,
    since: DateTime<Utc>,
) -> Result<Vec<AdjustmentRow>, Error> {
    let rows = sqlx::query_as!(
        AdjustmentRow,
        r#"
        SELECT upstream_id, upstream_model, field, change, words, learned_at
        FROM model_adjustments
        WHERE learned_at > $1
        ORDER BY field
        LIMIT 50000
        "#,
        since,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
