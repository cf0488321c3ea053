//! Accepts batches and processes them in the background.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use eventlog::EventLog;
use foundation::{clock::Clock, shutdown::Tasks};
use prometheus_client::registry::Registry;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use utoipa::ToSchema;

use super::{
    batch::Batch,
    convert::{Skipped, convert},
    metrics::IngestMetrics,
};
use crate::{catalog::CatalogService, usage::UsageEvent};

/// KiB of accepted bodies that are not processed yet; beyond it batches are rejected.
const BACKLOG_LIMIT_KIB: usize = 192 * 1024;
/// Events that are written to the log at once.
const WRITE_BATCH: usize = 512;
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// The backlog is full.
pub(super) struct BacklogFull;

/// What a batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Receipt {
    pub received_bytes: usize,
    /// Entries that are counted, once each however often they are delivered.
    pub events: u64,
    /// Entries about other calls than completions, or answers from a cache.
    pub left_out: u64,
    /// Entries without a usable time, id or ending.
    pub unusable: u64,
    /// Lines or elements that are no JSON objects and are lost.
    pub unreadable: u64,
}

impl Receipt {
    /// Whether there was something in the batch, and nothing of it was an entry.
    pub(super) fn is_no_json(&self) -> bool {
        self.unreadable > 0 && self.events + self.left_out + self.unusable == 0
    }
}

/// The ingest.
pub struct Ingest {
    /// SHA-256 of the token. Comparing hashes reveals nothing of the token through timing.
    token_hash: Option<[u8; 32]>,
    log: EventLog,
    catalog: Arc<CatalogService>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    backlog: Arc<Semaphore>,
    /// Batches are read one at a time.
    reading: Semaphore,
    /// Their events are written one batch at a time.
    writing: Semaphore,
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
            reading: Semaphore::new(1),
            writing: Semaphore::new(1),
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

    /// Accepts a batch, which a task of the server then processes, whether or not the sender waits: it reads the batch, tells
    /// what that came to, and then writes the events. Does not block.
    ///
    /// # Errors
    ///
    /// The backlog is full.
    pub(super) fn enqueue(self: &Arc<Self>, body: Bytes) -> Result<oneshot::Receiver<Receipt>, BacklogFull> {
        let size = u32::try_from(body.len().div_ceil(1024)).unwrap_or(u32::MAX);
        let Ok(permit) = self.backlog.clone().try_acquire_many_owned(size) else {
            self.metrics.rejected.inc();
            return Err(BacklogFull);
        };
        self.metrics.batches.inc();
        let (tell, told) = oneshot::channel();
        drop(self.tasks.spawn(self.clone().process(body, permit, tell)));
        Ok(told)
    }

    /// Registers the ingest's metrics, named without their prefix.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.metrics.register(registry);
    }

    async fn process(self: Arc<Self>, body: Bytes, _permit: OwnedSemaphorePermit, tell: oneshot::Sender<Receipt>) {
        let Ok(turn) = self.reading.acquire().await else { return };
        let this = self.clone();
        let read = tokio::task::spawn_blocking(move || this.read(&body)).await;
        drop(turn);
        let Ok((mut events, receipt)) = read else {
            tracing::error!("a batch from LiteLLM could not be processed");
            return;
        };
        // A sender who has gone does not want to know.
        let _ = tell.send(receipt);
        let Ok(_turn) = self.writing.acquire().await else { return };
        self.price(&mut events).await;
        for batch in events.chunks(WRITE_BATCH) {
            self.write(batch).await;
        }
    }

    fn read(&self, body: &[u8]) -> (Vec<UsageEvent>, Receipt) {
        let now = self.clock.now();
        let Batch { entries, unreadable } = Batch::read(body);
        let mut events = Vec::with_capacity(entries.len());
        let mut receipt = Receipt { received_bytes: body.len(), unreadable: unreadable as u64, ..Receipt::default() };
        for entry in &entries {
            match convert(entry, now) {
                Ok(event) => events.push(event),
                Err(Skipped::NotACompletion) => receipt.left_out += 1,
                Err(Skipped::Unusable) => receipt.unusable += 1,
            }
        }
        receipt.events = events.len() as u64;
        self.metrics.not_completions.inc_by(receipt.left_out);
        let Receipt { unusable, unreadable, .. } = receipt;
        if unusable + unreadable > 0 {
            let entries = entries.len();
            tracing::warn!(unusable, unreadable, entries, "entries from LiteLLM could not be used");
            self.metrics.unusable.inc_by(unusable + unreadable);
        }
        (events, receipt)
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
