//! Ships events from the event log to Postgres: in order, in batches, with retries. Delivery is at least once (a crash may
//! repeat a batch); the event's id makes the insert idempotent.

use std::time::Duration;

use eventlog::{EventLog, EventReader};
use foundation::{error::Error, shutdown::Tasks};
use sqlx::PgPool;

use super::{UsageEvent, insert};

/// How long events are collected before a batch is shipped: at most five batches a second under low load.
const BATCH_DELAY: Duration = Duration::from_millis(200);
const RETRY_DELAY_FIRST: Duration = Duration::from_millis(100);
const RETRY_DELAY_LIMIT: Duration = Duration::from_secs(2);

/// Ships the events of a log. There must be only one for each log.
pub struct EventShipper {
    reader: EventReader,
    pool: PgPool,
}

impl EventShipper {
    /// Resumes at the last checkpoint.
    pub fn new(log: EventLog, pool: PgPool) -> Self {
        Self { reader: EventReader::new(log), pool }
    }

    /// Ships events until the server stops, then once more what the log holds by then, unless the database cannot be reached.
    pub async fn run(mut self, tasks: Tasks) {
        let stopping = tasks.stopping();
        let mut pause = RETRY_DELAY_FIRST;
        loop {
            let is_last = stopping.is_cancelled();
            let has_failed = match self.step().await {
                Ok(true) => continue,
                Ok(false) => {
                    if pause > RETRY_DELAY_FIRST {
                        tracing::info!("usage events are shipped to the database again");
                    }
                    pause = RETRY_DELAY_FIRST;
                    false
                }
                Err(error) => {
                    if pause == RETRY_DELAY_FIRST {
                        tracing::warn!(%error, "usage events cannot be shipped to the database; they stay in the event log and are retried");
                    }
                    true
                }
            };
            if is_last {
                return;
            }
            // A failed batch is retried whether or not new events arrive.
            let due = async {
                if has_failed {
                    tokio::time::sleep(pause).await;
                } else {
                    self.reader.grown().await;
                    tokio::time::sleep(BATCH_DELAY).await;
                }
            };
            tokio::select! {
                () = stopping.cancelled() => {}
                () = due => {}
            }
            if has_failed {
                pause = (pause * 2).min(RETRY_DELAY_LIMIT);
            }
        }
    }

    /// Ships one batch. Returns whether another one is ready.
    async fn step(&mut self) -> Result<bool, Error> {
        let batch = self.reader.next().await?;
        let rejected = if batch.events.is_empty() { 0 } else { self.insert(&batch.events).await? };
        self.reader.commit(&batch, rejected)?;
        Ok(batch.is_full)
    }

    /// Inserts events one by one if the batch as a whole is rejected. Returns how many the database rejected.
    async fn insert(&self, events: &[UsageEvent]) -> Result<u64, Error> {
        match insert(&self.pool, events).await {
            Ok(_) => return Ok(0),
            Err(error) if !is_rejection(&error) => return Err(error),
            Err(_) => {}
        }
        // At least one event is invalid. It must not block the others.
        let mut rejected = 0;
        for event in events {
            match insert(&self.pool, std::slice::from_ref(event)).await {
                Err(error) if is_rejection(&error) => {
                    tracing::error!(event.id = %event.id, %error, "the database rejects a usage event; it is kept in refused.ndjson");
                    self.reader.set_aside(event)?;
                    rejected += 1;
                }
                done => {
                    done?;
                }
            }
        }
        Ok(rejected)
    }
}

/// Whether the database rejects the data, so that a retry cannot help: SQLSTATE class 22 (data exception) or 23 (integrity
/// constraint violation).
fn is_rejection(error: &Error) -> bool {
    match error {
        Error::Database(sqlx::Error::Database(error)) => {
            error.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
        }
        Error::Database(sqlx::Error::Encode(_)) => true,
        _ => false,
    }
}
