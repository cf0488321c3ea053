//! Taking batches in and working them off.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::body::Bytes;
use eventlog::EventLog;
use foundation::{clock::Clock, shutdown::Tasks};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    convert::{LeftOut, convert},
    payload,
};
use crate::{catalog::CatalogService, usage::UsageEvent};

/// KiB of bodies that may wait to be worked off.
const MAX_WAITING: usize = 192 * 1024;
/// Events that are written to the log at once.
const PIECE: usize = 512;
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// More is waiting than fits.
pub(super) struct NoRoom;

/// The ingest.
pub struct Ingest {
    /// Of the token, so that comparing takes the same time whatever is presented.
    token_hash: Option<[u8; 32]>,
    log: EventLog,
    catalog: Arc<CatalogService>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    waiting: Arc<Semaphore>,
    /// One batch is worked off at a time.
    turn: Arc<Semaphore>,
    metrics: Arc<IngestMetrics>,
}

#[derive(Debug, Default)]
struct IngestMetrics {
    batches: AtomicU64,
    rejected: AtomicU64,
    events: AtomicU64,
    not_completions: AtomicU64,
    unusable: AtomicU64,
}

impl Ingest {
    /// The ingest for whoever has this token; without one it is closed.
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
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            turn: Arc::new(Semaphore::new(1)),
            metrics: Arc::default(),
        }
    }

    /// Whether there is an ingest.
    pub(super) fn is_open(&self) -> bool {
        self.token_hash.is_some()
    }

    /// Whether this is the token.
    pub(super) fn knows(&self, token: &str) -> bool {
        self.token_hash.is_some_and(|known| known == hash(token))
    }

    /// Takes a batch in, to be worked off by a task of the server.
    pub(super) fn take(self: &Arc<Self>, body: Bytes) -> Result<(), NoRoom> {
        let size = u32::try_from(body.len().div_ceil(1024)).unwrap_or(u32::MAX);
        let Ok(place) = self.waiting.clone().try_acquire_many_owned(size) else {
            self.metrics.rejected.fetch_add(1, Ordering::Relaxed);
            return Err(NoRoom);
        };
        self.metrics.batches.fetch_add(1, Ordering::Relaxed);
        drop(self.tasks.spawn(self.clone().work_off(body, place)));
        Ok(())
    }

    /// Name, kind, description and value of each figure.
    pub fn metrics(&self) -> [(&'static str, &'static str, &'static str, u64); 5] {
        let of = |stat: &AtomicU64| stat.load(Ordering::Relaxed);
        let (metrics, kind) = (&self.metrics, "counter");
        [
            ("quadrille_ingest_batches_total", kind, "Batches taken in from LiteLLM.", of(&metrics.batches)),
            ("quadrille_ingest_turned_away_total", kind, "Batches there was no room for.", of(&metrics.rejected)),
            ("quadrille_ingest_events_total", kind, "Usage events made of them.", of(&metrics.events)),
            (
                "quadrille_ingest_not_completions_total",
                kind,
                "Entries about other calls, or from a cache.",
                of(&metrics.not_completions),
            ),
            ("quadrille_ingest_unusable_total", kind, "Entries that could not be used.", of(&metrics.unusable)),
        ]
    }

    async fn work_off(self: Arc<Self>, body: Bytes, _place: OwnedSemaphorePermit) {
        let Ok(_turn) = self.turn.acquire().await else { return };
        let this = self.clone();
        let read = tokio::task::spawn_blocking(move || this.read(&body)).await;
        let Ok(mut events) = read else {
            tracing::error!("a batch from LiteLLM could not be worked off");
            return;
        };
        self.price(&mut events).await;
        for piece in events.chunks(PIECE) {
            self.write(piece).await;
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
                Err(LeftOut::NotACompletion) => {
                    self.metrics.not_completions.fetch_add(1, Ordering::Relaxed);
                }
                Err(LeftOut::Unusable) => unusable += 1,
            }
        }
        if unusable > 0 {
            tracing::warn!(unusable, of = payloads.len(), "entries from LiteLLM could not be used");
            self.metrics.unusable.fetch_add(unusable, Ordering::Relaxed);
        }
        events
    }

    /// Where LiteLLM does not know a price, the catalogue may.
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
        // Without the catalogue the cost stays unknown, which is no reason to hold events up.
        let models = self.catalog.callable(&names).await.unwrap_or_default();
        for event in events.iter_mut().filter(|event| event.cost_usd.is_none()) {
            let model = models.get(&event.model_public_name);
            event.cost_usd = model.and_then(|model| model.prices.cost(event.tokens_in, event.tokens_out));
        }
    }

    /// Writes them to the log, and waits for room there as long as the server runs.
    async fn write(&self, events: &[UsageEvent]) {
        let stopping = self.tasks.stopping();
        loop {
            if let Ok(permit) = self.log.admit_many(events.len()) {
                if permit.write(events).await {
                    self.metrics.events.fetch_add(events.len() as u64, Ordering::Relaxed);
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
