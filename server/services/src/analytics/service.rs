//! Checks that the keys are the member's, and computes their statistics.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    KeyId, UserId,
    accounts::Viewer,
    analytics::{Analytics, AnalyticsPort, CellStats, Filter, KeyAnalytics},
    error::AppError,
    keys::KeysPort,
};
use foundation::{clock::Clock, error::Error};
use sqlx::{PgPool, postgres::types::PgInterval};
use uuid::Uuid;

use super::{
    repo::{self, EventsRow, FirstTokenRow, Scope},
    report::{self, CLOCK_SKEW_ALLOWANCE},
};
use crate::keys::KeyService;

/// Statistics of API keys.
pub struct AnalyticsService {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    keys: Arc<KeyService>,
}

impl AnalyticsService {
    /// A service on this database.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, keys: Arc<KeyService>) -> Self {
        Self { pool, clock, keys }
    }

    /// The statistics of one key by step and model.
    ///
    /// # Errors
    ///
    /// The member has no such key, or the database cannot be reached.
    pub async fn cells(&self, viewer: &Viewer, id: KeyId, filter: &Filter) -> Result<Vec<CellStats>, AppError> {
        self.keys.find(viewer, id).await?;
        let (events, first_tokens) = self.read(&[id.0], viewer.id, filter, self.clock.now()).await?;
        Ok(report::cells(&events, &first_tokens))
    }

    async fn read(
        &self,
        keys: &[Uuid],
        user: UserId,
        filter: &Filter,
        now: DateTime<Utc>,
    ) -> Result<(Vec<EventsRow>, Vec<FirstTokenRow>), Error> {
        let window = filter.window;
        let last = window.begin(now) + window.step() * window.steps();
        let step = PgInterval::try_from(window.step()).map_err(|error| Error::Internal(format!("a step: {error}")))?;
        let scope = Scope {
            keys,
            user,
            from: window.begin(now),
            to: last.min(now + CLOCK_SKEW_ALLOWANCE),
            step,
            model: filter.model.as_deref(),
        };
        tokio::try_join!(repo::events(&self.pool, &scope), repo::first_tokens(&self.pool, &scope))
    }
}

#[async_trait]
impl AnalyticsPort for AnalyticsService {
    async fn of_key(&self, viewer: &Viewer, id: KeyId, filter: Filter) -> Result<KeyAnalytics, AppError> {
        let key = self.keys.find(viewer, id).await?;
        let now = self.clock.now();
        let (events, first_tokens) = self.read(&[id.0], viewer.id, &filter, now).await?;
        let analytics = report::analytics(filter, now, &events, &first_tokens);
        Ok(KeyAnalytics { id, name: key.name, prefix: key.prefix, analytics })
    }

    async fn of_member(&self, viewer: &Viewer, filter: Filter) -> Result<Analytics, AppError> {
        let now = self.clock.now();
        let keys = repo::keys_of(&self.pool, viewer.id).await?;
        let (events, first_tokens) = match keys.is_empty() {
            true => Default::default(),
            false => self.read(&keys, viewer.id, &filter, now).await?,
        };
        Ok(report::analytics(filter, now, &events, &first_tokens))
    }
}
