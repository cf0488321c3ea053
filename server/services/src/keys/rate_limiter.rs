//! Requests in the current minute. The count is a row in Postgres, so that all replicas together keep to the limit; what is
//! counted here spares the database from what it would refuse anyway, and stands in for it while it is away.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use uuid::Uuid;

/// Keys that are remembered; those of former minutes go first.
const KEY_LIMIT: usize = 10_000;

/// The keys' minutes, as this process knows them.
#[derive(Debug, Default)]
pub(super) struct RateLimiter(Mutex<HashMap<Uuid, Minute>>);

#[derive(Clone, Copy, Debug)]
struct Minute {
    begins: DateTime<Utc>,
    /// The limit that the database has found to be used up.
    used_up: u32,
    /// What was let through without the database.
    alone: u32,
}

impl RateLimiter {
    /// Whether the database has refused this key with this limit in this minute already.
    pub(super) fn is_used_up(&self, key: Uuid, limit: u32, now: DateTime<Utc>) -> bool {
        self.minutes().get(&key).is_some_and(|minute| minute.begins == begin(now) && limit <= minute.used_up)
    }

    /// Remembers that the database has refused it.
    pub(super) fn used_up(&self, key: Uuid, limit: u32, now: DateTime<Utc>) {
        let mut minutes = self.minutes();
        let minute = current(&mut minutes, key, now);
        minute.used_up = minute.used_up.max(limit);
    }

    /// Counts here, for want of the database. Whether there was room.
    pub(super) fn take_alone(&self, key: Uuid, limit: u32, now: DateTime<Utc>) -> bool {
        let mut minutes = self.minutes();
        let minute = current(&mut minutes, key, now);
        let has_room = minute.alone < limit;
        minute.alone += u32::from(has_room);
        has_room
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
    let new = Minute { begins, used_up: 0, alone: 0 };
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

/// How long it takes until the next minute begins.
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
        assert!(!rate_limiter.is_used_up(key, 30, at(10)));
        rate_limiter.used_up(key, 30, at(10));
        assert!(rate_limiter.is_used_up(key, 30, at(59)));
        assert!(rate_limiter.is_used_up(key, 29, at(59)));
        assert!(!rate_limiter.is_used_up(key, 31, at(59)));
        assert!(!rate_limiter.is_used_up(Uuid::from_u128(2), 30, at(59)));
        assert!(!rate_limiter.is_used_up(key, 30, at(60)));
    }

    #[test]
    fn alone_a_process_keeps_to_the_limit_by_itself() {
        let (rate_limiter, key) = (RateLimiter::default(), Uuid::from_u128(1));
        let let_through = |second| (0..50).filter(|_| rate_limiter.take_alone(key, 30, at(second))).count();
        assert_eq!(let_through(10), 30);
        assert_eq!(let_through(59), 0);
        assert_eq!(let_through(60), 30);
    }

    #[test]
    fn the_wait_is_until_the_next_full_minute() {
        assert_eq!(until_next(at(10)), Duration::from_millis(49_500));
        assert_eq!(until_next(at(59)), Duration::from_millis(500));
    }
}
