//! Copies of rows in memory, for what is asked with every request of a program: who a key belongs to, which models a list
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
const FRESH_FOR: TimeDelta = TimeDelta::seconds(5);
/// While one caller reads a row again, the others go on with a copy of this age.
const SHARED_FOR: TimeDelta = TimeDelta::seconds(10);
/// How old a copy may be that stands in for a database that is away.
const KEPT_FOR: TimeDelta = TimeDelta::minutes(5);
/// How long a caller who has an old copy waits for the database.
const PATIENCE: Duration = Duration::from_millis(500);
/// After the database was found to be away, old copies are used for so long without asking.
const AWAY_FOR: TimeDelta = TimeDelta::seconds(1);
/// Rows that are kept; beyond them the old ones go, then all.
const MOST: usize = 10_000;

/// Copies of rows, by what they are looked up by.
#[derive(Debug)]
pub(crate) struct Copies<K, V> {
    held: RwLock<Held<K, V>>,
    /// Counts the changes that were told of, so that what was read before one is not kept after it.
    changes: AtomicU64,
    /// Counts the doubts: what was read before the last one has to be read again, whatever its age.
    doubts: AtomicU64,
}

#[derive(Debug)]
struct Held<K, V> {
    rows: HashMap<K, Row<V>>,
    away_until: Option<DateTime<Utc>>,
}

#[derive(Debug)]
struct Row<V> {
    value: V,
    read_at: DateTime<Utc>,
    doubts: u64,
    is_being_read: AtomicBool,
}

/// What is at hand.
enum AtHand<V> {
    /// Good as it is.
    Fresh(V),
    /// To be used only if the row cannot be read.
    Old(V),
    Nothing,
}

