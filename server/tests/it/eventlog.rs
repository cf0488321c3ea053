//! The event log: what is written to it arrives in the database, once, whatever happens in between.

use std::{fs, path::Path, time::Duration};

use chrono::{TimeDelta, TimeZone, Utc};
use eventlog::{EventLog, LogFull, LogSettings};
use foundation::shutdown::Tasks;
use rust_decimal::Decimal;
use services::usage::{ErrorClass, EventShipper, EventSource, Outcome, UsageEvent, UsageSource, keep_days};
use sqlx::{PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use crate::{
    program::TempDir,
    support::{app::eventually, detour::Detour},
};

fn event(n: i64) -> UsageEvent {
    UsageEvent {
        id: Uuid::from_u128(n as u128 + 1),
        occurred_at: Utc.with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap() + TimeDelta::milliseconds(n),
        request_id: Some(format!("request {n}")),
        api_key_id: Some(Uuid::from_u128(7)),
        user_id: None,
        model_public_name: "acme/qwen \"pro\"\u{1f600}".into(),
        upstream_id: None,
        status_code: Some(200),
        outcome: Outcome::Success,
        error_class: (n % 2 == 0).then_some(ErrorClass::CutOff),
        is_stream: true,
        tokens_in: Some(3),
        tokens_out: None,
        usage_source: Some(UsageSource::Estimated),
        latency_ms: 812,
        upstream_latency_ms: Some(800),
        ttft_ms: None,
        attempt: 1,
        cost_usd: Some(Decimal::new(21, 6)),
        source: EventSource::Gateway,
    }
}

fn settings(dir: &TempDir) -> LogSettings {
    LogSettings::new(dir.path().join("event-log"))
}

/// Writes events, one after the other, and closes the log.
async fn written(settings: LogSettings, events: std::ops::Range<i64>) {
    let log = EventLog::open(settings).unwrap();
    for n in events {
        assert!(log.admit().unwrap().write(&[event(n)]).await);
    }
    log.close().await;
}

/// Moves what is there to the database.
async fn moved(settings: LogSettings, pool: &PgPool) {
    let (log, tasks) = (EventLog::open(settings).unwrap(), Tasks::default());
    let moving = tasks.spawn(EventShipper::new(log.clone(), pool.clone()).run(tasks.clone()));
    eventually("everything is moved", async || log.waiting() == 0).await;
    assert!(tasks.stop(Duration::from_secs(20)).await);
    moving.await.unwrap();
    log.close().await;
}

async fn ids(pool: &PgPool) -> Vec<Uuid> {
    sqlx::query_scalar("SELECT id FROM usage_events ORDER BY id").fetch_all(pool).await.unwrap()
}

fn expected(events: std::ops::Range<i64>) -> Vec<Uuid> {
    events.map(|n| event(n).id).collect()
}

/// The segments, the last one last.
fn segments(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir.join("event-log")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "events"));
    paths.sort();
    paths
}

/// Where the records of a segment end.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let (mut at, mut ends) = (8, Vec::new());
    while let Some(length) = bytes.get(at..at + 4) {
        at += 8 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
        ends.push(at);
    }
    ends
}

