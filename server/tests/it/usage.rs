//! Usage events in a real database: written once, in whatever day they belong to, with their hours marked for the roll-up.

use chrono::{DateTime, NaiveDate, Utc};
use services::usage::{self, ErrorClass, EventSource, Outcome, UsageEvent, UsageSource};
use sqlx::PgPool;
use uuid::Uuid;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn event(occurred_at: &str) -> UsageEvent {
    UsageEvent {
        id: Uuid::now_v7(),
        occurred_at: time(occurred_at),
        request_id: Some("req-1".into()),
        api_key_id: Some(Uuid::now_v7()),
        user_id: Some(Uuid::now_v7()),
        model_public_name: "acme/qwen-pro".into(),
        upstream_id: Some(Uuid::now_v7()),
        status_code: Some(200),
        outcome: Outcome::Success,
        error_class: None,
        is_stream: true,
        tokens_in: Some(31),
        tokens_out: Some(9),
        usage_source: Some(UsageSource::Upstream),
        latency_ms: 812,
        upstream_latency_ms: Some(800),
        ttft_ms: Some(140),
        attempt: 1,
        cost_usd: Some("0.000029".parse().expect("a decimal")),
        source: EventSource::Gateway,
    }
}

async fn changed_hours(pool: &PgPool) -> Vec<DateTime<Utc>> {
    let statement = "SELECT DISTINCT hour FROM usage_changed_hours ORDER BY 1";
    sqlx::query_scalar(statement).fetch_all(pool).await.expect("rows")
}

