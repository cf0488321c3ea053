//! A read-through cache of database rows that are needed with every gateway request: the owner of a key, a member's routing
//! list, the callable models. Rows are invalidated by Postgres notifications, expire after a few seconds in case one was
//! missed, and are served stale for some minutes while the database cannot be reached (stale-if-error).
//!
//! moka stores the rows and bounds their number (least recently used first) and their age. Freshness is decided here, because
//! it depends on more than age: on missed notifications, on a refresh in progress and on whether the database is reachable.

use std::{
    future::Future,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use foundation::error::Error;
use moka::{policy::EvictionPolicy, sync::Cache};
use tokio::time::timeout;

/// Age up to which a row is served without reading it again.
const FRESH_TTL: TimeDelta = TimeDelta::seconds(5);
/// Age up to which a row is served while another caller is refreshing it.
const SHARED_TTL: TimeDelta = TimeDelta::seconds(10);
/// Age up to which a row is served while the database cannot be reached.
const STALE_IF_ERROR: Duration = Duration::from_secs(5 * 60);
/// How long a caller with a stale row waits for the database before it falls back to that row.
const READ_TIMEOUT: Duration = Duration::from_millis(500);
/// After a failed read, stale rows are served for this long without trying the database again.
const AWAY_INTERVAL: TimeDelta = TimeDelta::seconds(1);
/// Rows kept at most.
const ENTRY_LIMIT: u64 = 10_000;
/// Value of `away_until` while the database is believed to be reachable.
const REACHABLE: i64 = i64::MIN;

/// A cache of rows by the key they are looked up with.
pub(crate) struct RowCache<K, V> {
    rows: Cache<K, Arc<Row<V>>>,
    /// Calls of [`RowCache::invalidate`]. Locked while a row is stored and while rows are dropped, so that a row that was read
    /// before a change cannot be stored after it. Hits do not take this lock, and it is never held across an await.
    changes: Mutex<u64>,
    /// Calls of [`RowCache::invalidate_all`]: rows read in an earlier epoch are stale whatever their age.
    epoch: AtomicU64,
    /// Until when the database is not tried again, in milliseconds since 1970, or [`REACHABLE`].
    away_until: AtomicI64,
}

struct Row<V> {
    value: V,
    read_at: DateTime<Utc>,
    epoch: u64,
    is_being_read: AtomicBool,
}

/// What the cache holds for a key.
enum Lookup<V> {
    /// To be served without reading the row again.
    Fresh(V),
    /// To be served only if the row cannot be read.
    Stale(V),
    Missing,
}

/// The invalidations that happened before a read began.
#[derive(Clone, Copy)]
struct Version {
    changes: u64,
    epoch: u64,
}

impl<K, V> Default for RowCache<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        let rows = Cache::builder()
            .max_capacity(ENTRY_LIMIT)
            .time_to_live(STALE_IF_ERROR)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { rows, changes: Mutex::new(0), epoch: AtomicU64::new(0), away_until: AtomicI64::new(REACHABLE) }
    }
}

