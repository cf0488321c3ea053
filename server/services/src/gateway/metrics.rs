//! Counts for whoever watches the server. Every label has a fixed set of values: nothing of a request is among them.

use std::{
    fmt::Write,
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
};

use crate::usage::{ErrorClass, Outcome, UsageEvent};

/// Upper ends of the times' buckets, in milliseconds.
const BUCKETS: [u64; 14] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 180_000];
const CLASSES: usize = 11;

/// The gateway's metrics.
#[derive(Debug, Default)]
pub(super) struct GatewayMetrics {
    /// By outcome, class of error and whether it was a stream.
    requests: [[[AtomicU64; 2]; CLASSES]; 4],
    attempts: AtomicU64,
    rejected: AtomicU64,
    in_flight: AtomicI64,
    latency: Times,
    upstream: Times,
    first_token: Times,
}

/// Times, counted by how long they were.
#[derive(Debug, Default)]
struct Times {
    counts: [AtomicU64; BUCKETS.len() + 1],
    sum_ms: AtomicU64,
}

/// A request that is being answered.
pub(super) struct InFlight<'a>(&'a GatewayMetrics);

impl GatewayMetrics {
    pub(super) fn begin(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// A request for whose account there was no room.
    pub(super) fn count_rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that has come to its end.
    pub(super) fn count(&self, event: &UsageEvent) {
        let outcome = position(Outcome::ALL, event.outcome);
        let class = event.error_class.map_or(CLASSES - 1, |class| position(ErrorClass::ALL, class));
        self.requests[outcome][class][usize::from(event.is_stream)].fetch_add(1, Ordering::Relaxed);
        self.attempts.fetch_add(event.attempt.into(), Ordering::Relaxed);
        self.latency.count(event.latency_ms);
        event.upstream_latency_ms.into_iter().for_each(|ms| self.upstream.count(ms));
        event.ttft_ms.into_iter().for_each(|ms| self.first_token.count(ms));
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        let name = "quadrille_gateway_requests_total";
        head(&mut text, name, "counter", "Requests to the gateway that have ended.");
        for (outcome, classes) in Outcome::ALL.iter().zip(&self.requests) {
            let words = ErrorClass::ALL.iter().map(|class| class.as_str()).chain([""]);
            for (class, counts) in words.zip(classes) {
                for (count, is_stream) in counts.iter().zip([false, true]) {
                    let count = count.load(Ordering::Relaxed);
                    if count > 0 {
                        let outcome = outcome.as_str();
                        let _ = writeln!(
                            text,
                            "{name}{{outcome=\"{outcome}\",error_class=\"{class}\",stream=\"{is_stream}\"}} {count}"
                        );
                    }
                }
            }
        }
        let single = [
            (
                "quadrille_gateway_upstream_calls_total",
                "counter",
                "Calls to upstreams.",
                self.attempts.load(Ordering::Relaxed),
            ),
            (
                "quadrille_gateway_turned_away_total",
                "counter",
                "Requests refused because the event log has no room.",
                self.rejected.load(Ordering::Relaxed),
            ),
            (
                "quadrille_gateway_requests_in_flight",
                "gauge",
                "Requests that are being answered.",
                self.in_flight.load(Ordering::Relaxed).unsigned_abs(),
            ),
        ];
        for (name, kind, about, value) in single {
            head(&mut text, name, kind, about);
            let _ = writeln!(text, "{name} {value}");
        }
        self.latency.write(
            &mut text,
            "quadrille_gateway_request_seconds",
            "What callers waited, to the end of the answer.",
        );
        self.upstream.write(&mut text, "quadrille_gateway_upstream_seconds", "The last upstream call of each request.");
        self.first_token.write(&mut text, "quadrille_gateway_first_token_seconds", "To the first token of streams.");
        text
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Times {
    fn count(&self, ms: u64) {
        let bucket = BUCKETS.iter().position(|end| ms <= *end).unwrap_or(BUCKETS.len());
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_ms.fetch_add(ms, Ordering::Relaxed);
    }

    fn write(&self, text: &mut String, name: &str, about: &str) {
        head(text, name, "histogram", about);
        let mut count = 0;
        for (of_it, end) in self.counts.iter().zip(BUCKETS) {
            count += of_it.load(Ordering::Relaxed);
            let _ = writeln!(text, "{name}_bucket{{le=\"{}\"}} {count}", end as f64 / 1e3);
        }
        count += self.counts[BUCKETS.len()].load(Ordering::Relaxed);
        let sum = self.sum_ms.load(Ordering::Relaxed) as f64 / 1e3;
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}");
    }
}

fn head(text: &mut String, name: &str, kind: &str, about: &str) {
    let _ = writeln!(text, "# HELP {name} {about}\n# TYPE {name} {kind}");
}

fn position<T: PartialEq>(all: &[T], one: T) -> usize {
    all.iter().position(|other| *other == one).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_place_for_every_outcome_and_class() {
        assert_eq!((Outcome::ALL.len(), ErrorClass::ALL.len()), (4, CLASSES - 1));
    }

    #[test]
    fn times_are_counted_in_the_bucket_they_fit_and_all_above_it() {
        let times = Times::default();
        [5, 6, 200_000].into_iter().for_each(|ms| times.count(ms));
        let mut text = String::new();
        times.write(&mut text, "t", "x");
        for line in ["t_bucket{le=\"0.005\"} 1", "t_bucket{le=\"0.01\"} 2", "t_bucket{le=\"+Inf\"} 3", "t_sum 200.011"]
        {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
}
