//! RowCache of rows in memory, for what is asked with every request of a program: who a key belongs to, which models a list
//! holds. A copy is dropped when Postgres tells that its row has changed, is asked for anew after a few seconds anyway, and
//! outlives the database being away for a while, so that requests go on.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use foundation::error::Error;
use tokio::time::timeout;

/// How old a copy may be before its row is read again.
const FRESH_TTL: TimeDelta = TimeDelta::seconds(5);
/// While one caller reads a row again, the others go on with a copy of this age.
const SHARED_TTL: TimeDelta = TimeDelta::seconds(10);
/// How old a copy may be that stands in for a database that is away.
const STALE_IF_ERROR: TimeDelta = TimeDelta::minutes(5);
/// How long a caller who has an old copy waits for the database.
const READ_TIMEOUT: Duration = Duration::from_millis(500);
/// After the database was found to be away, old cache are used for so long without asking.
const AWAY_INTERVAL: TimeDelta = TimeDelta::seconds(1);
/// Rows that are kept; beyond them the old ones go, then all.
const ENTRY_LIMIT: usize = 10_000;

/// RowCache of rows, by what they are looked up by.
#[derive(Debug)]
pub(crate) struct RowCache<K, V> {
    inner: RwLock<Inner<K, V>>,
    /// Counts the changes that were told of, so that what was read before one is not kept after it.
    changes: AtomicU64,
    /// Counts the invalidations: what was read before the last one has to be read again, whatever its age.
    invalidations: AtomicU64,
}

#[derive(Debug)]
struct Inner<K, V> {
    rows: HashMap<K, Row<V>>,
    away_until: Option<DateTime<Utc>>,
}

#[derive(Debug)]
struct Row<V> {
    value: V,
    read_at: DateTime<Utc>,
    invalidations: u64,
    is_being_read: AtomicBool,
}

/// What is at hand.
enum Lookup<V> {
    /// Good as it is.
    Fresh(V),
    /// To be used only if the row cannot be read.
    Old(V),
    Nothing,
}

impl<K, V> Default for RowCache<K, V> {
    fn default() -> Self {
        let inner = Inner { rows: HashMap::new(), away_until: None };
        Self { inner: RwLock::new(inner), changes: AtomicU64::new(0), invalidations: AtomicU64::new(0) }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> RowCache<K, V> {
    /// The row, from memory or by `read`. A row that is not there is not remembered.
    pub(crate) async fn get<F>(&self, key: &K, now: DateTime<Utc>, read: impl FnOnce() -> F) -> Result<Option<V>, Error>
    where
        F: Future<Output = Result<Option<V>, Error>>,
    {
        let before = (self.changes.load(Ordering::Acquire), self.invalidations.load(Ordering::Acquire));
        let old = match self.lookup(key, now) {
            Lookup::Fresh(value) => return Ok(Some(value)),
            Lookup::Old(value) => value,
            Lookup::Nothing => {
                let value = read().await?;
                self.insert(key, value.as_ref(), before, now);
                return Ok(value);
            }
        };
        match timeout(READ_TIMEOUT, read()).await {
            Ok(Ok(value)) => {
                self.insert(key, value.as_ref(), before, now);
                Ok(value)
            }
            Ok(Err(error)) if !error.is_database_away() => Err(error),
            Ok(Err(_)) | Err(_) => {
                self.write().away_until = Some(now + AWAY_INTERVAL);
                Ok(Some(old))
            }
        }
    }

    /// Drops the cache that a change concerns.
    pub(crate) fn invalidate(&self, mut is_concerned: impl FnMut(&K, &V) -> bool) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.write().rows.retain(|key, row| !is_concerned(key, &row.value));
    }

    /// Has every row read again: changes may have gone unheard.
    pub(crate) fn invalidate_all(&self) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
    }

    fn lookup(&self, key: &K, now: DateTime<Utc>) -> Lookup<V> {
        let inner = self.read();
        let Some(row) = inner.rows.get(key) else { return Lookup::Nothing };
        let age = now - row.read_at;
        let is_invalidated = row.invalidations != self.invalidations.load(Ordering::Acquire);
        let is_recent = |limit: TimeDelta| age >= TimeDelta::zero() && age < limit && !is_invalidated;
        if is_recent(FRESH_TTL) || (is_recent(SHARED_TTL) && row.is_being_read.swap(true, Ordering::AcqRel)) {
            return Lookup::Fresh(row.value.clone());
        }
        if age >= STALE_IF_ERROR {
            return Lookup::Nothing;
        }
        match inner.away_until {
            Some(until) if now < until => Lookup::Fresh(row.value.clone()),
            _ => Lookup::Old(row.value.clone()),
        }
    }

