//! Writing events, and the days they are written to.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use foundation::error::Error;
use sqlx::PgPool;

use super::{UsageEvent, repo};

/// More days than this at once are a clock that is wrong.
const PARTITION_LIMIT: i64 = 1_000;

/// Writes events and returns how many were new: one that is there already stays as it is. One statement, so all of them are
/// written or none. The day of an event gets its partition where it has none yet.
pub async fn insert(pool: &PgPool, events: &[UsageEvent]) -> Result<u64, Error> {
    if events.is_empty() {
        return Ok(0);
    }
    match repo::insert(pool, events).await {
        Err(error) if is_without_partition(&error) => {
            let days: BTreeSet<NaiveDate> = events.iter().map(|event| event.occurred_at.date_naive()).collect();
            for day in days {
                ensure_partitions(pool, day, day).await?;
            }
            repo::insert(pool, events).await
        }
        result => result,
    }
}

/// Makes the partitions of these days (UTC), both included, where they are missing. Safe to call from several replicas at once.
pub async fn ensure_partitions(pool: &PgPool, from_day: NaiveDate, to_day: NaiveDate) -> Result<u64, Error> {
    if (to_day - from_day).num_days() >= PARTITION_LIMIT {
        return Err(Error::Internal(format!("partitions for {from_day} to {to_day} are too many")));
    }
    repo::ensure_partitions(pool, from_day, to_day).await
}

/// A broken rule that has no name: the row fits no partition.
fn is_without_partition(error: &Error) -> bool {
    let Error::Database(sqlx::Error::Database(error)) = error else { return false };
    error.code().as_deref() == Some("23514") && error.constraint().is_none()
}
