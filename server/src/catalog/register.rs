//! Registering an upstream and the models it lists, again and again to the same result.

use rust_decimal::Decimal;
use secrecy::SecretString;
use uuid::Uuid;

use super::{CatalogService, names::FreeNames, repo};
use crate::error::Error;

/// An upstream that the operator's environment (or demo mode) names.
#[derive(Clone, Debug)]
pub struct UpstreamEntry {
    /// Unique; what stands in front of a model's name where that is taken.
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
    /// Registers an upstream under its name, or brings the registered one up to date, and returns its id.
    pub async fn register_upstream(&self, entry: UpstreamEntry) -> Result<Uuid, Error> {
        let this = self.clone();
        self.tasks
            .detached(async move {
                let mut tx = this.pool.begin().await?;
                let now = this.clock.now();
                let id = repo::lock_upstream(&mut *tx, &entry.name).await?.unwrap_or_else(Uuid::now_v7);
                let key = match &entry.api_key {
                    Some(key) => Some(this.wrap_api_key(id, key)?),
                    None => None,
                };
                let flags = (entry.allow_private, entry.is_simulated);
                repo::upsert_upstream(&mut *tx, id, (&entry.name, &entry.base_url), key.as_ref(), flags, now).await?;
                repo::notify(&mut *tx).await?;
                tx.commit().await?;
                Ok(id)
            })
            .await
    }

    /// Registers those models that the upstream does not have yet and returns how many were new. What is registered stays
    /// as the operator left it.
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

    /// Switches the simulated upstreams off.
    pub async fn disable_simulated(&self) -> Result<(), Error> {
        repo::disable_simulated(&self.pool).await
    }
}
