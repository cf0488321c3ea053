//! Statements on `model_perf_hourly`, on the hours that changed, and on former names of models.

use chrono::{DateTime, Utc};
use foundation::error::Error;
use futures::{Stream, TryStreamExt};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgExecutor, PgPool};

/// Channel that notifies every replica of a finished roll-up.
pub const CHANNEL: &str = "quadrille_rollup";
/// Channel that notifies every replica of a changed catalogue.
pub const CATALOG_CHANNEL: &str = "quadrille_catalog";
/// First key of the advisory lock on the roll-up of an hour; the hour is the second.
const LOCK_CLASS: i32 = 0x0171;

/// One hour of a model, aggregated.
pub(super) struct HourRow {
    pub model_public_name: String,
    pub requests: i64,
    pub successes: i64,
    pub refused: i64,
    pub abandoned: i64,
    pub errors_by_class: serde_json::Value,
    pub tokens_in: Option<i64>,
    pub tokens_out: Option<i64>,
    pub cost_usd: Option<Decimal>,
    pub generated_tokens: i64,
    pub generation_ms: i64,
    pub latency_histogram: Vec<i64>,
    pub ttft_histogram: Vec<i64>,
}

/// A model of the catalogue, and one of its hours where it has any.
pub(super) struct WindowRow {
    pub public_name: String,
    pub slug: String,
    pub family: Option<String>,
    pub context_window: Option<i32>,
    pub is_featured: bool,
    pub is_simulated: bool,
    pub input_price_per_million_usd: Option<Decimal>,
    pub output_price_per_million_usd: Option<Decimal>,
    pub updated_at: DateTime<Utc>,
    pub hour: Option<DateTime<Utc>>,
    pub requests: Option<i64>,
    pub successes: Option<i64>,
    pub errors_by_class: Option<serde_json::Value>,
    pub tokens_in: Option<i64>,
    pub tokens_out: Option<i64>,
    pub cost_usd: Option<Decimal>,
    pub generated_tokens: Option<i64>,
    pub generation_ms: Option<i64>,
    pub latency_histogram: Option<Vec<i64>>,
    pub ttft_histogram: Option<Vec<i64>>,
    pub rolled_up_at: Option<DateTime<Utc>>,
}

/// The next hours after `last` (`None`: from the first on) and before `until` whose roll-up does not include all of their
/// events, oldest first. Empty when there are no more.
#[tracing::instrument(name = "db.usage_changed_hours.list", skip_all)]
pub(super) async fn changed_hours(
    db: impl PgExecutor<'_>,
    last: Option<DateTime<Utc>>,
    until: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        SELECT DISTINCT hour
        FROM usage_changed_hours
        WHERE hour < $1 AND ($2::timestamptz IS NULL OR hour > $2)
        ORDER BY hour
        LIMIT 1000
        "#,
        until,
        last,
    )
    .fetch_all(db)
    .await?)
}

/// Marks every hour from `since` to before `until` whose events are still stored.
#[tracing::instrument(name = "db.usage_changed_hours.mark", skip_all)]
pub(super) async fn mark_hours(
    db: impl PgExecutor<'_>,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        r#"
        WITH days AS (
            SELECT to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' AS day
            FROM pg_inherits i
            JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'usage_events'::regclass AND c.relname ~ '^usage_events_[0-9]{8}$'
        )
        INSERT INTO usage_changed_hours (hour)
        SELECT hour
        FROM days, generate_series(day, day + interval '23 hours', interval '1 hour') AS hour
        WHERE hour >= usage_hour($1) AND hour < $2
        "#,
        since,
        until,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Takes the advisory lock on the roll-up of this hour, to the end of the transaction; waits for another holder. Raises the
/// transaction's statement timeout and working memory to what a large hour needs, and lowers the cost of parallel workers:
/// the planner estimates as many groups as there are distinct times, although there are only a few hundred buckets.
#[tracing::instrument(name = "db.model_perf_hourly.lock", skip_all)]
pub(super) async fn lock_hour(connection: &mut PgConnection, hour: DateTime<Utc>) -> Result<(), Error> {
    sqlx::raw_sql(
        "SET LOCAL statement_timeout = '15min'; SET LOCAL lock_timeout = '15min'; SET LOCAL work_mem = '64MB'; \
         SET LOCAL parallel_tuple_cost = 0.02; SET LOCAL enable_sort = off; SET LOCAL jit = off",
    )
    .execute(&mut *connection)
    .await?;
    let hour = i32::try_from(hour.timestamp().div_euclid(3_600)).unwrap_or_default();
    sqlx::query!("SELECT pg_advisory_xact_lock($1, $2)", LOCK_CLASS, hour).execute(connection).await?;
    Ok(())
}

/// Deletes the marks of an hour and returns how many there were. Events whose mark was deleted are visible to every later
/// statement of the transaction; the mark of any other event stays.
#[tracing::instrument(name = "db.usage_changed_hours.take", skip_all)]
pub(super) async fn take_marks(db: impl PgExecutor<'_>, hour: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("DELETE FROM usage_changed_hours WHERE hour = $1", hour).execute(db).await?;
    Ok(done.rows_affected())
}

/// Whether statistics of this hour are stored while retention has dropped its events. A partition that a statement of this
/// transaction has read before cannot have been dropped since, because reading locks it.
#[tracing::instrument(name = "db.model_perf_hourly.outlives_its_events", skip_all)]
pub(super) async fn outlives_its_events(db: impl PgExecutor<'_>, hour: DateTime<Utc>) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM usage_dropped_days WHERE day = ($1::timestamptz AT TIME ZONE 'UTC')::date)
           AND EXISTS (SELECT FROM model_perf_hourly WHERE hour = $1) AS "outlives!"
        "#,
        hour,
    )
    .fetch_one(db)
    .await?)
}

