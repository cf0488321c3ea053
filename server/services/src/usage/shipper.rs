//! Carries events from the log to Postgres, in batches, in order, as often as it takes. An event may be carried twice (after a
//! crash, say); its id sees to it that it is there once.

use std::time::Duration;

use eventlog::{EventLog, EventReader};
use foundation::{error::Error, shutdown::Tasks};
use sqlx::PgPool;

use super::{UsageEvent, insert};

/// How long events come together before they are carried: five batches a second when there is little to do.
const BATCH_DELAY: Duration = Duration::from_millis(200);
const RETRY_DELAY_FIRST: Duration = Duration::from_millis(100);
const RETRY_DELAY_LIMIT: Duration = Duration::from_secs(2);

/// Moves the log's events. There is one for each log.
pub struct EventShipper {
    reader: EventReader,
    pool: PgPool,
}

impl EventShipper {
    /// Begins where moving stopped last time.
    pub fn new(log: EventLog, pool: PgPool) -> Self {
        Self { reader: EventReader::new(log), pool }
    }

    /// Moves events until the server stops. What is in the log by then is moved, unless the database is away.
    pub async fn run(mut self, tasks: Tasks) {
        let stopping = tasks.stopping();
        let mut pause = RETRY_DELAY_FIRST;
        loop {
            let is_last = stopping.is_cancelled();
            let has_failed = match self.step().await {
                Ok(true) => continue,
                Ok(false) => {
                    if pause > RETRY_DELAY_FIRST {
                        tracing::info!("usage events reach the database again");
                    }
                    pause = RETRY_DELAY_FIRST;
                    false
                }
                Err(error) => {
                    if pause == RETRY_DELAY_FIRST {
                        tracing::warn!(%error, "usage events cannot be moved to the database; they are kept and moved later");
                    }
                    true
                }
            };
            if is_last {
                return;
            }
            // What failed is tried again whether or not more comes.
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

    /// Moves one batch. Whether there is more to move at once.
    async fn step(&mut self) -> Result<bool, Error> {
        let batch = self.reader.next().await?;
        let refused = if batch.events.is_empty() { 0 } else { self.insert(&batch.events).await? };
        self.reader.commit(&batch, refused)?;
        Ok(batch.is_full)
    }

    /// Returns how many the database refused.
    async fn insert(&self, events: &[UsageEvent]) -> Result<u64, Error> {
        match insert(&self.pool, events).await {
            Ok(_) => return Ok(0),
            Err(error) if !is_about_the_events(&error) => return Err(error),
            Err(_) => {}
        }
        // One of them is at fault. The others must not wait for it.
        let mut refused = 0;
        for event in events {
            match insert(&self.pool, std::slice::from_ref(event)).await {
                Err(error) if is_about_the_events(&error) => {
                    tracing::error!(event.id = %event.id, %error, "the database refuses a usage event; it is in refused.ndjson");
                    self.reader.set_aside(event)?;
                    refused += 1;
                }
                done => {
                    done?;
                }
            }
        }
        Ok(refused)
    }
}

/// Whether the database took offence at what an event says, so that trying again would not help: a value out of range, or a
/// broken rule of the table.
fn is_about_the_events(error: &Error) -> bool {
    match error {
        Error::Database(sqlx::Error::Database(error)) => {
            error.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
        }
        Error::Database(sqlx::Error::Encode(_)) => true,
        _ => false,
    }
}
