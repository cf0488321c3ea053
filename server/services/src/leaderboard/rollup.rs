//! The roll-up: whole hours of events, recomputed from scratch, never added to.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use sqlx::PgPool;

use super::repo;

/// Rolls hours up. Any number of replicas may do so at once: an hour is recomputed by one at a time, from all events that are
/// committed by then, and whoever comes second finds nothing left to do.
#[derive(Clone)]
pub struct RollUp {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
}

impl RollUp {
    /// A roll-up of this database.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks) -> Self {
        Self { pool, clock, tasks }
    }

    /// Recomputes every hour before `until` that has changed since it was rolled up: the last one, those that were missed,
    /// those that late events came to. Returns how many were recomputed here, and tells every replica if there were any, also
    /// where others could not be.
    pub async fn run(&self, until: DateTime<Utc>) -> Result<u64, Error> {
        let mut done = 0;
        let result = self.roll_up_changed(until, &mut done).await;
        if done > 0 {
            repo::notify_rolled_up(&self.pool).await?;
        }
        result.map(|()| done)
    }

    /// Recomputes every hour from `since` to before `until` whose events are still kept.
    pub async fn redo(&self, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<u64, Error> {
        repo::mark_hours(&self.pool, since, until).await?;
        self.run(until).await
    }

    /// Goes through the hours that changed and counts those that are done. One that cannot be rolled up keeps its mark and none
    /// of the others waiting; what was wrong with the first such hour is returned in the end.
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
                    // No other hour would do better.
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

    /// Recomputes one hour in one transaction; `false` where somebody else has done so meanwhile.
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
                // What would be counted anew is not all of it.
                if repo::outlives_its_events(&mut *tx, hour).await? {
                    tx.commit().await?;
                    return Ok(false);
                }
                // Aggregating may take minutes, which is too long to keep models from being renamed. One that was meanwhile
                // has taken its figures along, but not these.
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
