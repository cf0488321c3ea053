//! The roll-up: the events of an hour aggregated from scratch. Recomputing is idempotent, which adding to a row is not.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use sqlx::PgPool;

use super::repo;

/// Rolls hours up. Several replicas may do so concurrently: an advisory lock admits one at a time to each hour, which includes
/// all events committed by then; the next one finds no marks left.
#[derive(Clone)]
pub struct RollUp {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
}

impl RollUp {
    /// A roll-up over this database.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks) -> Self {
        Self { pool, clock, tasks }
    }

    /// Recomputes every hour before `until` that has changed since its roll-up: the last one, missed ones, and those with late
    /// events. Returns how many were recomputed here, and notifies every replica if there were any, also where other hours
    /// failed.
    ///
    /// # Errors
    ///
    /// The failure of the first hour that could not be recomputed; the hours after it have been tried all the same.
    pub async fn run(&self, until: DateTime<Utc>) -> Result<u64, Error> {
        let mut done = 0;
        let result = self.roll_up_changed(until, &mut done).await;
        if done > 0 {
            repo::notify_rolled_up(&self.pool).await?;
        }
        result.map(|()| done)
    }

    /// Recomputes every hour from `since` to before `until` whose events are still stored.
    pub async fn redo(&self, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<u64, Error> {
        repo::mark_hours(&self.pool, since, until).await?;
        self.run(until).await
    }

    /// Recomputes the marked hours and counts those that succeeded. An hour that fails keeps its mark and does not stop the
    /// others; the error of the first one is returned at the end.
    async fn roll_up_changed(&self, until: DateTime<Utc>, done: &mut u64) -> Result<(), Error> {
        let stopping = self.tasks.stopping();
        let (mut last, mut failed) = (None, None);
        loop {
            let hours = repo::changed_hours(&self.pool, last, until).await?;
            if hours.is_empty() {
                break;
            }
            for hour in hours {
                if stopping.is_cancelled() {
                    return failed.map_or(Ok(()), Err);
                }
                last = Some(hour);
                match self.roll_up(hour).await {
                    Ok(is_new) => *done += u64::from(is_new),
                    // Every other hour would fail in the same way.
                    Err(error) if error.is_database_away() => return Err(error),
                    Err(error) => {
                        tracing::warn!(%hour, %error, "an hour could not be rolled up; the others go on");
                        failed = failed.or(Some(error));
                    }
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Recomputes one hour in one transaction; `false` where another replica has done so meanwhile, or where the stored row is
    /// kept because retention has dropped events.
    async fn roll_up(&self, hour: DateTime<Utc>) -> Result<bool, Error> {
        let (pool, now) = (self.pool.clone(), self.clock.now());
        self.tasks
            .detached(async move {
                let mut tx = pool.begin().await?;
                repo::lock_hour(&mut tx, hour).await?;
                if repo::take_marks(&mut *tx, hour).await? == 0 {
                    return Ok(false);
                }
                let mut rows = repo::aggregate(&mut *tx, hour).await?;
                // Retention has dropped some of this hour's events; recomputing would lose them, so the stored row is kept.
                if repo::outlives_its_events(&mut *tx, hour).await? {
                    tx.commit().await?;
                    return Ok(false);
                }
                // Aggregating may take minutes, too long to block renames of models. Where one was renamed meanwhile, these rows
                // still have its former name and are aggregated again under the lock.
                repo::lock_names(&mut *tx).await?;
                if repo::has_former_name(&mut *tx, &rows).await? {
                    rows = repo::aggregate(&mut *tx, hour).await?;
                }
                repo::replace_hour(&mut tx, hour, &rows, now).await?;
                tx.commit().await?;
                Ok(true)
            })
            .await
    }
}
