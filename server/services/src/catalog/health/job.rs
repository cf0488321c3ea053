//! Writes what has changed, and learns what other replicas have written.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use sqlx::PgPool;

use super::{
    repo,
    tracker::{HealthTracker, Write},
};

/// How often counts are written and the states of other replicas are read.
const INTERVAL: Duration = Duration::from_secs(30);
/// Pause after writing: a model that is well and unwell in turn costs a write or two in this time.
const PAUSE: Duration = Duration::from_secs(1);
/// States that pass by themselves are forgotten where nobody has asked for so long.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(1);

/// Keeps the table up to date until the server stops, with one last write then.
pub async fn keep_health_forever(health: Arc<HealthTracker>, pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks) {
    let stopping = tasks.stopping();
    let mut next_read = tokio::time::Instant::now();
    loop {
        if next_read <= tokio::time::Instant::now() {
            next_read = tokio::time::Instant::now() + INTERVAL;
            let read = read(&health, &pool, &*clock).await;
            read.unwrap_or_else(|error| tracing::warn!(%error, "the health of models could not be read"));
        }
        tokio::select! {
            () = stopping.cancelled() => break,
            () = health.changed.notified() => {}
            () = tokio::time::sleep_until(next_read) => {}
        }
        write(&pool, health.take(clock.now(), false)).await;
        tokio::select! {
            () = stopping.cancelled() => break,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    write(&pool, health.take(clock.now(), true)).await;
}

async fn read(health: &HealthTracker, pool: &PgPool, clock: &dyn Clock) -> Result<(), Error> {
    let now = clock.now();
    repo::forget_health(pool, now - FORGOTTEN_AFTER).await?;
    health.refresh(repo::states(pool).await?, now);
    Ok(())
}

/// What cannot be written is lost: the next refusal tells it again.
async fn write(pool: &PgPool, writes: Vec<Write>) {
    for Write { key: (upstream, model), ended_at, seen } in writes {
        let written = async {
            if let Some(ended_at) = ended_at {
                repo::end_health(pool, upstream, &model, ended_at).await?;
            }
            match seen {
                Some(seen) => repo::write_health(pool, upstream, &model, &seen).await,
                None => Ok(()),
            }
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "the health of a model could not be written");
        }
    }
}
