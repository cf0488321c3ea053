//! Keeps Postgres running until the server stops.

use std::time::Duration;

use foundation::error::Error;
use sqlx::postgres::PgConnectOptions;
use tokio::{
    process::Child,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::embedded::postmaster::{FAST, FAST_TIMEOUT, IMMEDIATE, IMMEDIATE_TIMEOUT, Launch, send};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After running this long, the backoff starts again with the first pause.
const SETTLED: Duration = Duration::from_secs(60);

const START_ATTEMPTS: u32 = 5;
const START_PAUSE: Duration = Duration::from_millis(500);

/// A running Postgres. Dropping it signals a fast shutdown, also on a panic or at the end of `main`.
#[derive(Debug)]
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        send(&self.0, FAST);
    }
}

/// Restarts Postgres with exponential backoff whenever it ends by itself. Stops it when `stopping` is cancelled: fast
/// shutdown first, then immediate shutdown.
pub(super) async fn supervise(
    launch: Launch,
    options: PgConnectOptions,
    mut running: Running,
    stopping: CancellationToken,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        let ended = tokio::select! {
            status = running.0.wait() => status,
            () = stopping.cancelled() => return stop(running).await,
        };
        match ended {
            Ok(status) => tracing::error!(%status, "the embedded database ended by itself; starting it again"),
            Err(error) => tracing::error!(%error, "the embedded database cannot be watched; starting it again"),
        }
        if started.elapsed() > SETTLED {
            pause = FIRST_PAUSE;
        }
        running = loop {
            tokio::select! {
                () = sleep(pause) => {}
                () = stopping.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            match try_start(&launch, &options).await {
                Ok(running) => break running,
                // Backends of the previous postmaster may still hold its shared memory for a moment.
                Err(error) => tracing::error!(%error, "the embedded database does not start"),
            }
        };
        tracing::info!("the embedded database is back");
    }
}

/// Starts Postgres and waits until it accepts connections, after stopping one that a killed owner has left. Retries a few
/// times: backends of that one may not have noticed yet, or it may not have written its pid file yet.
pub(super) async fn start(launch: &Launch, options: &PgConnectOptions) -> Result<Running, Error> {
    let mut attempt = 1;
    loop {
        match try_start(launch, options).await {
            Err(error) if attempt < START_ATTEMPTS => {
                tracing::debug!(%error, attempt, "the embedded database does not start yet");
                attempt += 1;
                sleep(START_PAUSE).await;
            }
            result => return result,
        }
    }
}

async fn try_start(launch: &Launch, options: &PgConnectOptions) -> Result<Running, Error> {
    launch.end_orphan().await?;
    let mut running = Running(launch.spawn()?);
    launch.wait_until_ready(&mut running.0, options).await?;
    Ok(running)
}

async fn stop(mut running: Running) {
    for (signal, limit) in [(FAST, FAST_TIMEOUT), (IMMEDIATE, IMMEDIATE_TIMEOUT)] {
        send(&running.0, signal);
        if timeout(limit, running.0.wait()).await.is_ok() {
            return;
        }
        tracing::warn!(?signal, "the embedded database takes long to stop");
    }
}
