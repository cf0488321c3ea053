//! The roll-up against the raw events, on a real database.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::histogram::Histogram;
use foundation::{clock::TestClock, shutdown::Tasks};
use futures::future::join_all;
use services::{
    leaderboard::{CHANNEL, RollUp},
    usage::{self, ErrorClass, Outcome, UsageEvent},
};
use sqlx::{Connection, PgPool, postgres::PgListener};
use tokio::time::timeout;

use crate::support::{
    app::eventually,
    traffic::{failure, success, time},
};

const NOW: &str = "2026-11-21T10:05:00Z";

fn roll_up(pool: &PgPool) -> RollUp {
    RollUp::new(pool.clone(), Arc::new(TestClock::at(time(NOW))), Tasks::default())
}

fn until() -> DateTime<Utc> {
    time("2026-11-21T10:00:00Z")
}

/// Makes up `count` events of three models over the 168 hours before ten, by the database itself: successes and failures, some
/// without tokens, streamed or not, refused and abandoned ones, with a long tail of latencies.
async fn random_traffic(pool: &PgPool, seed: f64, count: i64) {
    usage::ensure_partitions(pool, time("2026-11-14T00:00:00Z").date_naive(), until().date_naive()).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    sqlx::query("SELECT setseed($1)").bind(seed).execute(&mut *connection).await.unwrap();
    sqlx::query(
        r#"
        INSERT INTO usage_events (id, occurred_at, latency_ms, attempt, is_stream, model_public_name, outcome, error_class,
                                  ttft_ms, tokens_in, tokens_out, cost_usd, source, upstream_latency_ms)
        SELECT gen_random_uuid(),
               '2026-11-21T10:00:00Z'::timestamptz - a * interval '168 hours',
               CASE WHEN b < 0.02 THEN 0 WHEN b > 0.97 THEN 20000 + 400000 * c ELSE 40 + 4000 * c * c * c END,
               1, d < 0.7, 'fake/' || (1 + floor(e * e * 3)),
               CASE WHEN f < 0.9 THEN 'success' WHEN f < 0.96 THEN 'error' WHEN f < 0.98 THEN 'refused' ELSE 'abandoned' END,
               CASE WHEN f < 0.9 THEN NULL WHEN f < 0.93 THEN 'timeout' WHEN f < 0.95 THEN 'upstream_5xx' WHEN f >= 0.96 THEN 'caller' END,
               CASE WHEN d < 0.7 THEN floor(30 * c) END,
               CASE WHEN d < 0.9 THEN floor(1000 * e) END, CASE WHEN d < 0.9 THEN floor(500 * b) END,
               CASE WHEN d < 0.8 THEN round((b * 0.01)::numeric, 6) END, 'gateway',
               CASE WHEN a < 0.5 THEN 20 + 2000 * c END
        FROM (
            SELECT random() AS a, random() AS b, random() AS c, random() AS d, random() AS e, random() AS f
            FROM generate_series(1, $1)
        ) AS dice
        "#,
    )
    .bind(count)
    .execute(&mut *connection)
    .await
    .unwrap();
}

