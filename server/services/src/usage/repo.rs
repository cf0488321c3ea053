//! Statements that write to `usage_events`. The modules that read it have their own.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use foundation::error::Error;
use sqlx::{AssertSqlSafe, PgExecutor};

use super::{UsageEvent, is_believable_cost};

/// Inserts the events that are not stored yet and returns their number. A cost that is not believable is stored as unknown. A
/// trigger marks the affected hours for the roll-up in the same transaction.
#[tracing::instrument(name = "db.usage_events.insert", skip_all, fields(count = events.len()))]
pub(super) async fn insert(db: impl PgExecutor<'_>, events: &[UsageEvent]) -> Result<u64, Error> {
    fn column<'a, T>(events: &'a [UsageEvent], value: impl Fn(&'a UsageEvent) -> T) -> Vec<T> {
        events.iter().map(value).collect()
    }
    let done = sqlx::query!(
        r#"
        INSERT INTO usage_events (
            id, occurred_at, request_id, api_key_id, user_id, model_public_name, upstream_id, status_code, outcome, error_class,
            is_stream, tokens_in, tokens_out, usage_source, latency_ms, upstream_latency_ms, ttft_ms, attempt, cost_usd, source
        )
        SELECT * FROM unnest(
            $1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::integer[], $9::text[],
            $10::text[], $11::boolean[], $12::bigint[], $13::bigint[], $14::text[], $15::bigint[], $16::bigint[], $17::bigint[],
            $18::integer[], $19::numeric[], $20::text[]
        )
        ON CONFLICT DO NOTHING
        "#,
        &column(events, |event| event.id),
        &column(events, |event| event.occurred_at),
        &column(events, |event| event.request_id.clone()) as _,
        &column(events, |event| event.api_key_id) as _,
        &column(events, |event| event.user_id) as _,
        &column(events, |event| event.model_public_name.clone()),
        &column(events, |event| event.upstream_id) as _,
        &column(events, |event| event.status_code.map(i32::from)) as _,
        &column(events, |event| event.outcome.into_str()) as _,
        &column(events, |event| event.error_class.map(|class| class.into_str())) as _,
        &column(events, |event| event.is_stream),
        &column(events, |event| event.tokens_in.map(signed)) as _,
        &column(events, |event| event.tokens_out.map(signed)) as _,
        &column(events, |event| event.usage_source.map(|source| source.into_str())) as _,
        &column(events, |event| signed(event.latency_ms)),
        &column(events, |event| event.upstream_latency_ms.map(signed)) as _,
        &column(events, |event| event.ttft_ms.map(signed)) as _,
        &column(events, |event| i32::try_from(event.attempt).unwrap_or(i32::MAX)),
        &column(events, |event| event.cost_usd.filter(is_believable_cost)) as _,
        &column(events, |event| event.source.into_str()) as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Creates the missing partitions of these days and returns their number.
#[tracing::instrument(name = "db.usage_events.ensure_partitions", skip_all, fields(%from_day, %to_day))]
pub(super) async fn ensure_partitions(
    db: impl PgExecutor<'_>,
    from_day: NaiveDate,
    to_day: NaiveDate,
) -> Result<u64, Error> {
    let made = sqlx::query_scalar!(
        r#"
        SELECT count(*) FILTER (WHERE usage_events_ensure_partition(day::date)) AS "made!"
        FROM generate_series($1::date::timestamp, $2::date::timestamp, interval '1 day') AS day
        "#,
        from_day,
        to_day,
    )
    .fetch_one(db)
    .await?;
    Ok(made.unsigned_abs())
}

/// The days that have a partition, oldest first.
#[tracing::instrument(name = "db.usage_events.days", skip_all)]
pub(super) async fn days(db: impl PgExecutor<'_>) -> Result<Vec<NaiveDate>, Error> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
         WHERE i.inhparent = 'usage_events'::regclass ORDER BY c.relname",
    )
    .fetch_all(db)
    .await?;
    let day = |name: String| NaiveDate::parse_from_str(name.strip_prefix("usage_events_")?, "%Y%m%d").ok();
    Ok(names.into_iter().filter_map(day).collect())
}

/// Whether the roll-up still has to process hours of this day.
#[tracing::instrument(name = "db.usage_changed_hours.any", skip_all, fields(%day))]
pub(super) async fn has_changed_hours(db: impl PgExecutor<'_>, day: NaiveDate) -> Result<bool, Error> {
    let midnight = |day: NaiveDate| -> DateTime<Utc> { day.and_time(NaiveTime::MIN).and_utc() };
    let any = sqlx::query_scalar("SELECT EXISTS (SELECT FROM usage_changed_hours WHERE hour >= $1 AND hour < $2)")
        .bind(midnight(day))
        .bind(midnight(day + Days::new(1)))
        .fetch_one(db)
        .await?;
    Ok(any)
}

/// Drops the partition of a day with its events, and records that it did: the roll-up of that day is final from then on.
#[tracing::instrument(name = "db.usage_events.drop_day", skip_all, fields(%day))]
pub(super) async fn drop_day(db: impl PgExecutor<'_>, day: NaiveDate) -> Result<(), Error> {
    // Statements of one simple query run in one transaction. The only value in them is a formatted date, so they are safe.
    let statements = format!(
        "INSERT INTO usage_dropped_days (day) VALUES ('{}') ON CONFLICT DO NOTHING; DROP TABLE IF EXISTS usage_events_{}",
        day.format("%Y-%m-%d"),
        day.format("%Y%m%d")
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(db).await?;
    Ok(())
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
