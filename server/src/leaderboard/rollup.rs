//! The roll-up: whole hours of events, recomputed from scratch, never added to.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::repo;
use crate::{clock::Clock, error::Error, shutdown::Tasks, usage::oldest_day};

/// Rolls hours up. Any number of replicas may do so at once: an hour is recomputed by one at a time, from all events that are
/// committed by then, and whoever comes second finds nothing left to do.
#[derive(Clone)]
pub struct RollUp {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    kept_days: Option<u32>,
}

impl RollUp {
    /// A roll-up of this database.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks) -> Self {
        Self { pool, clock, tasks, kept_days: None }
    }

    /// Events are kept for so many days only: what was rolled up of an hour before that stays, since what would be counted anew
    /// is not all of it.
    pub fn keeping(self, days: Option<u32>) -> Self {
        Self { kept_days: days, ..self }
    }

    /// Recomputes every hour before `until` that has changed since it was rolled up: the last one, those that were missed,
    /// those that late events came to. Returns how many were recomputed here, and tells every replica if there were any.
    pub async fn run(&self, until: DateTime<Utc>) -> Result<u64, Error> {
        let mut count = 0;
        let stopping = self.tasks.stopping();
        for hour in repo::changed_hours(&self.pool, until).await? {
            if stopping.is_cancelled() {
                break;
            }
            count += u64::from(self.roll_up(hour).await?);
        }
        if count > 0 {
            repo::notify_rolled_up(&self.pool).await?;
        }
        Ok(count)
    }

    /// Recomputes every hour from `since` to before `until` whose events are still kept.
    pub async fn redo(&self, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<u64, Error> {
        repo::mark_hours(&self.pool, since, until).await?;
        self.run(until).await
    }

    /// Recomputes one hour in one transaction; `false` where somebody else has done so meanwhile.
    async fn roll_up(&self, hour: DateTime<Utc>) -> Result<bool, Error> {
        let (pool, now) = (self.pool.clone(), self.clock.now());
        let is_kept = self
            .kept_days
            .and_then(|days| oldest_day(now.date_naive(), days))
            .is_none_or(|day| hour.date_naive() >= day);
        self.tasks
            .detached(async move {
                let mut tx = pool.begin().await?;
                repo::lock_hour(&mut tx, hour).await?;
                if repo::take_marks(&mut *tx, hour).await? == 0 {
                    return Ok(false);
                }
                if !is_kept && repo::is_rolled_up(&mut *tx, hour).await? {
                    tx.commit().await?;
                    return Ok(false);
                }
                let rows = repo::aggregate(&mut *tx, hour).await?;
                repo::replace_hour(&mut tx, hour, &rows, now).await?;
                tx.commit().await?;
                Ok(true)
            })
            .await
    }
}
