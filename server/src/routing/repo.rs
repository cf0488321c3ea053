//! Statements on `routes`, and the one that reads what the roll-up says about models.

use app::{domain::UserId, routing::Measured};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;

use crate::{error::Error, usage::bucket_middle};

/// A member's list as it is stored.
pub(super) struct RouteRow {
    pub strategy: String,
    pub models: Value,
    pub updated_at: DateTime<Utc>,
}

/// The member's list.
#[tracing::instrument(name = "db.routes.find", skip_all)]
pub(super) async fn find(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<RouteRow>, Error> {
    let row = sqlx::query_as!(RouteRow, "SELECT strategy, models, updated_at FROM routes WHERE user_id = $1", user.0)
        .fetch_optional(db)
        .await?;
    Ok(row)
}

/// Saves the member's list, in place of any before.
#[tracing::instrument(name = "db.routes.save", skip_all)]
pub(super) async fn save(
    db: impl PgExecutor<'_>,
    user: UserId,
    (strategy, models): (&str, &Value),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO routes (user_id, strategy, models, updated_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id) DO UPDATE
        SET strategy = EXCLUDED.strategy, models = EXCLUDED.models, updated_at = EXCLUDED.updated_at
        "#,
        user.0,
        strategy,
        models,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How models did since then, from their hourly figures: their histograms are added up, never their percentiles.
#[tracing::instrument(name = "db.model_perf_hourly.measured", skip_all)]
pub(super) async fn measured(db: impl PgExecutor<'_>, since: DateTime<Utc>) -> Result<Vec<Measured>, Error> {
    let rows = sqlx::query!(
        r#"
        WITH hours AS MATERIALIZED (
            SELECT model_public_name AS model, requests, successes, latency_histogram
            FROM model_perf_hourly
            WHERE hour >= $1
        ), totals AS (
            SELECT model, sum(requests)::bigint AS requests, sum(successes)::bigint AS successes FROM hours GROUP BY model
        ), buckets AS (
            -- Each entry is (bucket << 40) + count.
            SELECT model, entry >> 40 AS bucket, sum(entry & ((1::bigint << 40) - 1)) AS count
            FROM hours, unnest(latency_histogram) AS entry
            GROUP BY model, bucket
        ), ranks AS (
            SELECT model, bucket, sum(count) OVER (PARTITION BY model ORDER BY bucket) AS reached,
                   sum(count) OVER (PARTITION BY model) AS total
            FROM buckets
        )
        SELECT t.model AS "model!", t.requests AS "requests!", t.successes AS "successes!",
               (SELECT min(bucket) FROM ranks r WHERE r.model = t.model AND r.reached >= ceil(0.95 * r.total)) AS p95_bucket
        FROM totals t
        WHERE t.requests > 0
        "#,
        since,
    )
    .fetch_all(db)
    .await?;
    let measured = rows.into_iter().map(|row| Measured {
        model: row.model,
        requests: row.requests.unsigned_abs(),
        success_rate: Some(row.successes as f64 / row.requests as f64),
        p95_latency_ms: row.p95_bucket.and_then(|bucket| i32::try_from(bucket).ok()).map(bucket_middle),
    });
    Ok(measured.collect())
}
