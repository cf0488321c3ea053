//! The comparisons that are running in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use domain::{ComparisonId, UserId};

use super::active_comparison::{ActiveComparison, lock};

/// How often a member may have models asked at the same time in one process: comparisons, and runs that are done anew.
const PLACES: usize = 20;

/// The comparisons that run in this process, and for how many runs of the executor each is here.
#[derive(Debug, Default)]
pub struct RunRegistry {
    here: Mutex<HashMap<ComparisonId, (Arc<ActiveComparison>, usize)>>,
    taken: Mutex<HashMap<UserId, usize>>,
}

/// One of a member's places. It is free again when this is dropped.
#[derive(Debug)]
pub struct RunPermit {
    registry: Arc<RunRegistry>,
    user: UserId,
}

impl Drop for RunPermit {
    fn drop(&mut self) {
        let mut taken = lock(&self.registry.taken);
        if let Some(count) = taken.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

impl RunRegistry {
    /// Takes a place of this member's, before anything is waited for, so that many who ask at once cannot all see the last one free.
    pub fn take_place(self: &Arc<Self>, user: UserId) -> Option<RunPermit> {
        let mut taken = lock(&self.taken);
        let count = taken.entry(user).or_default();
        (*count < PLACES).then(|| {
            *count += 1;
            RunPermit { registry: self.clone(), user }
        })
    }

    /// Adds a comparison that is about to run. Where it is here already, because a run is done anew while others go on, that
    /// one is what counts.
    pub fn enter(&self, live: Arc<ActiveComparison>) -> Arc<ActiveComparison> {
        let mut here = lock(&self.here);
        let (live, count) = here.entry(live.id).or_insert((live, 0));
        *count += 1;
        live.clone()
    }

    /// The endings of what entered are in the database. The last one out takes the comparison away.
    pub fn leave(&self, live: &Arc<ActiveComparison>) {
        let mut here = lock(&self.here);
        if let Some((_, count)) = here.get_mut(&live.id).filter(|(other, _)| Arc::ptr_eq(other, live)) {
            *count -= 1;
            if *count == 0 {
                here.remove(&live.id);
            }
        }
    }

    /// Another process works on this comparison too. From here on only the database knows all of it, and whoever watches is
    /// sent there.
    pub fn hand_over(&self, live: &Arc<ActiveComparison>) {
        let mut here = lock(&self.here);
        if here.get(&live.id).is_some_and(|(other, _)| Arc::ptr_eq(other, live)) {
            here.remove(&live.id);
        }
        drop(here);
        live.hand_over();
    }

    /// The comparison, if it runs in this process and is this member's.
    pub fn find(&self, user: UserId, id: ComparisonId) -> Option<Arc<ActiveComparison>> {
        lock(&self.here).get(&id).map(|(live, _)| live).filter(|live| live.user == user).cloned()
    }

    /// The comparisons of this member that run in this process.
    pub fn of(&self, user: UserId) -> Vec<Arc<ActiveComparison>> {
        lock(&self.here).values().map(|(live, _)| live).filter(|live| live.user == user).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::playground::active_comparison::tests::live;

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
        let mut taken: Vec<_> = (0..PLACES).map_while(|_| registry.take_place(ada)).collect();
        assert_eq!(taken.len(), PLACES);
        assert!(registry.take_place(ada).is_none() && registry.take_place(bob).is_some());
        taken.pop();
        assert!(registry.take_place(ada).is_some());
        taken.clear();
        assert!(lock(&registry.taken).is_empty());
    }

    #[tokio::test]
    async fn whoever_watches_what_is_handed_over_is_sent_to_the_database() {
        let registry = RunRegistry::default();
        let live = registry.enter(live());
        let mut watcher = live.subscribe();
        watcher.next().await.expect("events");
        registry.hand_over(&live);
        assert_eq!(watcher.next().await, None);
        assert!(watcher.is_handed_over() && registry.find(live.user, live.id).is_none());
        // Its leaving is not that of a later one.
        let later = registry.enter(crate::playground::active_comparison::tests::live());
        registry.leave(&live);
        assert!(registry.find(later.user, later.id).is_some());
    }
}
