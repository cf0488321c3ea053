//! The gateway's Prometheus metrics. Every label has a fixed set of values; nothing of a request is in them. Counting is an
//! atomic increment: the library's `Family` and `Histogram` take a lock on every observation, so labelled counts and latencies
//! are kept in arrays of atomics, and the library only encodes them.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::{MetricType, counter::Counter, gauge::Gauge},
    registry::Registry,
};
use strum::{EnumCount, VariantArray};

use super::latency_histogram::LatencyHistogram;
use crate::usage::{ErrorClass, Outcome, UsageEvent};

/// Counts since the start of the process.
#[derive(Debug, Default)]
pub(super) struct GatewayMetrics {
    requests: RequestCounts,
    upstream_calls: Counter,
    rejected: Counter,
    in_flight: Gauge,
    request_latency: LatencyHistogram,
    upstream_latency: LatencyHistogram,
    first_token_latency: LatencyHistogram,
}

/// Finished requests by outcome, error class (the last place: none) and whether the response was a stream.
#[derive(Clone, Debug, Default)]
struct RequestCounts(Arc<[[[AtomicU64; 2]; ErrorClass::COUNT + 1]; Outcome::COUNT]>);

/// Counts a request as in flight until it is dropped.
pub(super) struct InFlight<'a>(&'a GatewayMetrics);

impl GatewayMetrics {
    /// Registers the metrics. Counters get their suffix `_total`, and help texts their full stop, when they are encoded.
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("requests", "Requests to the gateway that have ended", self.requests.clone());
        registry.register("upstream_calls", "Calls to upstreams", self.upstream_calls.clone());
        let help = "Requests refused because the event log has no room";
        registry.register("turned_away", help, self.rejected.clone());
        registry.register("requests_in_flight", "Requests that are being answered", self.in_flight.clone());
        let help = "What callers waited, to the end of the answer";
        registry.register("request_seconds", help, self.request_latency.clone());
        registry.register("upstream_seconds", "The last upstream call of each request", self.upstream_latency.clone());
        registry.register("first_token_seconds", "To the first token of streams", self.first_token_latency.clone());
    }

    /// Counts a request as in flight as long as the result lives.
    pub(super) fn begin(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(self)
    }

    /// Counts a request that the event log did not admit.
    pub(super) fn count_rejected(&self) {
        self.rejected.inc();
    }

    /// Counts a finished request.
    pub(super) fn count(&self, event: &UsageEvent) {
        self.requests.cell(event.outcome, event.error_class, event.is_stream).fetch_add(1, Ordering::Relaxed);
        self.upstream_calls.inc_by(event.attempt.into());
        self.request_latency.observe(event.latency_ms);
        event.upstream_latency_ms.into_iter().for_each(|ms| self.upstream_latency.observe(ms));
        event.ttft_ms.into_iter().for_each(|ms| self.first_token_latency.observe(ms));
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

impl RequestCounts {
    fn cell(&self, outcome: Outcome, class: Option<ErrorClass>, is_stream: bool) -> &AtomicU64 {
        let class = class.map_or(ErrorClass::COUNT, |class| class as usize);
        &self.0[outcome as usize][class][usize::from(is_stream)]
    }
}

impl EncodeMetric for RequestCounts {
    /// Combinations that have not occurred are left out.
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        for outcome in Outcome::VARIANTS {
            for class in ErrorClass::VARIANTS.iter().copied().map(Some).chain([None]) {
                for is_stream in [false, true] {
                    let count = self.cell(*outcome, class, is_stream).load(Ordering::Relaxed);
                    if count > 0 {
                        let labels = [
                            ("outcome", outcome.into_str()),
                            ("error_class", class.map_or("", |class| class.into_str())),
                            ("stream", if is_stream { "true" } else { "false" }),
                        ];
                        encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text::encode;

    use super::*;

    #[test]
    fn names_types_and_help_texts_are_those_of_the_operators_manual() {
        let metrics = GatewayMetrics::default();
        let mut registry = Registry::with_prefix("quadrille_gateway");
        metrics.register(&mut registry);
        let _in_flight = metrics.begin();
        let cell = metrics.requests.cell(Outcome::Error, Some(ErrorClass::Upstream5xx), true);
        cell.fetch_add(2, Ordering::Relaxed);
        let mut text = String::new();
        encode(&mut text, &registry).expect("encodes");
        for line in [
            "# HELP quadrille_gateway_requests_total Requests to the gateway that have ended.",
            "# TYPE quadrille_gateway_requests_total counter",
            "quadrille_gateway_requests_total{outcome=\"error\",error_class=\"upstream_5xx\",stream=\"true\"} 2",
            "quadrille_gateway_upstream_calls_total 0",
            "# TYPE quadrille_gateway_turned_away_total counter",
            "# TYPE quadrille_gateway_requests_in_flight gauge",
            "quadrille_gateway_requests_in_flight 1",
            "# HELP quadrille_gateway_first_token_seconds To the first token of streams.",
            "# TYPE quadrille_gateway_request_seconds histogram",
            "quadrille_gateway_upstream_seconds_count 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
        }
    }
}
