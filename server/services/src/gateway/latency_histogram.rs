//! A Prometheus histogram of latencies that is counted with atomics alone.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::MetricType,
};

/// Upper bounds of the buckets in milliseconds, inclusive. One more bucket holds what is above them.
const BOUNDS_MS: [u64; 14] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 180_000];

/// Counts of latencies by bucket. Clones share their counts. Exposed in seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct LatencyHistogram(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    buckets: [AtomicU64; BOUNDS_MS.len() + 1],
    sum_ms: AtomicU64,
}

impl LatencyHistogram {
    /// Counts one latency.
    pub(super) fn observe(&self, ms: u64) {
        let bucket = BOUNDS_MS.iter().position(|bound| ms <= *bound).unwrap_or(BOUNDS_MS.len());
        self.0.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.0.sum_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl EncodeMetric for LatencyHistogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = BOUNDS_MS.iter().map(|ms| *ms as f64 / 1e3).chain([f64::INFINITY]);
        let counts = self.0.buckets.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let sum = self.0.sum_ms.load(Ordering::Relaxed) as f64 / 1e3;
        let count = buckets.iter().map(|(_, count)| count).sum();
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::{encoding::prometheus_text::encode, registry::Registry};

    use super::*;

    #[test]
    fn times_are_counted_in_the_bucket_they_fit_and_all_above_it() {
        let times = LatencyHistogram::default();
        [5, 6, 200_000].into_iter().for_each(|ms| times.observe(ms));
        let (mut registry, mut text) = (Registry::default(), String::new());
        registry.register("t", "x", times);
        encode(&mut text, &registry).expect("encodes");
        for line in [
            "t_bucket{le=\"0.005\"} 1",
            "t_bucket{le=\"0.01\"} 2",
            "t_bucket{le=\"1\"} 2",
            "t_bucket{le=\"180\"} 2",
            "t_bucket{le=\"+Inf\"} 3",
            "t_sum 200.011",
            "t_count 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
    }
}