#[sqlx::test(migrations = "../migrations")]
async fn events_arrive_whole_in_the_database_within_a_second(pool: PgPool) {
    let dir = TempDir::new();
    let (log, tasks) = (EventLog::open(settings(&dir)).unwrap(), Tasks::default());
    drop(tasks.spawn(EventShipper::new(log.clone(), pool.clone()).run(tasks.clone())));
    assert!(log.admit().unwrap().write(&[event(0)]).await);
    eventually("it arrives", async || ids(&pool).await.len() == 1).await;
    let row: (String, String, Option<String>, Decimal, Option<i64>, i64) = sqlx::query_as(
        "SELECT model_public_name, outcome, error_class, cost_usd, tokens_out, latency_ms FROM usage_events",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let sent = event(0);
    assert_eq!(row, (sent.model_public_name, "success".into(), Some("cut_off".into()), Decimal::new(21, 6), None, 812));
    assert!(tasks.stop(Duration::from_secs(20)).await);
    log.close().await;
    assert!(!log.has_room() && log.admit().is_err() || !log.admit().unwrap().write(&[event(1)]).await, "it is closed");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_torn_last_record_is_dropped_and_all_others_are_moved(pool: PgPool) {
    let whole = TempDir::new();
    written(settings(&whole), 0..3).await;
    let bytes = fs::read(segments(whole.path()).last().unwrap()).unwrap();
    let ends = ends(&bytes);
    for cut in (8..=bytes.len()).step_by(7).chain([bytes.len() - 1, bytes.len()]) {
        let dir = TempDir::new();
        fs::create_dir(dir.path().join("event-log")).unwrap();
        fs::write(dir.path().join("event-log/0000000000000001.events"), &bytes[..cut]).unwrap();
        let log = EventLog::open(settings(&dir)).unwrap();
        assert_eq!(log.waiting(), ends.iter().filter(|end| **end <= cut).count() as u64, "cut at {cut}");
        // What is written after that does not suffer from the torn end.
        assert!(log.admit().unwrap().write(&[event(99)]).await);
        log.close().await;
    }
    let dir = TempDir::new();
    fs::create_dir(dir.path().join("event-log")).unwrap();
    fs::write(dir.path().join("event-log/0000000000000001.events"), &bytes[..bytes.len() - 5]).unwrap();
    written(settings(&dir), 3..5).await;
    moved(settings(&dir), &pool).await;
    assert_eq!(ids(&pool).await, [expected(0..2), expected(3..5)].concat());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_start_moves_what_was_left_and_nothing_is_there_twice(pool: PgPool) {
    let dir = TempDir::new();
    let small = LogSettings { segment_bytes: 2_000, ..settings(&dir) };
    written(small.clone(), 0..20).await;
    assert!(segments(dir.path()).len() > 3, "it is written in several segments");
    // As if the process had died after the database had it and before it was noted.
    let copy = TempDir::new();
    let status = std::process::Command::new("cp").arg("-r").arg(dir.path().join("event-log")).arg(copy.path()).status();
    assert!(status.unwrap().success());
    moved(small.clone(), &pool).await;
    assert_eq!(ids(&pool).await, expected(0..20));
    moved(settings(&copy), &pool).await;
    assert_eq!(ids(&pool).await, expected(0..20));
    // Moved segments are gone, and a start after that finds nothing to do.
    written(small.clone(), 20..22).await;
    moved(small.clone(), &pool).await;
    assert_eq!(ids(&pool).await, expected(0..22));
    let log = EventLog::open(small).unwrap();
    assert_eq!(log.waiting(), 0);
    assert!(segments(dir.path()).len() <= 2, "{:?}", segments(dir.path()));
    log.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn while_the_database_is_away_events_are_kept(pool: PgPool) {
    let dir = TempDir::new();
    let (log, tasks) = (EventLog::open(settings(&dir)).unwrap(), Tasks::default());
    let detour = Detour::to(&pool);
    let own = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(Duration::from_millis(300))
        .connect_lazy_with(detour.options());
    drop(tasks.spawn(EventShipper::new(log.clone(), own).run(tasks.clone())));
    assert!(log.admit().unwrap().write(&[event(0)]).await);
    eventually("the first is moved", async || log.waiting() == 0).await;
    // Until the mover sleeps, with no wake-up left over.
    tokio::time::sleep(Duration::from_millis(500)).await;
    detour.block();
    // All at once, and nothing after them: what failed is tried again without being woken by more.
    let events: Vec<_> = (1..51).map(event).collect();
    assert!(log.admit_many(50).unwrap().write(&events).await, "writing does not need the database");
    eventually("a first try has failed", async || detour.refused() > 0).await;
    assert_eq!(log.waiting(), 50);
    detour.open();
    eventually("everything is moved", async || log.waiting() == 0).await;
    assert_eq!(ids(&pool).await, expected(0..51));
    assert!(tasks.stop(Duration::from_secs(20)).await);
    log.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_that_the_database_refuses_does_not_hold_up_the_others(pool: PgPool) {
    let dir = TempDir::new();
    let log = EventLog::open(settings(&dir)).unwrap();
    let bad = UsageEvent { model_public_name: "a\0b".into(), ..event(1) };
    assert!(log.admit_many(3).unwrap().write(&[event(0), bad, event(2)]).await);
    log.close().await;
    moved(settings(&dir), &pool).await;
    assert_eq!(ids(&pool).await, [expected(0..1), expected(2..3)].concat());
    let refused = fs::read_to_string(dir.path().join("event-log/refused.ndjson")).unwrap();
    assert!(refused.contains("request 1") && refused.lines().count() == 1, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_share_one_log_and_two_processes_do_not() {
    let dir = TempDir::new();
    let log = EventLog::open(settings(&dir)).unwrap();
    let error = EventLog::open(settings(&dir)).err().expect("a second one is refused");
    let problem = error.into_operator_error().to_string();
    assert!(problem.contains(&format!("process {}", std::process::id())), "{problem}");
    let writers = (0..50).map(|writer| {
        let log = log.clone();
        tokio::spawn(async move {
            for n in 0..20 {
                assert!(log.admit().unwrap().write(&[event(writer * 100 + n)]).await);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(log.waiting(), 1_000);
    log.close().await;
    let log = EventLog::open(settings(&dir)).unwrap();
    assert_eq!(log.waiting(), 1_000, "every one of them is read back");
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_room_takes_nothing_in_and_keeps_what_it_promised() {
    let dir = TempDir::new();
    let log = EventLog::open(LogSettings { max_bytes: 5_000, segment_bytes: 2_000, ..settings(&dir) }).unwrap();
    let promised = log.admit().unwrap();
    let mut written = 0;
    while let Ok(permit) = log.admit() {
        assert!(permit.write(&[event(written)]).await);
        written += 1;
    }
    assert!((5..50).contains(&written), "{written}");
    assert_eq!(log.admit().err(), Some(LogFull));
    assert!(promised.write(&[event(written)]).await, "what was promised is written");
    assert_eq!(log.waiting() as i64, written + 1);
    log.close().await;
    let permits: Vec<_> = {
        let log = EventLog::open(settings(&TempDir::new())).unwrap();
        (0..20_000).map_while(|_| log.admit().ok()).collect()
    };
    assert!(permits.len() < 20_000, "promises are bounded");
}

#[sqlx::test(migrations = "../migrations")]
async fn days_are_made_ahead_and_old_ones_dropped_once_they_are_rolled_up(pool: PgPool) {
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let partitions = async || -> i64 {
        let count = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'usage_events'::regclass";
        sqlx::query_scalar(count).fetch_one(&pool).await.unwrap()
    };
    assert_eq!(keep_days(&pool, day("2026-11-21"), Some(30)).await.unwrap(), 0);
    assert_eq!(partitions().await, 4);
    let dir = TempDir::new();
    written(settings(&dir), 0..2).await;
    moved(settings(&dir), &pool).await;
    // Nine days later all of these are old, but one waits to be rolled up.
    assert_eq!(keep_days(&pool, day("2026-12-01"), Some(5)).await.unwrap(), 3);
    assert_eq!(ids(&pool).await.len(), 2);
    sqlx::query("DELETE FROM usage_changed_hours").execute(&pool).await.unwrap();
    assert_eq!(keep_days(&pool, day("2026-12-01"), None).await.unwrap(), 0, "for ever");
    assert_eq!(keep_days(&pool, day("2026-12-01"), Some(5)).await.unwrap(), 1);
    assert_eq!((ids(&pool).await.len(), partitions().await), (0, 4));
}
