//! The comparisons that are running in this process, and admission control for their members.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use domain::{ComparisonId, UserId};

use super::active_comparison::{ActiveComparison, lock};

/// How many jobs of the executor (comparisons and retries) one member may have in one process at a time.
const MAX_JOBS: usize = 20;

/// The comparisons that run in this process. Both locks are held only for short, non-blocking sections, never together.
#[derive(Debug, Default)]
pub struct RunRegistry {
    /// With the number of the executor's jobs that work on each.
    active: Mutex<HashMap<ComparisonId, (Arc<ActiveComparison>, usize)>>,
    /// How many permits each member holds.
    permits: Mutex<HashMap<UserId, usize>>,
}

/// Permission for one job of a member. It is returned when this is dropped.
#[derive(Debug)]
pub struct RunPermit {
    registry: Arc<RunRegistry>,
    user: UserId,
}

impl Drop for RunPermit {
    fn drop(&mut self) {
        let mut permits = lock(&self.registry.permits);
        if let Some(count) = permits.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                permits.remove(&self.user);
            }
        }
    }
}

impl RunRegistry {
    /// Takes a permit; `None` where the member holds as many as there may be. To be called before the request's first await, so
    /// that concurrent requests cannot all pass the check before one of them counts.
    pub fn try_acquire(self: &Arc<Self>, user: UserId) -> Option<RunPermit> {
        let mut permits = lock(&self.permits);
        let count = permits.entry(user).or_default();
        (*count < MAX_JOBS).then(|| {
            *count += 1;
            RunPermit { registry: self.clone(), user }
        })
    }

    /// Registers a job on a comparison. Where the comparison is registered already, because a run is retried while others go on,
    /// the registered one is returned and is the one to work on.
    pub fn enter(&self, live: Arc<ActiveComparison>) -> Arc<ActiveComparison> {
        let mut active = lock(&self.active);
        let (live, count) = active.entry(live.id).or_insert((live, 0));
        *count += 1;
        live.clone()
    }

    /// Ends a job whose results are in the database. The last job on a comparison removes it.
    pub fn leave(&self, live: &Arc<ActiveComparison>) {
        let mut active = lock(&self.active);
        if let Some((_, count)) = active.get_mut(&live.id).filter(|(other, _)| Arc::ptr_eq(other, live)) {
            *count -= 1;
            if *count == 0 {
                active.remove(&live.id);
            }
        }
    }

    /// Removes a comparison because another process runs a part of it too. From here on only the database has its whole state,
    /// and watchers are redirected there.
    pub fn hand_over(&self, live: &Arc<ActiveComparison>) {
        let mut active = lock(&self.active);
        if active.get(&live.id).is_some_and(|(other, _)| Arc::ptr_eq(other, live)) {
            active.remove(&live.id);
        }
        drop(active);
        live.hand_over();
    }

    /// The comparison, if it runs in this process and is this member's.
    pub fn find(&self, user: UserId, id: ComparisonId) -> Option<Arc<ActiveComparison>> {
        lock(&self.active).get(&id).map(|(live, _)| live).filter(|live| live.user == user).cloned()
    }

    /// The comparisons of this member that run in this process.
    pub fn of(&self, user: UserId) -> Vec<Arc<ActiveComparison>> {
        lock(&self.active).values().map(|(live, _)| live).filter(|live| live.user == user).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::playground::{active_comparison::tests::live, subscription::Subscription};

    #[test]
    fn a_comparison_in_the_hub_is_found_by_its_member_only() {
        let registry = RunRegistry::default();
        let live = live();
        registry.enter(live.clone());
        registry.enter(live.clone());
        registry.leave(&live);
        assert!(registry.find(live.user, live.id).is_some());
        assert!(registry.find(UserId(Uuid::from_u128(8)), live.id).is_none());
        registry.leave(&live);
        assert!(registry.find(live.user, live.id).is_none());
    }

    #[test]
    fn places_are_counted_by_member_and_are_free_again() {
        let registry = Arc::new(RunRegistry::default());
        let (ada, bob) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let mut taken: Vec<_> = (0..MAX_JOBS).map_while(|_| registry.try_acquire(ada)).collect();
        assert_eq!(taken.len(), MAX_JOBS);
        assert!(registry.try_acquire(ada).is_none() && registry.try_acquire(bob).is_some());
        taken.pop();
        assert!(registry.try_acquire(ada).is_some());
        taken.clear();
        assert!(lock(&registry.permits).is_empty());
    }

    #[tokio::test]
    async fn whoever_watches_what_is_handed_over_is_sent_to_the_database() {
        let registry = RunRegistry::default();
        let first = registry.enter(live());
        let mut watcher = Subscription::new(first.clone());
        watcher.next().await.expect("events");
        registry.hand_over(&first);
        assert_eq!(watcher.next().await, None);
        assert!(watcher.is_handed_over() && registry.find(first.user, first.id).is_none());
        // The first one's leaving does not remove a later one with the same id.
        let later = registry.enter(live());
        registry.leave(&first);
        assert!(registry.find(later.user, later.id).is_some());
    }
}