    fn insert(&self, key: &K, value: Option<&V>, (changes, invalidations): (u64, u64), now: DateTime<Utc>) {
        let mut inner = self.write();
        let inner = &mut *inner;
        // A notice may have been about this very row.
        let is_current = self.changes.load(Ordering::Acquire) == changes;
        let Some(value) = value.filter(|_| is_current) else {
            inner.rows.remove(key);
            return;
        };
        if inner.rows.len() >= ENTRY_LIMIT {
            inner.rows.retain(|_, row| now - row.read_at < FRESH_TTL);
            if inner.rows.len() >= ENTRY_LIMIT {
                inner.rows.clear();
            }
        }
        inner.away_until = None;
        let row = Row { value: value.clone(), read_at: now, invalidations, is_being_read: AtomicBool::new(false) };
        inner.rows.insert(key.clone(), row);
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner<K, V>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner<K, V>> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn after(seconds: i64) -> DateTime<Utc> {
        NOW + TimeDelta::seconds(seconds)
    }

    async fn get(cache: &RowCache<u8, u32>, now: DateTime<Utc>, row: Option<u32>) -> Option<u32> {
        cache.get(&1, now, || async move { Ok(row) }).await.expect("reads")
    }

    async fn get_while_away(cache: &RowCache<u8, u32>, now: DateTime<Utc>) -> Result<Option<u32>, Error> {
        cache.get(&1, now, || async { Err(sqlx::Error::PoolTimedOut.into()) }).await
    }

    #[tokio::test]
    async fn a_row_is_read_again_after_a_few_seconds() {
        let cache = RowCache::default();
        assert_eq!(get(&cache, NOW, Some(1)).await, Some(1));
        assert_eq!(get(&cache, after(4), Some(2)).await, Some(1));
        assert_eq!(get(&cache, after(6), Some(2)).await, Some(2));
        assert_eq!(get(&cache, after(7), Some(3)).await, Some(2));
        assert_eq!(get(&cache, after(-60), Some(4)).await, Some(4), "a clock that was set back proves nothing");
    }

    #[tokio::test]
    async fn a_row_that_is_not_there_is_looked_for_each_time_and_ends_an_old_copy() {
        let cache = RowCache::default();
        assert_eq!(get(&cache, NOW, None).await, None);
        assert_eq!(get(&cache, NOW, Some(1)).await, Some(1));
        assert_eq!(get(&cache, after(6), None).await, None);
        assert_eq!(get(&cache, after(6), Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn a_change_drops_its_copy_and_doubt_has_all_read_again() {
        let cache = RowCache::default();
        get(&cache, NOW, Some(1)).await;
        cache.invalidate(|key, _| *key == 2);
        assert_eq!(get(&cache, NOW, Some(2)).await, Some(1));
        cache.invalidate(|key, _| *key == 1);
        assert_eq!(get(&cache, NOW, Some(2)).await, Some(2));
        cache.invalidate_all();
        assert_eq!(get(&cache, NOW, Some(3)).await, Some(3));
        assert_eq!(get(&cache, NOW, Some(4)).await, Some(3));
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_kept_after_it() {
        let cache = RowCache::default();
        let read = || async {
            cache.invalidate(|_, _| true);
            Ok(Some(1))
        };
        assert_eq!(cache.get(&1, NOW, read).await.expect("reads"), Some(1));
        assert_eq!(get(&cache, NOW, Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn what_was_read_while_changes_may_have_gone_unheard_is_kept_for_want_of_better_only() {
        let cache = RowCache::default();
        let read = || async {
            cache.invalidate_all();
            Ok(Some(1))
        };
        assert_eq!(cache.get(&1, NOW, read).await.expect("reads"), Some(1));
        assert_eq!(get_while_away(&cache, NOW).await.expect("an old copy"), Some(1));
        assert_eq!(get(&cache, after(2), Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn an_old_copy_stands_in_for_a_database_that_is_away_for_some_minutes() {
        let cache = RowCache::default();
        assert!(get_while_away(&cache, NOW).await.is_err(), "nothing is at hand");
        get(&cache, NOW, Some(1)).await;
        cache.invalidate_all();
        for seconds in [0, 6, 60, 299] {
            assert_eq!(get_while_away(&cache, after(seconds)).await.expect("an old copy"), Some(1), "{seconds} s");
        }
        assert!(get_while_away(&cache, after(301)).await.is_err());
    }

    #[tokio::test]
    async fn a_database_that_was_just_found_away_is_not_asked_by_everybody() {
        let cache = RowCache::default();
        get(&cache, NOW, Some(1)).await;
        assert_eq!(get_while_away(&cache, after(20)).await.expect("an old copy"), Some(1));
        assert_eq!(get(&cache, after(20), Some(2)).await, Some(1), "not asked again so soon");
        assert_eq!(get(&cache, after(22), Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn one_caller_reads_an_ageing_row_while_others_go_on() {
        let cache = RowCache::default();
        get(&cache, NOW, Some(1)).await;
        let first = cache.get(&1, after(6), || async {
            assert_eq!(get(&cache, after(6), Some(3)).await, Some(1));
            Ok(Some(2))
        });
        assert_eq!(first.await.expect("reads"), Some(2));
        assert_eq!(get(&cache, after(6), Some(4)).await, Some(2));
    }

    #[tokio::test]
    async fn the_number_of_copies_is_bounded() {
        let cache: RowCache<usize, usize> = RowCache::default();
        for key in 0..ENTRY_LIMIT + 10 {
            cache.get(&key, NOW, || async move { Ok(Some(key)) }).await.expect("reads");
        }
        assert!(cache.read().rows.len() <= ENTRY_LIMIT);
    }
}
