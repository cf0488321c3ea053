//! Marks the runs of processes that died as interrupted.

use std::{sync::Arc, time::Duration};

use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use sqlx::PgPool;

use super::repo::runs;

const REAP_INTERVAL: Duration = Duration::from_secs(5);

/// Marks every run whose lease has expired as `interrupted`, every [`REAP_INTERVAL`], until the server stops.
pub async fn reap_forever(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks) {
    let stopping = tasks.stopping();
    loop {
        match reap(&pool, clock.as_ref()).await {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "runs of a process that died were marked as interrupted"),
            Err(error) => tracing::warn!(%error, "runs of dead processes could not be looked for"),
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(REAP_INTERVAL) => {}
        }
    }
}

async fn reap(pool: &PgPool, clock: &dyn Clock) -> Result<u64, Error> {
    let now = clock.now();
    runs::reap(pool, now, now).await
}
