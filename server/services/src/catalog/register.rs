//! Registering an upstream and the models it lists, idempotently.

use foundation::error::Error;
use rust_decimal::Decimal;
use secrecy::SecretString;
use upstream::check_base_url;
use uuid::Uuid;

use super::{
    CatalogService,
    names::FreeNames,
    repo::{self, UpstreamRow},
};

/// An upstream from the operator's environment or of demo mode.
#[derive(Clone, Debug)]
pub struct UpstreamEntry {
    /// Unique; the prefix of a model's name where that is taken.
    pub name: String,
    /// With its path, for example `https://api.example.org/v1`.
    pub base_url: String,
    /// Sent as a bearer token.
    pub api_key: Option<SecretString>,
    /// Whether it may have a private or loopback address.
    pub allow_private: bool,
    /// Whether its answers are made up.
    pub is_simulated: bool,
}

/// A model to register, as its upstream lists it.
#[derive(Clone, Debug, Default)]
pub struct ModelEntry {
    /// The upstream's own id, also the public name where that is free.
    pub upstream_model: String,
    pub family: Option<String>,
    /// In tokens.
    pub context_window: Option<i32>,
    pub input_price_per_million_usd: Option<Decimal>,
    pub output_price_per_million_usd: Option<Decimal>,
}

impl CatalogService {
    /// Registers an upstream under its name and returns its id. Where the name exists, the entry's address replaces the stored
    /// one, and so does its key if it has one; other settings stay as an admin left them.
    pub async fn register_upstream(&self, entry: UpstreamEntry) -> Result<Uuid, Error> {
        let this = self.clone();
        self.tasks
            .detached(async move {
                loop {
                    if let Some(id) = this.try_to_register(&entry).await? {
                        return Ok(id);
                    }
                }
            })
            .await
    }

    /// `None` where another replica registers the same upstream at the same time.
    async fn try_to_register(&self, entry: &UpstreamEntry) -> Result<Option<Uuid>, Error> {
        let url = check_base_url(&entry.base_url)
            .map_err(|error| Error::Internal(format!("the base URL of {}: {error}", entry.name)))?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let stored = match repo::upstream_id(&mut *tx, &entry.name).await? {
            Some(id) => repo::find_upstream(&mut *tx, id).await?,
            None => None,
        };
        let is_known = stored.is_some();
        let mut row = stored.unwrap_or_else(|| UpstreamRow::new(&entry.name, now));
        // Secrets are sent only to the origin that they were entered for.
        if is_known && !row.has_origin(&url) {
            row.set_key(None);
            row.set_headers(None, Vec::new());
        }
        if let Some(key) = &entry.api_key {
            row.set_key(Some(self.wrap_api_key(row.id, key)?));
        }
        row.base_url.clone_from(&entry.base_url);
        (row.allow_private, row.is_simulated) = (entry.allow_private, entry.is_simulated);
        // A start without demo mode has disabled the simulated upstreams.
        row.is_enabled |= entry.is_simulated;
        row.updated_at = now;
        if !repo::write_upstream(&mut *tx, &row).await? {
            return Ok(None);
        }
        repo::notify(&mut *tx).await?;
        tx.commit().await?;
        Ok(Some(row.id))
    }

    /// Registers the models that are new and returns how many those were. Registered models are not changed.
    pub async fn register_models(&self, upstream: Uuid, name: String, models: Vec<ModelEntry>) -> Result<usize, Error> {
        let this = self.clone();
        self.tasks
            .detached(async move {
                let mut tx = this.pool.begin().await?;
                repo::lock_models(&mut *tx).await?;
                let known = repo::registered(&mut *tx, upstream).await?;
                let new: Vec<_> = models.into_iter().filter(|model| !known.contains(&model.upstream_model)).collect();
                let mut free = FreeNames::load(&mut *tx).await?;
                for model in &new {
                    let (public_name, slug) = free.take(&name, &model.upstream_model);
                    let ids = (Uuid::now_v7(), upstream);
                    repo::insert_model(&mut tx, ids, (&public_name, &slug), model, this.clock.now()).await?;
                }
                if !new.is_empty() {
                    repo::notify(&mut *tx).await?;
                }
                tx.commit().await?;
                Ok(new.len())
            })
            .await
    }

    /// Disables the simulated upstreams.
    pub async fn disable_simulated(&self) -> Result<(), Error> {
        repo::disable_simulated(&self.pool).await
    }
}
