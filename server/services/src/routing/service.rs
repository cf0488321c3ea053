//! Saves routing lists, and reads them, cached, for every request for `auto`.

use std::sync::Arc;

use async_trait::async_trait;
use database::Notice;
use domain::{
    UserId,
    accounts::Viewer,
    error::AppError,
    routing::{Measured, Route, RouteRequest, RoutingPort, Strategy},
};
use foundation::{clock::Clock, error::Error};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use super::repo::{self, RouteRow};
use crate::{catalog::CatalogService, leaderboard::LeaderboardService, row_cache::RowCache};

/// The notification channel for changes of lists.
pub const CHANNEL: &str = "quadrille_routes";

/// The routing lists.
pub struct RoutingService {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    catalog: Arc<CatalogService>,
    cache: RowCache<UserId, Vec<String>>,
    leaderboard: Arc<LeaderboardService>,
}

impl RoutingService {
    /// A service on this database.
    pub fn new(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        catalog: Arc<CatalogService>,
        leaderboard: Arc<LeaderboardService>,
    ) -> Self {
        Self { pool, clock, catalog, cache: RowCache::default(), leaderboard }
    }

    /// The public names of the models to try for the member's requests for `auto`, in order; empty if no list is saved. Cached
    /// for a few seconds, and for some minutes while the database cannot be reached.
    ///
    /// # Errors
    ///
    /// The database cannot be reached and the list is not cached, or the stored list is invalid.
    pub async fn models_for(&self, user: UserId) -> Result<Vec<String>, Error> {
        let read = || async { Ok(Some(self.find(user).await?.models)) };
        Ok(self.cache.get(&user, self.clock.now(), read).await?.unwrap_or_default())
    }

    /// Invalidates cached lists. The payload of a notification is a member's id.
    pub fn on_notify(&self, notice: Notice<'_>) {
        match notice {
            Notice::Of(id) => match id.parse::<Uuid>() {
                Ok(id) => self.cache.invalidate(|user, _| user.0 == id),
                Err(_) => self.cache.invalidate_all(),
            },
            Notice::Missed => self.cache.invalidate_all(),
        }
    }

    async fn find(&self, user: UserId) -> Result<Route, Error> {
        repo::find(&self.pool, user).await?.map(route).transpose().map(Option::unwrap_or_default)
    }
}

#[async_trait]
impl RoutingPort for RoutingService {
    async fn route(&self, viewer: &Viewer) -> Result<Route, AppError> {
        Ok(self.find(viewer.id).await?)
    }

    async fn measured(&self) -> Result<Vec<Measured>, AppError> {
        self.leaderboard.measured().await
    }

    async fn save(&self, viewer: &Viewer, request: RouteRequest) -> Result<Route, AppError> {
        let mut errors = request.errors();
        if errors.is_empty() {
            let saved = self.find(viewer.id).await?;
            errors = self.catalog.unknown_models(&request.models, &saved.models).await?;
        }
        if !errors.is_empty() {
            return Err(AppError::Invalid(errors));
        }
        let now = self.clock.now();
        let models = Value::from(request.models.clone());
        repo::save(&self.pool, viewer.id, (strategy_name(request.strategy), &models), now).await?;
        // Other replicas are notified; in this process the change holds at once.
        self.cache.invalidate(|user, _| *user == viewer.id);
        Ok(Route { strategy: request.strategy, models: request.models, updated_at: Some(now) })
    }
}

fn strategy_name(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Priority => "priority",
    }
}

fn route(row: RouteRow) -> Result<Route, Error> {
    let strategy = match row.strategy.as_str() {
        "priority" => Strategy::Priority,
        other => return Err(Error::Internal(format!("a stored strategy: {other}"))),
    };
    let models =
        serde_json::from_value(row.models).map_err(|error| Error::Internal(format!("stored models: {error}")))?;
    Ok(Route { strategy, models, updated_at: Some(row.updated_at) })
}
