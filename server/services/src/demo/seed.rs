//! Generates usage of the simulated models: the last 30 days at the start, and then each hour as it ends.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use foundation::{
    clock::Clock,
    error::{Error, OperatorError},
    shutdown::Tasks,
};
use sqlx::PgPool;

use super::{
    repo::{self, SimulatedModel},
    traffic::hour_of_traffic,
};
use crate::{leaderboard::RollUp, usage};

/// How far back usage is generated.
const DAYS: i64 = 30;
/// Interval between checks whether another hour has ended.
const SEED_INTERVAL: Duration = Duration::from_secs(20);

/// Generates the usage of every hour of the last 30 days that has none yet, and rolls it up. Only models of simulated
/// upstreams get usage. Returns how many events are new.
pub async fn seed(pool: &PgPool, clock: &dyn Clock, tasks: &Tasks, roll_up: &RollUp) -> Result<u64, Error> {
    let models = repo::simulated_models(pool).await?;
    if models.is_empty() {
        return Err(OperatorError::new(
            "there is no simulated model to make usage up for",
            "start the server once with QUADRILLE_DEMO=on, then run this with the same setting",
        )
        .into());
    }
    let until = whole_hour(clock.now());
    let first = until - TimeDelta::days(DAYS);
    let start = repo::last_simulated_hour(pool, first).await?.map_or(first, |last| last + TimeDelta::hours(1));
    if start >= until {
        return Ok(0);
    }
    usage::ensure_partitions(pool, start.date_naive(), until.date_naive()).await?;
    let written = write(pool, tasks, &models, (start, until)).await?;
    roll_up.run(until).await?;
    Ok(written)
}

/// One transaction per hour, so that an interrupted run resumes at the hour where it stopped.
async fn write(
    pool: &PgPool,
    tasks: &Tasks,
    models: &[SimulatedModel],
    (start, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<u64, Error> {
    let stopping = tasks.stopping();
    let mut written = 0;
    let mut hour = start;
    while hour < until && !stopping.is_cancelled() {
        written += usage::insert(pool, &hour_of_traffic(models, hour)).await?;
        hour += TimeDelta::hours(1);
    }
    Ok(written)
}

fn whole_hour(time: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = time.timestamp();
    DateTime::from_timestamp(seconds - seconds.rem_euclid(3_600), 0).unwrap_or(time)
}

/// Seeds at the start and after each hour, until the server stops.
pub async fn seed_forever(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks, roll_up: RollUp) {
    let stopping = tasks.stopping();
    let mut done = None;
    loop {
        let hour = whole_hour(clock.now());
        if done != Some(hour) {
            match seed(&pool, clock.as_ref(), &tasks, &roll_up).await {
                Ok(events) => {
                    done = Some(hour);
                    tracing::info!(events, "simulated usage is in place");
                }
                Err(error) => tracing::warn!(%error, "simulated usage could not be made up"),
            }
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(SEED_INTERVAL) => {}
        }
    }
}
