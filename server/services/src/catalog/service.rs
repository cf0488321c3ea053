//! The catalogue's service: the public list of models, and the targets of calls.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use axum::http::HeaderMap;
use crypto::{Keyring, Wrapped};
use domain::{
    Usd,
    catalog::{CatalogPort, ModelSummary},
    error::AppError,
};
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use rust_decimal::Decimal;
use secrecy::SecretString;
use sqlx::PgPool;
use upstream::{Adjustment, Adjustments, Target, Timeouts, UpstreamClient, check_base_url};
use uuid::Uuid;

use super::{
    headers::read_headers,
    health::HealthTracker,
    pricing::Prices,
    repo::{self, CallableRow, ModelRow},
};

/// The catalogue.
#[derive(Clone)]
pub struct CatalogService {
    pub(super) pool: PgPool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    pub(super) keyring: Arc<Keyring>,
    pub(super) client: UpstreamClient,
    pub(super) health: Arc<HealthTracker>,
}

/// A model that can be called now: where, under which name, at which list price.
#[derive(Clone, Debug)]
pub struct CallableModel {
    pub public_name: String,
    pub upstream_id: Uuid,
    pub upstream_model: String,
    /// In tokens.
    pub context_window: Option<u32>,
    pub prices: Prices,
    pub target: Target,
    /// What is known of how it has to be asked.
    pub adjustments: Adjustments,
}

/// The columns of an upstream that a call needs. Wrapped secrets come with the version of their master key.
pub(super) struct Stored {
    pub base_url: String,
    pub api_key: Option<(Vec<u8>, i32)>,
    pub headers: Option<(Vec<u8>, i32)>,
    pub allow_private: bool,
    /// Milliseconds: the whole of an answer that is not streamed, time to first output, silence after that.
    pub timeouts_ms: (i32, i32, i32),
}

impl CatalogService {
    /// The catalogue of this database.
    pub fn new(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
        keyring: Arc<Keyring>,
        client: UpstreamClient,
    ) -> Self {
        let health = Arc::new(HealthTracker::new(clock.clone()));
        Self { pool, clock, tasks, keyring, client, health }
    }

    /// The health of models, for whoever calls them.
    pub fn health(&self) -> &Arc<HealthTracker> {
        &self.health
    }

    /// The named models that can be called now, by public name. A name that is unknown, disabled, or whose upstream is
    /// disabled is missing from the map.
    pub async fn callable(&self, public_names: &[String]) -> Result<HashMap<String, CallableModel>, Error> {
        let rows = repo::callable(&self.pool, public_names, self.learned_since()).await?;
        rows.into_iter().map(|row| Ok((row.public_name.clone(), self.model(row)?))).collect()
    }

    /// The public names of all models that can be called now.
    pub async fn callable_names(&self) -> Result<Vec<String>, Error> {
        repo::callable_names(&self.pool).await
    }

    fn model(&self, row: CallableRow) -> Result<CallableModel, Error> {
        let stored = Stored {
            base_url: row.base_url,
            api_key: row.wrapped_api_key.zip(row.api_key_version),
            headers: row.wrapped_headers.zip(row.headers_version),
            allow_private: row.allow_private,
            timeouts_ms: (row.timeout_ms, row.first_byte_ms, row.idle_ms),
        };
        Ok(CallableModel {
            public_name: row.public_name,
            upstream_id: row.upstream_id,
            upstream_model: row.upstream_model,
            context_window: row.context_window.and_then(|tokens| u32::try_from(tokens).ok()),
            prices: Prices { input: row.input_price_per_million_usd, output: row.output_price_per_million_usd },
            target: self.target(row.upstream_id, stored)?,
            adjustments: row.adjustments.map(|stored| adjustments(&stored)).unwrap_or_default(),
        })
    }

    /// An upstream as it is stored, ready to be called.
    pub(super) fn target(&self, upstream: Uuid, stored: Stored) -> Result<Target, Error> {
        let api_key = match stored.api_key {
            Some((wrapped, version)) => Some(self.keyring.unwrap_api_key(upstream, &wrapped, version)?),
            None => None,
        };
        let headers = match stored.headers {
            Some((wrapped, version)) => read_headers(&self.keyring.unwrap_headers(upstream, &wrapped, version)?)?,
            None => HeaderMap::new(),
        };
        let ms = |ms: i32| Duration::from_millis(ms.unsigned_abs().into());
        let (whole, first_output, silence) = stored.timeouts_ms;
        Ok(Target {
            base_url: check_base_url(&stored.base_url)
                .map_err(|error| Error::Internal(format!("a stored base URL: {error}")))?,
            api_key,
            headers,
            allow_private: stored.allow_private,
            timeouts: Timeouts { first_output: ms(first_output), silence: ms(silence), whole: ms(whole), cap: None },
        })
    }

    pub(super) fn wrap_api_key(&self, upstream: Uuid, key: &SecretString) -> Result<Wrapped, Error> {
        self.keyring.wrap_api_key(upstream, key)
    }
}

#[async_trait]
impl CatalogPort for CatalogService {
    async fn models(&self) -> Result<Vec<ModelSummary>, AppError> {
        Ok(repo::list(&self.pool).await?.into_iter().map(ModelSummary::from).collect())
    }
}

impl From<ModelRow> for ModelSummary {
    fn from(row: ModelRow) -> Self {
        Self {
            public_name: row.public_name,
            slug: row.slug,
            family: row.family,
            context_window: row.context_window.and_then(|tokens| u32::try_from(tokens).ok()),
            is_featured: row.is_featured,
            input_price_per_million_usd: row.input_price_per_million_usd.map(price_text),
            output_price_per_million_usd: row.output_price_per_million_usd.map(price_text),
        }
    }
}

/// A price as the API writes it: always six decimals.
pub(super) fn price_text(price: Decimal) -> Usd {
    Usd(format!("{price:.6}"))
}

/// Adjustments from what is stored of them, by field. What this version does not know is left out.
fn adjustments(stored: &BTreeMap<String, String>) -> Adjustments {
    stored.iter().filter_map(|(field, change)| Adjustment::parse(field, change)).collect()
}