/// What the roll-up and the raw events disagree about, hour by hour; nothing, if all is well.
async fn differences(pool: &PgPool, until: DateTime<Utc>) -> Vec<String> {
    let statement = r#"
        WITH raw AS (
            SELECT usage_hour(occurred_at) AS hour, model_public_name,
                   count(*) FILTER (WHERE outcome IN ('success', 'error')) AS requests,
                   count(*) FILTER (WHERE outcome = 'success') AS successes,
                   count(*) FILTER (WHERE outcome = 'refused') AS refused,
                   count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned,
                   count(*) FILTER (WHERE outcome = 'error' AND error_class = 'timeout') AS timeouts,
                   count(*) FILTER (WHERE outcome = 'error' AND error_class IS NULL) AS unknown,
                   sum(tokens_in) FILTER (WHERE outcome IN ('success', 'error')) AS tokens_in,
                   sum(tokens_out) FILTER (WHERE outcome IN ('success', 'error')) AS tokens_out,
                   sum(cost_usd) FILTER (WHERE outcome IN ('success', 'error')) AS cost_usd,
                   coalesce(sum(tokens_out) FILTER (WHERE outcome = 'success' AND ttft_ms < asked_ms), 0) AS generated_tokens,
                   coalesce(sum(asked_ms - ttft_ms) FILTER (WHERE outcome = 'success' AND ttft_ms < asked_ms AND tokens_out > 0), 0) AS generation_ms,
                   count(*) FILTER (WHERE outcome = 'success') AS latencies,
                   count(ttft_ms) FILTER (WHERE outcome = 'success') AS ttfts
            FROM usage_events, coalesce(upstream_latency_ms, latency_ms) AS asked_ms
            WHERE occurred_at < $1
            GROUP BY 1, 2
        ), rolled AS (
            SELECT hour, model_public_name, requests, successes, refused, abandoned,
                   coalesce((errors_by_class->>'timeout')::bigint, 0) AS timeouts,
                   coalesce((errors_by_class->>'unknown')::bigint, 0) AS unknown,
                   tokens_in, tokens_out, cost_usd, generated_tokens, generation_ms,
                   (SELECT coalesce(sum(pair & 1099511627775), 0) FROM unnest(latency_histogram) AS pair) AS latencies,
                   (SELECT coalesce(sum(pair & 1099511627775), 0) FROM unnest(ttft_histogram) AS pair) AS ttfts
            FROM model_perf_hourly
        )
        SELECT 'raw ' || x::text FROM (SELECT * FROM raw EXCEPT ALL SELECT * FROM rolled) AS x
        UNION ALL
        SELECT 'rolled up ' || x::text FROM (SELECT * FROM rolled EXCEPT ALL SELECT * FROM raw) AS x
        LIMIT 10
    "#;
    sqlx::query_scalar(statement).bind(until).fetch_all(pool).await.unwrap()
}

async fn equals_raw(pool: &PgPool) {
    let differences = differences(pool, until()).await;
    assert!(differences.is_empty(), "{differences:#?}");
}

async fn merged(pool: &PgPool, statement: &'static str, model: &str) -> Histogram {
    let rows: Vec<Vec<i64>> = sqlx::query_scalar(statement).bind(model).fetch_all(pool).await.unwrap();
    let mut histogram = Histogram::default();
    for row in rows {
        histogram.merge_stored(&row);
    }
    histogram
}

async fn quantiles_are_within_one_percent(pool: &PgPool) {
    for model in ["fake/1", "fake/2", "fake/3"] {
        let latency =
            merged(pool, "SELECT latency_histogram FROM model_perf_hourly WHERE model_public_name = $1", model).await;
        let ttft =
            merged(pool, "SELECT ttft_histogram FROM model_perf_hourly WHERE model_public_name = $1", model).await;
        for share in [0.5, 0.95, 0.99] {
            let (of_latency, of_ttft): (i64, i64) = sqlx::query_as(
                "SELECT percentile_disc($2) WITHIN GROUP (ORDER BY latency_ms), percentile_disc($2) WITHIN GROUP (ORDER BY ttft_ms)
                 FROM usage_events WHERE model_public_name = $1 AND outcome = 'success'",
            )
            .bind(model)
            .bind(share)
            .fetch_one(pool)
            .await
            .unwrap();
            for (found, exact) in [(latency.quantile(share), of_latency), (ttft.quantile(share), of_ttft)] {
                let found = found.unwrap() as f64;
                assert!(
                    (found - exact as f64).abs() <= 0.01 * exact as f64,
                    "{model} {share}: {found} instead of {exact}"
                );
            }
        }
    }
}

