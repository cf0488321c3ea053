//! A cache of the models that can be called: read again every few seconds and whenever the catalogue changes, and served stale
//! while the database cannot be reached.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use database::Notice;
use foundation::error::Error;

use crate::{
    catalog::{CallableModel, CatalogService},
    row_cache::RowCache,
};

/// Unknown names cause at most one early refresh in this time.
const UNKNOWN_NAME_REFRESH_MS: i64 = 1_000;

/// A snapshot of all models that can be called.
#[derive(Debug, Default)]
pub(super) struct CallableModels {
    models: HashMap<String, Arc<CallableModel>>,
    /// In the order of the catalogue.
    names: Vec<String>,
}

impl CallableModels {
    pub(super) fn get(&self, name: &str) -> Option<Arc<CallableModel>> {
        self.models.get(name).cloned()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// Caches the snapshot.
pub(super) struct ModelCache {
    catalog: Arc<CatalogService>,
    snapshot: RowCache<(), Arc<CallableModels>>,
    /// When an unknown name last caused a refresh, in milliseconds since 1970.
    refreshed_at: AtomicI64,
}

impl ModelCache {
    pub(super) fn new(catalog: Arc<CatalogService>) -> Self {
        Self { catalog, snapshot: RowCache::default(), refreshed_at: AtomicI64::new(0) }
    }

    /// The models, at most a few seconds old unless the database cannot be reached.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read, and no snapshot is cached.
    pub(super) async fn current(&self, now: DateTime<Utc>) -> Result<Arc<CallableModels>, Error> {
        let read = || async { Ok(Some(Arc::new(self.read().await?))) };
        Ok(self.snapshot.get(&(), now, read).await?.unwrap_or_default())
    }

    /// The models, refreshed early if `name` is not among them, since it may just have been added.
    ///
    /// # Errors
    ///
    /// Those of [`ModelCache::current`].
    pub(super) async fn with(&self, name: &str, now: DateTime<Utc>) -> Result<Arc<CallableModels>, Error> {
        let models = self.current(now).await?;
        let at = now.timestamp_millis();
        let last = self.refreshed_at.load(Ordering::Relaxed);
        let is_due = (at - last).abs() >= UNKNOWN_NAME_REFRESH_MS;
        let may_refresh = || self.refreshed_at.compare_exchange(last, at, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if models.models.contains_key(name) || !is_due || !may_refresh() {
            return Ok(models);
        }
        self.snapshot.invalidate_all();
        self.current(now).await
    }

    /// Handles a notification that the catalogue has changed.
    pub(super) fn on_notify(&self, _: Notice<'_>) {
        self.snapshot.invalidate_all();
    }

    async fn read(&self) -> Result<CallableModels, Error> {
        let names = self.catalog.callable_names().await?;
        let models = match self.catalog.callable(&names).await {
            Ok(models) => models,
            Err(error) if error.is_database_away() => return Err(error),
            // An upstream key that cannot be decrypted must not make the models of other upstreams unavailable.
            Err(_) => self.read_one_by_one(&names).await?,
        };
        let models = models.into_iter().map(|(name, model)| (name, Arc::new(model))).collect();
        Ok(CallableModels { models, names })
    }

    async fn read_one_by_one(&self, names: &[String]) -> Result<HashMap<String, CallableModel>, Error> {
        let mut models = HashMap::new();
        for name in names {
            match self.catalog.callable(std::slice::from_ref(name)).await {
                Ok(found) => models.extend(found),
                Err(error) if error.is_database_away() => return Err(error),
                Err(error) => tracing::error!(model = %name, %error, "a model cannot be called"),
            }
        }
        Ok(models)
    }
}
