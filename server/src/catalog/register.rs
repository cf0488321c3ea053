//! Registering an upstream and the models it lists, again and again to the same result.

use rust_decimal::Decimal;
use secrecy::SecretString;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{CatalogService, repo, slug::slug};
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
                repo::lock_upstream(&mut *tx, &name).await?;
                let known = repo::registered(&mut *tx, upstream).await?;
                let new: Vec<_> = models.into_iter().filter(|model| !known.contains(&model.upstream_model)).collect();
                for model in &new {
                    let (public_name, slug) = free_names(&mut tx, &name, &model.upstream_model).await?;
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

/// A public name and a slug that nobody has: the upstream's own id, with the upstream's name in front where it is taken,
/// with a number behind where that is taken too.
pub(super) async fn free_names(db: &mut PgConnection, upstream: &str, id: &str) -> Result<(String, String), Error> {
    let id: String = id.chars().take(150).collect();
    let mut public_name = id.clone();
    let mut slug_of_it = slug(&public_name);
    for number in 1.. {
        let (name_taken, slug_taken) = repo::taken(&mut *db, &public_name, &slug_of_it).await?;
        match (name_taken, slug_taken) {
            (false, false) => break,
            (true, _) if number == 1 => {
                public_name = format!("{}/{id}", upstream.chars().take(40).collect::<String>());
                slug_of_it = slug(&public_name);
            }
            (true, _) => {
                public_name = format!("{id}-{number}");
                slug_of_it = slug(&public_name);
            }
            (false, true) => slug_of_it = format!("{}-{}", slug(&public_name), number + 1),
        }
    }
    Ok((public_name, slug_of_it))
}