impl<K, V> Default for Copies<K, V> {
    fn default() -> Self {
        let held = Held { rows: HashMap::new(), away_until: None };
        Self { held: RwLock::new(held), changes: AtomicU64::new(0), doubts: AtomicU64::new(0) }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Copies<K, V> {
    /// The row, from memory or by `read`. A row that is not there is not remembered.
    pub(crate) async fn get<F>(&self, key: &K, now: DateTime<Utc>, read: impl FnOnce() -> F) -> Result<Option<V>, Error>
    where
        F: Future<Output = Result<Option<V>, Error>>,
    {
        let before = (self.changes.load(Ordering::Acquire), self.doubts.load(Ordering::Acquire));
        let old = match self.at_hand(key, now) {
            AtHand::Fresh(value) => return Ok(Some(value)),
            AtHand::Old(value) => value,
            AtHand::Nothing => {
                let value = read().await?;
                self.keep(key, value.as_ref(), before, now);
                return Ok(value);
            }
        };
        match timeout(PATIENCE, read()).await {
            Ok(Ok(value)) => {
                self.keep(key, value.as_ref(), before, now);
                Ok(value)
            }
            Ok(Err(error)) if !error.is_database_away() => Err(error),
            Ok(Err(_)) | Err(_) => {
                self.write().away_until = Some(now + AWAY_FOR);
                Ok(Some(old))
            }
        }
    }

    /// Drops the copies that a change concerns.
    pub(crate) fn forget(&self, mut is_concerned: impl FnMut(&K, &V) -> bool) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.write().rows.retain(|key, row| !is_concerned(key, &row.value));
    }

    /// Has every row read again: changes may have gone unheard.
    pub(crate) fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::AcqRel);
    }

    fn at_hand(&self, key: &K, now: DateTime<Utc>) -> AtHand<V> {
        let held = self.read();
        let Some(row) = held.rows.get(key) else { return AtHand::Nothing };
        let age = now - row.read_at;
        let is_doubted = row.doubts != self.doubts.load(Ordering::Acquire);
        let is_recent = |limit: TimeDelta| age >= TimeDelta::zero() && age < limit && !is_doubted;
        if is_recent(FRESH_FOR) || (is_recent(SHARED_FOR) && row.is_being_read.swap(true, Ordering::AcqRel)) {
            return AtHand::Fresh(row.value.clone());
        }
        if age >= KEPT_FOR {
            return AtHand::Nothing;
        }
        match held.away_until {
            Some(until) if now < until => AtHand::Fresh(row.value.clone()),
            _ => AtHand::Old(row.value.clone()),
        }
    }

    fn keep(&self, key: &K, value: Option<&V>, (changes, doubts): (u64, u64), now: DateTime<Utc>) {
        let mut held = self.write();
        let held = &mut *held;
        // A notice may have been about this very row.
        let is_current = self.changes.load(Ordering::Acquire) == changes;
        let Some(value) = value.filter(|_| is_current) else {
            held.rows.remove(key);
            return;
        };
        if held.rows.len() >= MOST {
            held.rows.retain(|_, row| now - row.read_at < FRESH_FOR);
            if held.rows.len() >= MOST {
                held.rows.clear();
            }
        }
        held.away_until = None;
        let row = Row { value: value.clone(), read_at: now, doubts, is_being_read: AtomicBool::new(false) };
        held.rows.insert(key.clone(), row);
    }

    fn read(&self) -> RwLockReadGuard<'_, Held<K, V>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held<K, V>> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn after(seconds: i64) -> DateTime<Utc> {
        NOW + TimeDelta::seconds(seconds)
    }

    async fn ask(copies: &Copies<u8, u32>, now: DateTime<Utc>, row: Option<u32>) -> Option<u32> {
        copies.get(&1, now, || async move { Ok(row) }).await.expect("reads")
    }

    async fn ask_in_vain(copies: &Copies<u8, u32>, now: DateTime<Utc>) -> Result<Option<u32>, Error> {
        copies.get(&1, now, || async { Err(sqlx::Error::PoolTimedOut.into()) }).await
    }

    #[tokio::test]
    async fn a_row_is_read_again_after_a_few_seconds() {
        let copies = Copies::default();
        assert_eq!(ask(&copies, NOW, Some(1)).await, Some(1));
        assert_eq!(ask(&copies, after(4), Some(2)).await, Some(1));
        assert_eq!(ask(&copies, after(6), Some(2)).await, Some(2));
        assert_eq!(ask(&copies, after(7), Some(3)).await, Some(2));
        assert_eq!(ask(&copies, after(-60), Some(4)).await, Some(4), "a clock that was set back proves nothing");
    }

    #[tokio::test]
    async fn a_row_that_is_not_there_is_looked_for_each_time_and_ends_an_old_copy() {
        let copies = Copies::default();
        assert_eq!(ask(&copies, NOW, None).await, None);
        assert_eq!(ask(&copies, NOW, Some(1)).await, Some(1));
        assert_eq!(ask(&copies, after(6), None).await, None);
        assert_eq!(ask(&copies, after(6), Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn a_change_drops_its_copy_and_doubt_has_all_read_again() {
        let copies = Copies::default();
        ask(&copies, NOW, Some(1)).await;
        copies.forget(|key, _| *key == 2);
        assert_eq!(ask(&copies, NOW, Some(2)).await, Some(1));
        copies.forget(|key, _| *key == 1);
        assert_eq!(ask(&copies, NOW, Some(2)).await, Some(2));
        copies.doubt();
        assert_eq!(ask(&copies, NOW, Some(3)).await, Some(3));
        assert_eq!(ask(&copies, NOW, Some(4)).await, Some(3));
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_kept_after_it() {
        let copies = Copies::default();
        let read = || async {
            copies.forget(|_, _| true);
            Ok(Some(1))
        };
        assert_eq!(copies.get(&1, NOW, read).await.expect("reads"), Some(1));
        assert_eq!(ask(&copies, NOW, Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn what_was_read_while_changes_may_have_gone_unheard_is_kept_for_want_of_better_only() {
        let copies = Copies::default();
        let read = || async {
            copies.doubt();
            Ok(Some(1))
        };
        assert_eq!(copies.get(&1, NOW, read).await.expect("reads"), Some(1));
        assert_eq!(ask_in_vain(&copies, NOW).await.expect("an old copy"), Some(1));
        assert_eq!(ask(&copies, after(2), Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn an_old_copy_stands_in_for_a_database_that_is_away_for_some_minutes() {
        let copies = Copies::default();
        assert!(ask_in_vain(&copies, NOW).await.is_err(), "nothing is at hand");
        ask(&copies, NOW, Some(1)).await;
        copies.doubt();
        for seconds in [0, 6, 60, 299] {
            assert_eq!(ask_in_vain(&copies, after(seconds)).await.expect("an old copy"), Some(1), "{seconds} s");
        }
        assert!(ask_in_vain(&copies, after(301)).await.is_err());
    }

    #[tokio::test]
    async fn a_database_that_was_just_found_away_is_not_asked_by_everybody() {
        let copies = Copies::default();
        ask(&copies, NOW, Some(1)).await;
        assert_eq!(ask_in_vain(&copies, after(20)).await.expect("an old copy"), Some(1));
        assert_eq!(ask(&copies, after(20), Some(2)).await, Some(1), "not asked again so soon");
        assert_eq!(ask(&copies, after(22), Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn one_caller_reads_an_ageing_row_while_others_go_on() {
        let copies = Copies::default();
        ask(&copies, NOW, Some(1)).await;
        let first = copies.get(&1, after(6), || async {
            assert_eq!(ask(&copies, after(6), Some(3)).await, Some(1));
            Ok(Some(2))
        });
        assert_eq!(first.await.expect("reads"), Some(2));
        assert_eq!(ask(&copies, after(6), Some(4)).await, Some(2));
    }

    #[tokio::test]
    async fn the_number_of_copies_is_bounded() {
        let copies: Copies<usize, usize> = Copies::default();
        for key in 0..MOST + 10 {
            copies.get(&key, NOW, || async move { Ok(Some(key)) }).await.expect("reads");
        }
        assert!(copies.read().rows.len() <= MOST);
    }
}