async fn count(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM usage_events").fetch_one(pool).await.expect("a count")
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_event_is_stored_field_by_field_and_unknown_stays_unknown(pool: PgPool) {
    let known = event("2026-11-21T10:00:00Z");
    let unknown = UsageEvent {
        request_id: None,
        api_key_id: None,
        user_id: None,
        upstream_id: None,
        status_code: None,
        outcome: Outcome::Error,
        error_class: Some(ErrorClass::Upstream5xx),
        is_stream: false,
        tokens_in: None,
        tokens_out: None,
        usage_source: None,
        latency_ms: u64::MAX,
        upstream_latency_ms: None,
        ttft_ms: None,
        cost_usd: None,
        source: EventSource::LiteLlm,
        ..event("2026-11-21T10:00:01Z")
    };
    assert_eq!(usage::insert(&pool, &[known.clone(), unknown.clone()]).await.unwrap(), 2);
    let rows: Vec<serde_json::Value> =
        sqlx::query_scalar("SELECT to_jsonb(e) FROM usage_events e ORDER BY occurred_at")
            .fetch_all(&pool)
            .await
            .unwrap();
    for (row, event) in rows.iter().zip([known, unknown]) {
        let written = serde_json::to_value(&event).unwrap();
        for (field, value) in written.as_object().unwrap() {
            match field.as_str() {
                "occurred_at" => assert_eq!(time(row[field].as_str().unwrap()), event.occurred_at),
                "latency_ms" if event.latency_ms == u64::MAX => assert_eq!(row[field], i64::MAX),
                "cost_usd" if !value.is_null() => assert_eq!(row[field].to_string(), "0.000029"),
                _ => assert_eq!(&row[field], value, "{field}"),
            }
        }
        assert_eq!(written.as_object().unwrap().len(), row.as_object().unwrap().len());
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn writing_a_batch_twice_writes_it_once(pool: PgPool) {
    let first = vec![event("2026-11-21T10:00:00Z"), event("2026-11-21T10:59:59.999999Z")];
    assert_eq!(usage::insert(&pool, &first).await.unwrap(), 2);
    assert_eq!(usage::insert(&pool, &first).await.unwrap(), 0);
    let more = [first.clone(), vec![event("2026-11-21T11:00:00Z"), first[0].clone()]].concat();
    assert_eq!(usage::insert(&pool, &more).await.unwrap(), 1);
    assert_eq!(usage::insert(&pool, &[]).await.unwrap(), 0);
    assert_eq!(count(&pool).await, 3);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_cost_that_cannot_be_is_unknown_and_keeps_no_other_event_from_being_written(pool: PgPool) {
    let costing = |usd: &str| UsageEvent { cost_usd: Some(usd.parse().unwrap()), ..event("2026-11-21T10:00:00Z") };
    let events = ["0", "1000000", "1000000.01", "79228162514264337593543950335", "-1"].map(costing);
    assert_eq!(usage::insert(&pool, &events).await.unwrap(), 5);
    let costs: Vec<Option<String>> =
        sqlx::query_scalar("SELECT cost_usd::text FROM usage_events ORDER BY id").fetch_all(&pool).await.unwrap();
    assert_eq!(costs, [Some("0".into()), Some("1000000".into()), None, None, None]);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn batches_written_at_once_by_many_fill_days_that_have_no_partition_yet(pool: PgPool) {
    let shared = event("2026-03-01T00:00:00Z");
    let writers = (1..=8).map(|day| {
        let (pool, shared) = (pool.clone(), shared.clone());
        async move {
            let own = [event(&format!("2026-03-0{day}T23:59:59Z")), event(&format!("2026-03-0{day}T00:00:00Z"))];
            usage::insert(&pool, &[own.as_slice(), &[shared]].concat()).await.unwrap()
        }
    });
    let written: u64 = futures::future::join_all(writers).await.iter().sum();
    assert_eq!((written, count(&pool).await), (17, 17));
    let strays: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM usage_events WHERE tableoid::regclass::text <> to_char(occurred_at AT TIME ZONE 'UTC', '\"usage_events_\"YYYYMMDD')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(strays, 0, "every event is in the partition of its day");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn partitions_can_be_asked_for_any_number_of_times_from_anywhere(pool: PgPool) {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let (from, to) = (day("2026-12-30"), day("2027-01-02"));
    let asked = (0..12).map(|_| usage::ensure_partitions(&pool, from, to));
    let made: u64 = futures::future::join_all(asked).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(made, 4);
    assert_eq!(usage::ensure_partitions(&pool, day("2027-01-02"), day("2027-01-03")).await.unwrap(), 1);
    assert!(usage::ensure_partitions(&pool, from, day("9999-01-01")).await.is_err(), "a clock that is wrong");
    usage::insert(&pool, &[event("2026-12-31T23:30:00Z")]).await.unwrap();
    assert_eq!(count(&pool).await, 1);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn late_events_mark_their_hours_and_known_ones_mark_nothing(pool: PgPool) {
    let late = [event("2026-11-18T07:59:59Z"), event("2026-11-18T08:00:00Z"), event("2026-11-21T10:15:00Z")];
    usage::insert(&pool, &late).await.unwrap();
    let hours = ["2026-11-18T07:00:00Z", "2026-11-18T08:00:00Z", "2026-11-21T10:00:00Z"].map(time);
    assert_eq!(changed_hours(&pool).await, hours);
    sqlx::query("DELETE FROM usage_changed_hours").execute(&pool).await.unwrap();
    usage::insert(&pool, &late).await.unwrap();
    assert!(changed_hours(&pool).await.is_empty(), "nothing changed");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn hours_are_those_of_utc_whatever_a_connection_is_set_to(pool: PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    sqlx::query("SET timezone = 'Asia/Kolkata'").execute(&mut *connection).await.unwrap();
    let hour: DateTime<Utc> =
        sqlx::query_scalar("SELECT usage_hour('2026-11-21T10:20:00Z')").fetch_one(&mut *connection).await.unwrap();
    assert_eq!(hour, time("2026-11-21T10:00:00Z"));
    let made: bool = sqlx::query_scalar("SELECT usage_events_ensure_partition('2026-11-21')")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert!(made);
    connection.close().await.unwrap();
    usage::insert(&pool, &[event("2026-11-21T00:00:00Z"), event("2026-11-21T23:59:59Z")]).await.unwrap();
    let partitions: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tableoid::regclass::text FROM usage_events")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(partitions, ["usage_events_20261121"]);
}
