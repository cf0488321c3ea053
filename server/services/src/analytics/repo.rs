//! Statements that aggregate the `usage_events` of keys. The caller has checked that the keys are the member's.

use chrono::{DateTime, Utc};
use domain::UserId;
use foundation::error::Error;
use rust_decimal::Decimal;
use sqlx::{PgExecutor, postgres::types::PgInterval};
use uuid::Uuid;

/// Which events are aggregated.
pub(super) struct Scope<'a> {
    pub keys: &'a [Uuid],
    /// Events of another member are excluded, whatever their key.
    pub user: UserId,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub step: PgInterval,
    pub model: Option<&'a str>,
}

/// Events of one step, model and ending; successes are also grouped by latency bucket.
pub(super) struct EventsRow {
    pub step: DateTime<Utc>,
    pub model: String,
    pub outcome: String,
    pub error_class: Option<String>,
    pub status_code: Option<i32>,
    pub latency_bucket: Option<i32>,
    pub events: i64,
    pub estimated: i64,
    pub tokens_in: Option<i64>,
    pub tokens_out: Option<i64>,
    pub cost_usd: Option<Decimal>,
}

/// Streamed successes of one step, model and bucket of the time to first token.
pub(super) struct FirstTokenRow {
    pub step: DateTime<Utc>,
    pub model: String,
    pub bucket: i32,
    pub events: i64,
}

/// The ids of the member's keys, revoked ones included.
#[tracing::instrument(name = "db.api_keys.ids", skip_all)]
pub(super) async fn keys_of(db: impl PgExecutor<'_>, user: UserId) -> Result<Vec<Uuid>, Error> {
    let ids = sqlx::query_scalar!("SELECT id FROM api_keys WHERE user_id = $1", user.0).fetch_all(db).await?;
    Ok(ids)
}

/// The events of some keys, aggregated. Tokens and cost are sums over all requests, also those that do not count for their
/// model.
#[tracing::instrument(name = "db.usage_events.of_keys", skip_all)]
pub(super) async fn events(db: impl PgExecutor<'_>, scope: &Scope<'_>) -> Result<Vec<EventsRow>, Error> {
    let rows = sqlx::query_as!(
        EventsRow,
        r#"
        SELECT date_bin($5, occurred_at, $3) AS "step!", model_public_name AS "model!", outcome AS "outcome!", error_class, status_code,
               CASE WHEN outcome = 'success' THEN usage_bucket(latency_ms) END AS latency_bucket,
               count(*) AS "events!",
               count(*) FILTER (WHERE usage_source = 'estimated') AS "estimated!",
               sum(tokens_in)::bigint AS tokens_in, sum(tokens_out)::bigint AS tokens_out, sum(cost_usd) AS cost_usd
        FROM usage_events
        WHERE api_key_id = ANY($1) AND api_key_id IS NOT NULL AND occurred_at >= $3 AND occurred_at < $4
          AND (user_id IS NULL OR user_id = $2)
          AND ($6::text IS NULL OR model_public_name = $6)
        GROUP BY 1, 2, 3, 4, 5, 6
        "#,
        scope.keys,
        scope.user.0,
        scope.from,
        scope.to,
        scope.step,
        scope.model,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// The times to the first token of the same events.
#[tracing::instrument(name = "db.usage_events.first_tokens", skip_all)]
pub(super) async fn first_tokens(db: impl PgExecutor<'_>, scope: &Scope<'_>) -> Result<Vec<FirstTokenRow>, Error> {
    let rows = sqlx::query_as!(
        FirstTokenRow,
        r#"
        SELECT date_bin($5, occurred_at, $3) AS "step!", model_public_name AS "model!", usage_bucket(ttft_ms) AS "bucket!",
               count(*) AS "events!"
        FROM usage_events
        WHERE api_key_id = ANY($1) AND api_key_id IS NOT NULL AND occurred_at >= $3 AND occurred_at < $4
          AND (user_id IS NULL OR user_id = $2)
          AND ($6::text IS NULL OR model_public_name = $6)
          AND outcome = 'success' AND ttft_ms IS NOT NULL
        GROUP BY 1, 2, 3
        "#,
        scope.keys,
        scope.user.0,
        scope.from,
        scope.to,
        scope.step,
        scope.model,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