/// Locks the names of models until the transaction ends; waits for a rename that is going on.
#[tracing::instrument(name = "db.model_former_names.lock", skip_all)]
pub(super) async fn lock_names(db: impl PgExecutor<'_>) -> Result<(), Error> {
    sqlx::query!("LOCK TABLE model_former_names IN SHARE MODE").execute(db).await?;
    Ok(())
}

/// Whether any of these rows has a former name.
#[tracing::instrument(name = "db.model_former_names.any", skip_all)]
pub(super) async fn has_former_name(db: impl PgExecutor<'_>, rows: &[HourRow]) -> Result<bool, Error> {
    let names: Vec<String> = rows.iter().map(|row| row.model_public_name.clone()).collect();
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM model_renames WHERE former_name = ANY($1)) AS "any!""#,
        &names,
    )
    .fetch_one(db)
    .await?)
}

/// One hour of events, aggregated by model.
#[tracing::instrument(name = "db.usage_events.aggregate", skip_all, fields(%hour))]
pub(super) async fn aggregate(db: impl PgExecutor<'_>, hour: DateTime<Utc>) -> Result<Vec<HourRow>, Error> {
    Ok(sqlx::query_file_as!(HourRow, "src/leaderboard/rollup.sql", hour).fetch_all(db).await?)
}

/// Replaces the stored statistics of an hour.
#[tracing::instrument(name = "db.model_perf_hourly.replace", skip_all, fields(%hour))]
pub(super) async fn replace_hour(
    connection: &mut PgConnection,
    hour: DateTime<Utc>,
    rows: &[HourRow],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!("DELETE FROM model_perf_hourly WHERE hour = $1", hour).execute(&mut *connection).await?;
    for row in rows {
        sqlx::query!(
            r#"
            INSERT INTO model_perf_hourly (
                hour, model_public_name, requests, successes, refused, abandoned, errors_by_class, tokens_in, tokens_out, cost_usd,
                generated_tokens, generation_ms, latency_histogram, ttft_histogram, rolled_up_at
            )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            "#,
            hour,
            row.model_public_name,
            row.requests,
            row.successes,
            row.refused,
            row.abandoned,
            row.errors_by_class,
            row.tokens_in,
            row.tokens_out,
            row.cost_usd,
            row.generated_tokens,
            row.generation_ms,
            &row.latency_histogram,
            &row.ttft_histogram,
            now,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Notifies every replica that statistics have changed.
#[tracing::instrument(name = "db.notify_rolled_up", skip_all)]
pub(super) async fn notify_rolled_up(db: impl PgExecutor<'_>) -> Result<(), Error> {
    sqlx::query!("SELECT pg_notify($1, '')", CHANNEL).execute(db).await?;
    Ok(())
}

/// The enabled models with their hours of the window, in one statement and so from one snapshot.
pub(super) fn window(
    pool: &PgPool,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> impl Stream<Item = Result<WindowRow, Error>> {
    sqlx::query_as!(
        WindowRow,
        r#"
        SELECT m.public_name, m.slug, m.family, m.context_window, m.is_featured, u.is_simulated,
               m.input_price_per_million_usd, m.output_price_per_million_usd, m.updated_at,
               h.hour AS "hour?", h.requests AS "requests?", h.successes AS "successes?",
               h.errors_by_class AS "errors_by_class?", h.tokens_in, h.tokens_out, h.cost_usd,
               h.generated_tokens AS "generated_tokens?", h.generation_ms AS "generation_ms?",
               h.latency_histogram AS "latency_histogram?", h.ttft_histogram AS "ttft_histogram?",
               h.rolled_up_at AS "rolled_up_at?"
        FROM models m
        JOIN upstreams u ON u.id = m.upstream_id
        LEFT JOIN model_perf_hourly h ON h.model_public_name = m.public_name AND h.hour >= $1 AND h.hour < $2
        WHERE m.is_enabled AND u.is_enabled
        ORDER BY m.public_name, h.hour
        "#,
        since,
        until,
    )
    .fetch(pool)
    .map_err(Error::from)
}
