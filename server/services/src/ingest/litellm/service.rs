//! Accepts batches and processes them in the background.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use eventlog::EventLog;
use foundation::{clock::Clock, shutdown::Tasks};
use prometheus_client::registry::Registry;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    convert::{Skipped, convert},
    metrics::IngestMetrics,
    payload,
};
use crate::{catalog::CatalogService, usage::UsageEvent};

/// KiB of accepted bodies that are not processed yet; beyond it batches are rejected.
const BACKLOG_LIMIT_KIB: usize = 192 * 1024;
/// Events that are written to the log at once.
const WRITE_BATCH: usize = 512;
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// The backlog is full.
pub(super) struct BacklogFull;

/// The ingest.
pub struct Ingest {
    /// SHA-256 of the token. Comparing hashes reveals nothing of the token through timing.
    token_hash: Option<[u8; 32]>,
    log: EventLog,
    catalog: Arc<CatalogService>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    backlog: Arc<Semaphore>,
    /// Batches are processed one at a time.
    processing: Arc<Semaphore>,
    metrics: IngestMetrics,
}

impl Ingest {
    /// An ingest for senders with this token; without a token it is disabled.
    pub fn new(
        token: Option<SecretString>,
        log: EventLog,
        catalog: Arc<CatalogService>,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
    ) -> Self {
        Self {
            token_hash: token.map(|token| hash(token.expose_secret().trim())),
            log,
            catalog,
            clock,
            tasks,
            backlog: Arc::new(Semaphore::new(BACKLOG_LIMIT_KIB)),
            processing: Arc::new(Semaphore::new(1)),
            metrics: IngestMetrics::default(),
        }
    }

    /// Whether a token is configured.
    pub(super) fn is_enabled(&self) -> bool {
        self.token_hash.is_some()
    }

    /// Whether this is the token.
    pub(super) fn accepts_token(&self, token: &str) -> bool {
        self.token_hash.is_some_and(|known| known == hash(token))
    }

    /// Accepts a batch, which a task of the server then processes. Does not block.
    ///
    /// # Errors
    ///
    /// The backlog is full.
    pub(super) fn enqueue(self: &Arc<Self>, body: Bytes) -> Result<(), BacklogFull> {
        let size = u32::try_from(body.len().div_ceil(1024)).unwrap_or(u32::MAX);
        let Ok(permit) = self.backlog.clone().try_acquire_many_owned(size) else {
            self.metrics.rejected.inc();
            return Err(BacklogFull);
        };
        self.metrics.batches.inc();
        drop(self.tasks.spawn(self.clone().process(body, permit)));
        Ok(())
    }

    /// Registers the ingest's metrics, named without their prefix.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.metrics.register(registry);
    }

    async fn process(self: Arc<Self>, body: Bytes, _permit: OwnedSemaphorePermit) {
        let Ok(_turn) = self.processing.acquire().await else { return };
        let this = self.clone();
        let read = tokio::task::spawn_blocking(move || this.read(&body)).await;
        let Ok(mut events) = read else {
            tracing::error!("a batch from LiteLLM could not be processed");
            return;
        };
        self.price(&mut events).await;
        for batch in events.chunks(WRITE_BATCH) {
            self.write(batch).await;
        }
    }

    fn read(&self, body: &[u8]) -> Vec<UsageEvent> {
        let now = self.clock.now();
        let (payloads, unreadable) = payload::read(body);
        let mut events = Vec::with_capacity(payloads.len());
        let mut unusable = unreadable as u64;
        for payload in &payloads {
            match convert(payload, now) {
                Ok(event) => events.push(event),
                Err(Skipped::NotACompletion) => {
                    self.metrics.not_completions.inc();
                }
                Err(Skipped::Unusable) => unusable += 1,
            }
        }
        if unusable > 0 {
            tracing::warn!(unusable, of = payloads.len(), "entries from LiteLLM could not be used");
            self.metrics.unusable.inc_by(unusable);
        }
        events
    }

    /// Fills in costs from the catalogue where LiteLLM does not know the price.
    async fn price(&self, events: &mut [UsageEvent]) {
        let mut names: Vec<String> = events
            .iter()
            .filter(|event| event.cost_usd.is_none())
            .map(|event| event.model_public_name.clone())
            .collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            return;
        }
        // If the catalogue cannot be read, the cost stays unknown; the events are not delayed for it.
        let models = self.catalog.callable(&names).await.unwrap_or_default();
        for event in events.iter_mut().filter(|event| event.cost_usd.is_none()) {
            let model = models.get(&event.model_public_name);
            event.cost_usd = model.and_then(|model| model.prices.cost(event.tokens_in, event.tokens_out));
        }
    }

    /// Writes events to the log. Retries while the log is full, until the server stops.
    async fn write(&self, events: &[UsageEvent]) {
        let stopping = self.tasks.stopping();
        loop {
            if let Ok(permit) = self.log.admit_many(events.len()) {
                if permit.write(events).await {
                    self.metrics.events.inc_by(events.len() as u64);
                }
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY_INTERVAL) => {}
                () = stopping.cancelled() => {
                    tracing::error!(events = events.len(), "events from LiteLLM were lost: there was no room for them");
                    return;
                }
            }
        }
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
