//! The models that can be called, in memory: read again every few seconds and whenever the catalogue changes, and kept while the
//! database is away.

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

/// A name that nobody knows has the catalogue read at most so often.
const LOOK_AGAIN_MS: i64 = 1_000;

/// Every model that can be called.
#[derive(Debug, Default)]
pub(super) struct ModelCache {
    models: HashMap<String, Arc<CallableModel>>,
    /// As the catalogue lists them.
    names: Vec<String>,
}

impl ModelCache {
    pub(super) fn get(&self, name: &str) -> Option<Arc<CallableModel>> {
        self.models.get(name).cloned()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// Where the models comes from.
pub(super) struct ModelCaches {
    catalog: Arc<CatalogService>,
    copies: RowCache<(), Arc<ModelCache>>,
    /// When it was last read because of an unknown name, in milliseconds.
    looked_again: AtomicI64,
}

impl ModelCaches {
    pub(super) fn new(catalog: Arc<CatalogService>) -> Self {
        Self { catalog, copies: RowCache::default(), looked_again: AtomicI64::new(0) }
    }

    /// The models as it is now, give or take a few seconds.
    pub(super) async fn current(&self, now: DateTime<Utc>) -> Result<Arc<ModelCache>, Error> {
        let read = || async { Ok(Some(Arc::new(self.read().await?))) };
        Ok(self.copies.get(&(), now, read).await?.unwrap_or_default())
    }

    /// The models, read anew if a model that is missing may just have been added.
    pub(super) async fn with(&self, name: &str, now: DateTime<Utc>) -> Result<Arc<ModelCache>, Error> {
        let models = self.current(now).await?;
        let at = now.timestamp_millis();
        let last = self.looked_again.load(Ordering::Relaxed);
        let is_due = (at - last).abs() >= LOOK_AGAIN_MS;
        let may_look = || self.looked_again.compare_exchange(last, at, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if models.models.contains_key(name) || !is_due || !may_look() {
            return Ok(models);
        }
        self.copies.invalidate_all();
        self.current(now).await
    }

    /// Hears of changes.
    pub(super) fn on_notify(&self, _: Notice<'_>) {
        self.copies.invalidate_all();
    }

    async fn read(&self) -> Result<ModelCache, Error> {
        let names = self.catalog.callable_names().await?;
        let models = match self.catalog.callable(&names).await {
            Ok(models) => models,
            Err(error) if error.is_database_away() => return Err(error),
            // A key that does not open must not take the other upstreams along.
            Err(_) => self.one_by_one(&names).await?,
        };
        let models = models.into_iter().map(|(name, model)| (name, Arc::new(model))).collect();
        Ok(ModelCache { models, names })
    }

    async fn one_by_one(&self, names: &[String]) -> Result<HashMap<String, CallableModel>, Error> {
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
