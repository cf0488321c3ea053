//! What is known of models in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::catalog::admin::HealthState;
use foundation::clock::Clock;
use tokio::sync::Notify;
use uuid::Uuid;

/// How often the count of a state that goes on is written.
const COUNT_INTERVAL: TimeDelta = TimeDelta::seconds(30);

/// A model by its upstream and by the upstream's own name of it.
pub(super) type ModelKey = (Uuid, String);

/// The health of models, as far as this process knows it.
pub struct HealthTracker {
    clock: Arc<dyn Clock>,
    models: Mutex<HashMap<ModelKey, Known>>,
    /// Notified when a state begins or ends.
    pub(super) changed: Notify,
}

/// A model that is not well, or that was not until the end is written.
#[derive(Clone, Debug)]
struct Known {
    /// `None` once a call has succeeded.
    state: Option<HealthState>,
    since: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    /// Refusals that have not been written.
    unwritten: i64,
    written_at: Option<DateTime<Utc>>,
    /// When a call succeeded, where the database may still have an earlier state.
    ended_at: Option<DateTime<Utc>>,
}

/// Something to be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Write {
    pub key: ModelKey,
    /// A state ended then; told before the state that has begun since.
    pub ended_at: Option<DateTime<Utc>>,
    pub seen: Option<Seen>,
}

/// Refusals of one state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    pub state: HealthState,
    pub since: DateTime<Utc>,
    pub last_seen: DateTime<Utc>,
    pub count: i64,
}

impl Known {
    fn begun(state: HealthState, now: DateTime<Utc>) -> Self {
        Self { state: Some(state), since: now, last_seen: now, unwritten: 1, written_at: None, ended_at: None }
    }
}

impl HealthTracker {
    /// A tracker that knows of no model that is not well.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, models: Mutex::default(), changed: Notify::default() }
    }

    /// Notes how a call has just ended: with a refusal that shows a state, or with an answer (`None`). Failures that show nothing
    /// are not noted.
    pub fn note(&self, upstream: Uuid, upstream_model: &str, state: Option<HealthState>) {
        self.note_at(upstream, upstream_model, state, self.clock.now());
    }

    fn note_at(&self, upstream: Uuid, upstream_model: &str, state: Option<HealthState>, now: DateTime<Utc>) {
        let mut models = self.models();
        // Nearly every call succeeds with a model that is well.
        if state.is_none() && models.is_empty() {
            return;
        }
        let key = (upstream, upstream_model.to_owned());
        let is_change = match (models.get_mut(&key), state) {
            (None, None) => false,
            (None, Some(state)) => {
                models.insert(key, Known::begun(state, now));
                true
            }
            (Some(known), Some(state)) if known.state == Some(state) => {
                known.last_seen = now;
                known.unwritten += 1;
                false
            }
            (Some(known), Some(state)) => {
                *known = Known { ended_at: known.ended_at, ..Known::begun(state, now) };
                true
            }
            (Some(known), None) => {
                let has_ended = known.state.take().is_some();
                known.ended_at = Some(now);
                has_ended
            }
        };
        if is_change {
            self.changed.notify_one();
        }
    }

    /// Takes what is to be written: beginnings and ends, and counts whose interval is over.
    pub(super) fn take(&self, now: DateTime<Utc>, is_last: bool) -> Vec<Write> {
        let mut writes = Vec::new();
        self.models().retain(|key, known| {
            let is_due = is_last || known.written_at.is_none_or(|at| now - at >= COUNT_INTERVAL);
            let (since, last_seen) = (known.since, known.last_seen);
            let seen = known.state.filter(|_| is_due && known.unwritten > 0);
            let seen = seen.map(|state| Seen { state, since, last_seen, count: known.unwritten });
            let ended_at = known.ended_at.take();
            if seen.is_some() {
                (known.unwritten, known.written_at) = (0, Some(now));
            }
            if seen.is_some() || ended_at.is_some() {
                writes.push(Write { key: key.clone(), ended_at, seen });
            }
            known.state.is_some()
        });
        writes
    }

    /// Takes over the states that the database has, and drops those that it has no more: another replica saw a success.
    pub(super) fn refresh(&self, stored: HashMap<ModelKey, HealthState>, now: DateTime<Utc>) {
        let mut models = self.models();
        models.retain(|key, known| stored.contains_key(key) || known.unwritten > 0 || known.ended_at.is_some());
        for (key, state) in stored {
            models.entry(key).or_insert_with(|| Known {
                unwritten: 0,
                written_at: Some(now),
                ..Known::begun(state, now)
            });
        }
    }

    fn models(&self) -> MutexGuard<'_, HashMap<ModelKey, Known>> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use foundation::clock::SystemClock;

    use super::*;

    const UPSTREAM: Uuid = Uuid::from_u128(1);

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn key() -> ModelKey {
        (UPSTREAM, "m".to_owned())
    }

    fn seen(state: HealthState, since: i64, last_seen: i64, count: i64) -> Option<Seen> {
        Some(Seen { state, since: at(since), last_seen: at(last_seen), count })
    }

    #[test]
    fn a_state_is_written_when_it_begins_and_ends_and_its_count_every_30_seconds() {
        let health = HealthTracker::new(Arc::new(SystemClock));
        let note = |state, seconds| health.note_at(UPSTREAM, "m", state, at(seconds));
        let take = |seconds| health.take(at(seconds), false);
        note(None, 0);
        assert_eq!(take(0), []);
        note(Some(HealthState::Loading), 1);
        let loading = HealthState::Loading;
        assert_eq!(take(1), [Write { key: key(), ended_at: None, seen: seen(loading, 1, 1, 1) }]);
        note(Some(loading), 2);
        note(Some(loading), 3);
        assert_eq!(take(30), []);
        assert_eq!(take(31), [Write { key: key(), ended_at: None, seen: seen(loading, 1, 3, 2) }]);
        note(None, 40);
        assert_eq!(take(40), [Write { key: key(), ended_at: Some(at(40)), seen: None }]);
        assert_eq!(health.take(at(99), true), []);
    }

    #[test]
    fn another_state_begins_anew_also_after_an_end_that_is_not_written_yet() {
        let health = HealthTracker::new(Arc::new(SystemClock));
        let note = |state, seconds| health.note_at(UPSTREAM, "m", state, at(seconds));
        note(Some(HealthState::Overloaded), 1);
        note(None, 2);
        note(Some(HealthState::BadKey), 3);
        let expected = Write { key: key(), ended_at: Some(at(2)), seen: seen(HealthState::BadKey, 3, 3, 1) };
        assert_eq!(health.take(at(3), false), [expected]);
        note(Some(HealthState::Retired), 4);
        let expected = Write { key: key(), ended_at: None, seen: seen(HealthState::Retired, 4, 4, 1) };
        assert_eq!(health.take(at(4), false), [expected]);
    }

    #[test]
    fn a_success_here_ends_what_another_replica_saw_and_the_other_way_round() {
        let health = HealthTracker::new(Arc::new(SystemClock));
        health.refresh(HashMap::from([(key(), HealthState::Retired)]), at(5));
        assert_eq!(health.take(at(99), true), []);
        health.note_at(UPSTREAM, "m", None, at(100));
        assert_eq!(health.take(at(100), false), [Write { key: key(), ended_at: Some(at(100)), seen: None }]);
        health.refresh(HashMap::from([(key(), HealthState::Retired)]), at(101));
        health.refresh(HashMap::new(), at(102));
        health.note_at(UPSTREAM, "m", None, at(103));
        assert_eq!(health.take(at(103), true), []);
    }
}
