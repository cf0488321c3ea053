//! Invitations between being made and being shown: once, to who made them.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use app::{domain::UserId, people::Invitation};
use uuid::Uuid;

const MOST: usize = 50;
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Invitations not shown yet.
#[derive(Default)]
pub(super) struct Invitations(Mutex<VecDeque<(Uuid, UserId, Instant, Invitation)>>);

impl Invitations {
    pub(super) fn put(&self, owner: UserId, invitation: Invitation) -> Uuid {
        let id = Uuid::now_v7();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(_, _, at, _)| at.elapsed() < LIFETIME);
        if waiting.len() == MOST {
            waiting.pop_front();
        }
        waiting.push_back((id, owner, Instant::now(), invitation));
        id
    }

    /// Once.
    pub(super) fn take(&self, owner: UserId, id: Uuid) -> Option<Invitation> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = waiting
            .iter()
            .position(|(other, whose, at, _)| *other == id && *whose == owner && at.elapsed() < LIFETIME)?;
        waiting.remove(place).map(|(_, _, _, invitation)| invitation)
    }
}
