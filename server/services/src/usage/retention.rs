//! The daily partitions of usage events: created ahead of time, so that no insert has to, and dropped after the retention
//! period.

use std::{sync::Arc, time::Duration};

use chrono::{Days, NaiveDate};
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use sqlx::PgPool;

use super::{ensure_partitions, repo};

const RETENTION_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// Pause after a failed attempt.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);
/// Days whose partitions are created ahead of time.
const DAYS_AHEAD: Days = Days::new(3);

/// Creates and drops partitions every hour until the server stops. `None` keeps events forever.
pub async fn keep_days_forever(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks, kept_days: Option<u32>) {
    let stopping = tasks.stopping();
    loop {
        let pause = match keep_days(&pool, clock.now().date_naive(), kept_days).await {
            Ok(0) => RETENTION_INTERVAL,
            Ok(days) => {
                tracing::info!(days, "dropped days of usage events that are beyond the retention period");
                RETENTION_INTERVAL
            }
            Err(error) => {
                tracing::warn!(%error, "the partitions of usage events could not be maintained");
                RETRY_INTERVAL
            }
        };
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Creates the partitions from `today` on, drops those beyond the retention period, and returns how many were dropped. A day
/// that the roll-up has not finished is kept.
///
/// # Errors
///
/// [`Error::Database`] where the database cannot be reached.
pub async fn keep_days(pool: &PgPool, today: NaiveDate, kept_days: Option<u32>) -> Result<usize, Error> {
    ensure_partitions(pool, today, today + DAYS_AHEAD).await?;
    let Some(oldest) = kept_days.and_then(|days| oldest_day(today, days)) else { return Ok(0) };
    let mut dropped = 0;
    for day in repo::days(pool).await?.into_iter().filter(|day| *day < oldest) {
        if !repo::has_changed_hours(pool, day).await? {
            repo::drop_day(pool, day).await?;
            dropped += 1;
        }
    }
    Ok(dropped)
}

/// The oldest day whose events are kept; `None` where the retention period reaches back before the calendar.
fn oldest_day(today: NaiveDate, kept_days: u32) -> Option<NaiveDate> {
    today.checked_sub_days(Days::new(kept_days.into()))
}