async fn random_traffic_is_rolled_up_without_a_difference(pool: &PgPool, seed: f64, count: i64) {
    random_traffic(pool, seed, count).await;
    let hours = roll_up(pool).run(until()).await.unwrap();
    assert!((100..=168).contains(&hours), "{hours}");
    equals_raw(pool).await;
    quantiles_are_within_one_percent(pool).await;
    assert_eq!(roll_up(pool).run(until()).await.unwrap(), 0, "nothing is left to do");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn sums_are_those_of_the_events_and_quantiles_within_one_percent_of_the_exact_ones(pool: PgPool) {
    random_traffic_is_rolled_up_without_a_difference(&pool, 0.1, 60_000).await;
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_same_with_little_traffic(pool: PgPool) {
    random_traffic_is_rolled_up_without_a_difference(&pool, 0.2, 900).await;
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_same_with_a_million_events(pool: PgPool) {
    random_traffic_is_rolled_up_without_a_difference(&pool, 0.3, 1_000_000).await;
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn what_was_rolled_up_of_a_day_that_was_dropped_stays_however_long_events_are_kept_now(pool: PgPool) {
    let (known, unknown) = (time("2026-11-10T06:30:00Z"), time("2026-11-10T08:30:00Z"));
    usage::insert(&pool, &[success("fake/1", known), success("fake/2", known)]).await.unwrap();
    assert_eq!(roll_up(&pool).run(until()).await.unwrap(), 1, "an hour that was missed is not too old");
    let today = time(NOW).date_naive();
    assert_eq!(usage::keep_days(&pool, today, Some(7)).await.unwrap(), 1);
    let dropped: Vec<NaiveDate> =
        sqlx::query_scalar("SELECT day FROM usage_dropped_days").fetch_all(&pool).await.unwrap();
    assert_eq!(dropped, [known.date_naive()]);

    // From now on a month of them is kept, and two come late.
    assert_eq!(usage::keep_days(&pool, today, Some(30)).await.unwrap(), 0);
    usage::insert(&pool, &[success("fake/1", known), success("fake/1", unknown)]).await.unwrap();
    assert_eq!(roll_up(&pool).run(until()).await.unwrap(), 1, "of the other hour nothing was known");
    roll_up(&pool).redo(known - TimeDelta::days(1), until()).await.unwrap();
    let rows: Vec<(DateTime<Utc>, String, i64)> =
        sqlx::query_as("SELECT hour, model_public_name, requests FROM model_perf_hourly ORDER BY 1, 2")
            .fetch_all(&pool)
            .await
            .unwrap();
    let hour = |at: DateTime<Utc>| at - TimeDelta::minutes(30);
    let one = |at, model: &str| (hour(at), model.to_owned(), 1);
    assert_eq!(rows, [one(known, "fake/1"), one(known, "fake/2"), one(unknown, "fake/1")]);
    assert_eq!(usage::keep_days(&pool, today, Some(7)).await.unwrap(), 1, "the day goes again");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_hour_that_cannot_be_rolled_up_keeps_no_other_one_waiting(pool: PgPool) {
    let hours = [6, 7, 8].map(|hour| time(&format!("2026-11-21T0{hour}:00:00Z")));
    usage::insert(&pool, &hours.map(|hour| success("fake/1", hour))).await.unwrap();
    for statement in [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this hour'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON model_perf_hourly FOR EACH ROW
         WHEN (NEW.hour = '2026-11-21T06:00:00Z') EXECUTE FUNCTION refuse()",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let mut listener = PgListener::connect_with(&pool).await.unwrap();
    listener.listen(CHANNEL).await.unwrap();
    let error = roll_up(&pool).run(until()).await.unwrap_err();
    assert!(error.to_string().contains("not this hour"), "{error}");
    let heard = timeout(Duration::from_secs(10), listener.recv()).await;
    assert!(heard.is_ok_and(|heard| heard.is_ok()), "of the others every replica is told");
    let rolled_up: Vec<DateTime<Utc>> =
        sqlx::query_scalar("SELECT hour FROM model_perf_hourly ORDER BY hour").fetch_all(&pool).await.unwrap();
    assert_eq!(rolled_up, hours[1..]);

    sqlx::query("DROP TRIGGER refuse ON model_perf_hourly").execute(&pool).await.unwrap();
    assert_eq!(roll_up(&pool).run(until()).await.unwrap(), 1, "it has kept its mark");
    equals_raw(&pool).await;
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn more_hours_than_are_looked_up_at_a_time_are_all_rolled_up(pool: PgPool) {
    sqlx::query(
        "INSERT INTO usage_changed_hours (hour)
         SELECT until - i * interval '1 hour' FROM generate_series(1, 1100) AS i, (SELECT $1::timestamptz AS until) AS u",
    )
    .bind(until())
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(roll_up(&pool).run(until()).await.unwrap(), 1_100);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_model_that_is_renamed_while_its_hour_is_rolled_up_keeps_that_hour(pool: PgPool) {
    let hour = time("2026-11-21T08:00:00Z");
    for statement in [
        "INSERT INTO upstreams (id, name, base_url, created_at, updated_at)
         VALUES (gen_random_uuid(), 'fake', 'http://127.0.0.1:9/v1', now(), now())",
        "INSERT INTO models (id, public_name, slug, upstream_id, upstream_model, created_at, updated_at)
         SELECT gen_random_uuid(), 'fake/1', 'fake-1', id, 'm', now(), now() FROM upstreams",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    usage::insert(&pool, &[success("fake/1", hour)]).await.unwrap();
    // An administrator is about to rename it when the events are read, and has done so before anything is written.
    let mut renaming = pool.begin().await.unwrap();
    for statement in [
        "UPDATE models SET public_name = 'fake/2'",
        "INSERT INTO model_former_names (former_name, model_id, renamed_at) SELECT 'fake/1', id, now() FROM models",
    ] {
        sqlx::query(statement).execute(&mut *renaming).await.unwrap();
    }
    let running = tokio::spawn({
        let roll_up = roll_up(&pool);
        async move { roll_up.run(until()).await }
    });
    eventually("the roll-up waits for the new name", async || {
        let statement = "SELECT EXISTS (
            SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE d.datname = current_database() AND l.relation = 'model_former_names'::regclass AND NOT l.granted)";
        let is_waiting: bool = sqlx::query_scalar(statement).fetch_one(&pool).await.unwrap();
        is_waiting
    })
    .await;
    renaming.commit().await.unwrap();
    assert_eq!(running.await.unwrap().unwrap(), 1);
    let names: Vec<String> =
        sqlx::query_scalar("SELECT model_public_name FROM model_perf_hourly").fetch_all(&pool).await.unwrap();
    assert_eq!(names, ["fake/2"]);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn late_commits_and_roll_ups_at_once_never_lose_an_event(pool: PgPool) {
    let first = time("2026-11-21T06:00:00Z");
    usage::ensure_partitions(&pool, first.date_naive(), first.date_naive()).await.unwrap();
    let statement =
        "INSERT INTO usage_events (id, occurred_at, latency_ms, attempt, is_stream, model_public_name, outcome, source)
                     VALUES (gen_random_uuid(), $1, $2, 1, false, 'fake/1', 'success', 'gateway')";
    for round in 0..200_i64 {
        let hour = first + TimeDelta::hours(round % 4);
        // One event is written and not yet committed while others roll the same hour up and write to it.
        let mut late = pool.begin().await.unwrap();
        sqlx::query(statement).bind(hour + TimeDelta::seconds(round)).bind(round).execute(&mut *late).await.unwrap();
        let event = UsageEvent { latency_ms: round.unsigned_abs(), ..success("fake/2", hour + TimeDelta::minutes(7)) };
        let (first, second) = (roll_up(&pool), roll_up(&pool));
        let (a, written, b) =
            futures::join!(first.run(until()), usage::insert(&pool, std::slice::from_ref(&event)), second.run(until()));
        assert_eq!((a.is_ok(), written.unwrap(), b.is_ok()), (true, 1, true));
        let (committed, c) = futures::join!(late.commit(), first.run(until()));
        committed.unwrap();
        c.unwrap();
        for done in join_all((0..2).map(|_| second.run(until()))).await {
            done.unwrap();
        }
        let differences = differences(&pool, until()).await;
        assert!(differences.is_empty(), "round {round}: {differences:#?}");
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_hour_is_redone_when_late_events_come_and_the_current_one_waits(pool: PgPool) {
    let hour = time("2026-11-18T07:00:00Z");
    usage::insert(&pool, &[success("fake/1", hour), success("fake/1", until())]).await.unwrap();
    assert_eq!(roll_up(&pool).run(until()).await.unwrap(), 1, "ten o'clock is not over");
    let late = [failure("fake/1", hour + TimeDelta::minutes(59), ErrorClass::Timeout), success("fake/9", hour)];
    usage::insert(&pool, &late).await.unwrap();
    assert_eq!(roll_up(&pool).run(until()).await.unwrap(), 1);
    equals_raw(&pool).await;
    assert_eq!(roll_up(&pool).run(until() + TimeDelta::hours(1)).await.unwrap(), 1);
    assert!(differences(&pool, until() + TimeDelta::hours(1)).await.is_empty());
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_roll_up_that_dies_in_the_middle_leaves_nothing_half_done(pool: PgPool) {
    let hour = time("2026-11-21T08:00:00Z");
    usage::insert(&pool, &[success("fake/1", hour)]).await.unwrap();
    roll_up(&pool).run(until()).await.unwrap();
    usage::insert(&pool, &[success("fake/1", hour), success("fake/2", hour)]).await.unwrap();
    // It has the hour's lock, has taken the marks and emptied the hour, and then its process is killed.
    let mut dying = sqlx::PgConnection::connect_with(&pool.connect_options()).await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut dying).await.unwrap();
    for statement in ["BEGIN", "DELETE FROM usage_changed_hours", "DELETE FROM model_perf_hourly"] {
        sqlx::query(statement).execute(&mut dying).await.unwrap();
    }
    sqlx::query("SELECT pg_terminate_backend($1, 10000)").bind(pid).execute(&pool).await.unwrap();
    let requests: i64 =
        sqlx::query_scalar("SELECT sum(requests)::bigint FROM model_perf_hourly").fetch_one(&pool).await.unwrap();
    assert_eq!(requests, 1, "what was there is there");
    assert_eq!(roll_up(&pool).run(until()).await.unwrap(), 1);
    equals_raw(&pool).await;
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn redoing_history_corrects_what_is_wrong_and_spares_what_has_no_events_any_more(pool: PgPool) {
    let (old, new) = (time("2026-11-01T07:00:00Z"), time("2026-11-20T07:00:00Z"));
    usage::insert(&pool, &[success("fake/1", old), success("fake/1", new), success("fake/2", new)]).await.unwrap();
    roll_up(&pool).run(until()).await.unwrap();
    // The old day's events are gone, as retention has it; of the new day one was deleted by hand, and a row was spoilt.
    sqlx::query("DROP TABLE usage_events_20261101").execute(&pool).await.unwrap();
    sqlx::query("DELETE FROM usage_events WHERE model_public_name = 'fake/2'").execute(&pool).await.unwrap();
    sqlx::query("UPDATE model_perf_hourly SET requests = 77 WHERE hour = $1").bind(new).execute(&pool).await.unwrap();
    let hours = roll_up(&pool).redo(time("1970-01-01T00:00:00Z"), until()).await.unwrap();
    assert_eq!(hours, 24);
    let rows: Vec<(DateTime<Utc>, String, i64)> =
        sqlx::query_as("SELECT hour, model_public_name, requests FROM model_perf_hourly ORDER BY 1")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(rows, [(old, "fake/1".into(), 1), (new, "fake/1".into(), 1)]);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn invented_numbers_do_not_stop_a_roll_up(pool: PgPool) {
    let hour = time("2026-11-21T08:00:00Z");
    let absurd = UsageEvent {
        tokens_in: Some(u64::MAX),
        tokens_out: Some(u64::MAX),
        latency_ms: u64::MAX,
        cost_usd: Some("70000000000000000000000000000".parse().unwrap()),
        ..success("fake/1", hour)
    };
    let again = UsageEvent { id: uuid::Uuid::now_v7(), ..absurd.clone() };
    let refused =
        UsageEvent { outcome: Outcome::Refused, error_class: Some(ErrorClass::Caller), ..success("fake/2", hour) };
    usage::insert(&pool, &[absurd, again, refused]).await.unwrap();
    let costs: i64 = sqlx::query_scalar("SELECT count(cost_usd) FROM usage_events WHERE model_public_name = 'fake/1'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(costs, 0, "what nobody can have paid is not known");
    // Where it was believed once.
    sqlx::query("UPDATE usage_events SET cost_usd = 7e28 WHERE model_public_name = 'fake/1'")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(roll_up(&pool).run(until()).await.unwrap(), 1);
    let (tokens, cost): (i64, String) =
        sqlx::query_as("SELECT tokens_in, cost_usd::text FROM model_perf_hourly WHERE model_public_name = 'fake/1'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!((tokens, cost.as_str()), (i64::MAX, "79228162514264337593543950335"));
}
