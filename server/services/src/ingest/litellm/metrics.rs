//! The ingest's Prometheus metrics.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// Counts since the start of the process.
#[derive(Debug, Default)]
pub(super) struct IngestMetrics {
    pub batches: Counter,
    pub rejected: Counter,
    pub events: Counter,
    pub not_completions: Counter,
    pub unusable: Counter,
}

impl IngestMetrics {
    /// Registers the metrics. Counters get their suffix `_total`, and help texts their full stop, when they are encoded.
    pub(super) fn register(&self, registry: &mut Registry) {
        let not_completions = "Entries about other calls, or from a cache";
        registry.register("batches", "Batches taken in from LiteLLM", self.batches.clone());
        registry.register("turned_away", "Batches there was no room for", self.rejected.clone());
        registry.register("events", "Usage events made of them", self.events.clone());
        registry.register("not_completions", not_completions, self.not_completions.clone());
        registry.register("unusable", "Entries and lines that could not be used or read", self.unusable.clone());
    }
}
