//! The days of usage events: made ahead, so that no event waits for one, and dropped when they are older than events are kept.

use std::{sync::Arc, time::Duration};

use chrono::{Days, NaiveDate};
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use sqlx::PgPool;

use super::{ensure_partitions, repo};

const RETENTION_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// After the database was away.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);
/// Days that are made ahead.
const DAYS_AHEAD: Days = Days::new(3);

/// Makes days ahead and drops old ones, every hour until the server stops.
pub async fn keep_days_forever(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks, kept_days: Option<u32>) {
    let stopping = tasks.stopping();
    loop {
        let pause = match keep_days(&pool, clock.now().date_naive(), kept_days).await {
            Ok(0) => RETENTION_INTERVAL,
            Ok(days) => {
                tracing::info!(days, "days of usage events were dropped: they are older than events are kept");
                RETENTION_INTERVAL
            }
            Err(error) => {
                tracing::warn!(%error, "the days of usage events could not be looked after");
                RETRY_INTERVAL
            }
        };
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Makes the days from `today` on and drops those that are too old. A day that a roll-up still has to look at stays. Returns how
/// many were dropped.
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

/// The oldest day whose events are kept; `None` where there is no such day.
fn oldest_day(today: NaiveDate, kept_days: u32) -> Option<NaiveDate> {
    today.checked_sub_days(Days::new(kept_days.into()))
}
