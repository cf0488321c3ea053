//! When keys were last used: collected in memory and written in batches, since a write for every request would be too many.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Times that have not been written yet.
#[derive(Debug, Default)]
pub(super) struct LastUsed(Mutex<HashMap<Uuid, DateTime<Utc>>>);

impl LastUsed {
    /// Notes that a key was used.
    pub(super) fn note(&self, key: Uuid, now: DateTime<Utc>) {
        let mut noted = self.noted();
        let at = noted.entry(key).or_insert(now);
        *at = now.max(*at);
    }

    /// Takes everything that is to be written.
    pub(super) fn take(&self) -> Vec<(Uuid, DateTime<Utc>)> {
        std::mem::take(&mut *self.noted()).into_iter().collect()
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<Uuid, DateTime<Utc>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_latest_use_is_kept_and_told_once() {
        let (used, key) = (LastUsed::default(), Uuid::from_u128(1));
        let now = DateTime::UNIX_EPOCH;
        let later = now + TimeDelta::seconds(3);
        for at in [now, later, now] {
            used.note(key, at);
        }
        assert_eq!(used.take(), [(key, later)]);
        assert_eq!(used.take(), []);
    }
}