impl<K, V> RowCache<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The row, from the cache or by `read`. That a row does not exist is not cached.
    ///
    /// # Errors
    ///
    /// The error of `read`, unless it says that the database cannot be reached and a stale row is cached.
    pub(crate) async fn get<F>(&self, key: &K, now: DateTime<Utc>, read: impl FnOnce() -> F) -> Result<Option<V>, Error>
    where
        F: Future<Output = Result<Option<V>, Error>>,
    {
        let found = self.lookup(key, now);
        if let Lookup::Fresh(value) = found {
            return Ok(Some(value));
        }
        let version = Version { changes: *self.lock_changes(), epoch: self.epoch.load(Ordering::Acquire) };
        let Lookup::Stale(stale) = found else {
            let value = read().await?;
            self.store(key, value.as_ref(), version, now);
            return Ok(value);
        };
        match timeout(READ_TIMEOUT, read()).await {
            Ok(Ok(value)) => {
                self.store(key, value.as_ref(), version, now);
                Ok(value)
            }
            Ok(Err(error)) if !error.is_database_away() => Err(error),
            Ok(Err(_)) | Err(_) => {
                self.away_until.store((now + AWAY_INTERVAL).timestamp_millis(), Ordering::Relaxed);
                Ok(Some(stale))
            }
        }
    }

    /// Drops the rows that a change affects. Takes time in proportion to the number of cached rows.
    pub(crate) fn invalidate(&self, is_affected: impl Fn(&K, &V) -> bool) {
        let mut changes = self.lock_changes();
        *changes += 1;
        for (key, _) in self.rows.iter().filter(|(key, row)| is_affected(key, &row.value)) {
            self.rows.invalidate(key.as_ref());
        }
    }

    /// Makes every row stale, for when notifications may have been missed. The rows still serve as stale-if-error.
    pub(crate) fn invalidate_all(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn lookup(&self, key: &K, now: DateTime<Utc>) -> Lookup<V> {
        let Some(row) = self.rows.get(key) else { return Lookup::Missing };
        let age = now - row.read_at;
        let is_current = row.epoch == self.epoch.load(Ordering::Acquire);
        // A negative age means that the clock was set back: the real age is unknown.
        let is_younger = |limit: TimeDelta| is_current && (TimeDelta::zero()..limit).contains(&age);
        if is_younger(FRESH_TTL) || (is_younger(SHARED_TTL) && row.is_being_read.swap(true, Ordering::AcqRel)) {
            return Lookup::Fresh(row.value.clone());
        }
        if age.to_std().is_ok_and(|age| age >= STALE_IF_ERROR) {
            return Lookup::Missing;
        }
        match now.timestamp_millis() < self.away_until.load(Ordering::Relaxed) {
            true => Lookup::Fresh(row.value.clone()),
            false => Lookup::Stale(row.value.clone()),
        }
    }

    fn store(&self, key: &K, value: Option<&V>, before: Version, now: DateTime<Utc>) {
        let changes = self.lock_changes();
        // A change that was notified during the read may have been to this very row.
        let Some(value) = value.filter(|_| *changes == before.changes) else { return self.rows.invalidate(key) };
        self.away_until.store(REACHABLE, Ordering::Relaxed);
        let row =
            Row { value: value.clone(), read_at: now, epoch: before.epoch, is_being_read: AtomicBool::new(false) };
        self.rows.insert(key.clone(), Arc::new(row));
    }

    fn lock_changes(&self) -> MutexGuard<'_, u64> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert_eq!(get_while_away(&cache, NOW).await.expect("a stale row"), Some(1));
        assert_eq!(get(&cache, after(2), Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn an_old_copy_stands_in_for_a_database_that_is_away_for_some_minutes() {
        let cache = RowCache::default();
        assert!(get_while_away(&cache, NOW).await.is_err(), "nothing is cached");
        get(&cache, NOW, Some(1)).await;
        cache.invalidate_all();
        for seconds in [0, 6, 60, 299] {
            assert_eq!(get_while_away(&cache, after(seconds)).await.expect("a stale row"), Some(1), "{seconds} s");
        }
        assert!(get_while_away(&cache, after(301)).await.is_err());
    }

    #[tokio::test]
    async fn a_database_that_was_just_found_away_is_not_asked_by_everybody() {
        let cache = RowCache::default();
        get(&cache, NOW, Some(1)).await;
        assert_eq!(get_while_away(&cache, after(20)).await.expect("a stale row"), Some(1));
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
        let cache: RowCache<u64, u64> = RowCache::default();
        for key in 0..ENTRY_LIMIT + 10 {
            cache.get(&key, NOW, || async move { Ok(Some(key)) }).await.expect("reads");
        }
        cache.rows.run_pending_tasks();
        assert!(cache.rows.entry_count() <= ENTRY_LIMIT);
    }
}
