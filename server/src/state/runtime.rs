//! What services are built on.

use std::sync::Arc;

use foundation::{clock::Clock, shutdown::Tasks};
use services::{external::External, leaderboard::RollUp};
use sqlx::PgPool;
use upstream::Lookup;

/// The database, the clock, the name server and the background tasks. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) pool: PgPool,
    /// Public for the integration tests, which move it.
    pub clock: Arc<dyn Clock>,
    pub(crate) lookup: Arc<dyn Lookup>,
    /// Public for the integration tests, which stop them.
    pub tasks: Tasks,
}

impl Runtime {
    /// On a database whose migrations are applied.
    pub fn new(pool: PgPool, External { clock, lookup }: External, tasks: Tasks) -> Self {
        Self { pool, clock, lookup, tasks }
    }

    /// The roll-up of usage into the leaderboard's hours.
    pub(crate) fn roll_up(&self) -> RollUp {
        RollUp::new(self.pool.clone(), self.clock.clone(), self.tasks.clone())
    }
}
