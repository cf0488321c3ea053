//! Inserting events, and the daily partitions that hold them.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use foundation::error::Error;
use sqlx::PgPool;

use super::{UsageEvent, repo};

/// A longer range of days at once means that some clock is wrong.
const PARTITION_LIMIT: i64 = 1_000;

/// Inserts events and returns how many of them were new; events that are stored already are left unchanged. All are inserted or
/// none, since it is one statement. Missing partitions are created.
///
/// # Errors
///
/// [`Error::Database`] where the database cannot be reached or rejects an event.
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

/// Creates the missing partitions from `from_day` to `to_day` (UTC, inclusive) and returns their number. Safe to call from
/// several replicas at once.
///
/// # Errors
///
/// [`Error::Internal`] for more than 1,000 days, [`Error::Database`] where the database cannot be reached.
pub async fn ensure_partitions(pool: &PgPool, from_day: NaiveDate, to_day: NaiveDate) -> Result<u64, Error> {
    if (to_day - from_day).num_days() >= PARTITION_LIMIT {
        return Err(Error::Internal(format!("partitions for {from_day} to {to_day} are too many")));
    }
    repo::ensure_partitions(pool, from_day, to_day).await
}

/// Postgres reports a row without a partition as a check violation (23514) that names no constraint.
fn is_without_partition(error: &Error) -> bool {
    let Error::Database(sqlx::Error::Database(error)) = error else { return false };
    error.code().as_deref() == Some("23514") && error.constraint().is_none()
}
