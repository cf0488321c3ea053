//! Rate limiting in fixed windows of one minute. The count is a row in Postgres, so that the limit holds across replicas. The
//! state in this process saves queries that would be rejected anyway, and replaces the count while the database cannot be
//! reached.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use uuid::Uuid;

/// Keys in memory at most; those of earlier minutes are dropped first.
const KEY_LIMIT: usize = 10_000;

/// The current minute of each key, as this process knows it.
#[derive(Debug, Default)]
pub(super) struct RateLimiter(Mutex<HashMap<Uuid, Minute>>);

#[derive(Clone, Copy, Debug)]
struct Minute {
    begins: DateTime<Utc>,
    /// The highest limit that the database has rejected a request for.
    exhausted: u32,
    /// Requests admitted by this process alone.
    local: u32,
}

impl RateLimiter {
    /// Whether the database has already rejected this key with this limit in this minute.
    pub(super) fn is_exhausted(&self, key: Uuid, limit: u32, now: DateTime<Utc>) -> bool {
        self.minutes().get(&key).is_some_and(|minute| minute.begins == begin(now) && limit <= minute.exhausted)
    }

    /// Remembers that the database has rejected a request of this key.
    pub(super) fn set_exhausted(&self, key: Uuid, limit: u32, now: DateTime<Utc>) {
        let mut minutes = self.minutes();
        let minute = current(&mut minutes, key, now);
        minute.exhausted = minute.exhausted.max(limit);
    }

    /// Counts a request in this process alone. Returns whether it is within the limit.
    pub(super) fn take_local(&self, key: Uuid, limit: u32, now: DateTime<Utc>) -> bool {
        let mut minutes = self.minutes();
        let minute = current(&mut minutes, key, now);
        let is_admitted = minute.local < limit;
        minute.local += u32::from(is_admitted);
        is_admitted
    }

    fn minutes(&self) -> MutexGuard<'_, HashMap<Uuid, Minute>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn current(minutes: &mut HashMap<Uuid, Minute>, key: Uuid, now: DateTime<Utc>) -> &mut Minute {
    let begins = begin(now);
    if minutes.len() >= KEY_LIMIT && !minutes.contains_key(&key) {
        minutes.retain(|_, minute| minute.begins == begins);
        if minutes.len() >= KEY_LIMIT {
            minutes.clear();
        }
    }
    let new = Minute { begins, exhausted: 0, local: 0 };
    let minute = minutes.entry(key).or_insert(new);
    if minute.begins != begins {
        *minute = new;
    }
    minute
}

/// When the minute of `now` began.
pub(super) fn begin(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now)
}

/// The time until the next minute begins.
pub(super) fn until_next(now: DateTime<Utc>) -> Duration {
    (begin(now) + TimeDelta::minutes(1) - now).to_std().unwrap_or(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u32) -> DateTime<Utc> {
        format!("2026-11-21T10:{:02}:{:02}.5Z", second / 60, second % 60).parse().expect("a time")
    }

    #[test]
    fn a_refusal_holds_until_the_minute_ends_or_the_limit_grows() {
        let (rate_limiter, key) = (RateLimiter::default(), Uuid::from_u128(1));
        assert!(!rate_limiter.is_exhausted(key, 30, at(10)));
        rate_limiter.set_exhausted(key, 30, at(10));
        assert!(rate_limiter.is_exhausted(key, 30, at(59)));
        assert!(rate_limiter.is_exhausted(key, 29, at(59)));
        assert!(!rate_limiter.is_exhausted(key, 31, at(59)));
        assert!(!rate_limiter.is_exhausted(Uuid::from_u128(2), 30, at(59)));
        assert!(!rate_limiter.is_exhausted(key, 30, at(60)));
    }

    #[test]
    fn alone_a_process_keeps_to_the_limit_by_itself() {
        let (rate_limiter, key) = (RateLimiter::default(), Uuid::from_u128(1));
        let admitted = |second| (0..50).filter(|_| rate_limiter.take_local(key, 30, at(second))).count();
        assert_eq!(admitted(10), 30);
        assert_eq!(admitted(59), 0);
        assert_eq!(admitted(60), 30);
    }

    #[test]
    fn the_wait_is_until_the_next_full_minute() {
        assert_eq!(until_next(at(10)), Duration::from_millis(49_500));
        assert_eq!(until_next(at(59)), Duration::from_millis(500));
    }
}
