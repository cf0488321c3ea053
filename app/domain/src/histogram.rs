//! Mergeable histograms of milliseconds with logarithmic buckets, and a bound on the error of every quantile.
//!
//! Bucket `b >= 1` holds the times `t` with `2^((b-1)/80) <= t < 2^(b/80)`, so that a bucket is `2^(1/80) - 1 = 0.87 %` wide.
//! It is reported as the middle of the whole milliseconds in it, itself rounded to a whole millisecond. The middle is within
//! half a bucket (0.44 %) of every time in it. From 128 ms on, buckets hold more than one whole millisecond, and rounding adds
//! at most half a millisecond (0.39 %); shorter times are exact. Both together are less than 0.9 % of the time.
//! The leaderboard, analytics and routing all have this one bound.
//!
//! Logarithmic buckets with a relative error bound: Masson, Rim, Lee, "DDSketch", PVLDB 12(12), 2019.

use crate::interval::{LatencyInterval, order_statistic_ranks};

/// Buckets for each doubling of the time: 80 make a bucket 0.87 % wide.
const BUCKETS_PER_DOUBLING: f64 = 80.0;
/// Added to the logarithm, so that rounding never puts a power of two, which is the lower edge of a bucket, below that edge.
const NUDGE: f64 = 1e-9;
/// Low bits of a stored pair, which hold the count; the bits above hold the bucket.
const COUNT_BITS: u32 = 40;

/// Counts of times by bucket. Merging adds counts, so the error bound of a week is that of an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The bucket of `counts[0]`.
    first: usize,
    /// Dense, since the times of one model lie close together.
    counts: Vec<u64>,
    total: u64,
}

/// The bucket of a time: 0 for 0 ms, else `floor(80 * log2(ms)) + 1`. The SQL function `usage_bucket` computes the same.
fn bucket(ms: u64) -> usize {
    if ms == 0 {
        return 0;
    }
    ((ms as f64).ln() * (BUCKETS_PER_DOUBLING / std::f64::consts::LN_2) + 1.0 + NUDGE).floor() as usize
}

/// The time that is reported for a bucket: the middle of the whole milliseconds in it.
fn middle(bucket: usize) -> u64 {
    if bucket == 0 {
        return 0;
    }
    let edge = |bucket: usize| ((bucket as f64 / BUCKETS_PER_DOUBLING).exp2() - 1e-6).ceil();
    let (first, next) = (edge(bucket - 1), edge(bucket));
    // A bucket without a whole number in it has no counts; its lower edge is returned for completeness.
    ((first + (next - 1.0).max(first)) / 2.0).round() as u64
}

impl Histogram {
    /// Counts one time.
    pub fn record(&mut self, ms: u64) {
        self.add(bucket(ms), 1);
    }

    /// Adds a stored histogram: pairs of bucket and count.
    pub fn merge_stored(&mut self, stored: &[i64]) {
        for pair in stored {
            let bucket = usize::try_from(pair >> COUNT_BITS).unwrap_or_default();
            let count = (pair & ((1 << COUNT_BITS) - 1)).unsigned_abs();
            self.add(bucket, count);
        }
    }

    /// Adds `count` times of a bucket that the database computed by `usage_bucket`.
    pub fn add_bucket(&mut self, bucket: i32, count: u64) {
        self.add(usize::try_from(bucket).unwrap_or_default(), count);
    }

    fn add(&mut self, bucket: usize, count: u64) {
        // No 64-bit time has a higher bucket.
        let bucket = bucket.min(64 * 80);
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if let Some(missing) = self.first.checked_sub(bucket) {
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = bucket;
        }
        let at = bucket - self.first;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += count;
        self.total += count;
    }

    /// The number of times counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The smallest time that at least this share (0 to 1) of all times does not exceed, within 0.9 %; `None` without times.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        // Without the correction, rounding in the last bit of the product could raise the rank by one.
        let rank = (share * self.total as f64 - 1e-9).ceil().max(1.0) as u64;
        self.at_rank(rank)
    }

    /// The time of this rank; the shortest has rank 1.
    fn at_rank(&self, rank: u64) -> Option<u64> {
        let mut below = 0;
        let found = self.counts.iter().position(|count| {
            below += count;
            below >= rank
        });
        found.filter(|_| rank <= self.total).map(|at| middle(self.first + at))
    }

    /// The distribution-free 95 % interval of a quantile, from order statistics: see [`order_statistic_ranks`].
    pub fn interval(&self, share: f64) -> Option<LatencyInterval> {
        let (low, high) = order_statistic_ranks(self.total, share)?;
        Some(LatencyInterval { low: self.at_rank(low)?, high: self.at_rank(high) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_bucket_stands_for_is_within_one_percent_of_everything_in_it() {
        let times = (0..200_000_u64).chain((18..62).flat_map(|power| {
            let two = 1_u64 << power;
            (0..200).flat_map(move |step| [two - 1 - step, two + step, two + step * (two / 200)])
        }));
        for ms in times {
            let error = middle(bucket(ms)).abs_diff(ms) as f64;
            assert!(error <= 0.009 * ms as f64, "{ms} ms is shown as {} ms", middle(bucket(ms)));
        }
        assert_eq!(middle(bucket(u64::MAX)).checked_ilog2(), Some(63));
    }

    #[test]
    fn short_times_are_exact() {
        for ms in 0..110 {
            assert_eq!(middle(bucket(ms)), ms);
        }
    }

    #[test]
    fn an_empty_histogram_has_no_quantile_and_one_time_is_every_quantile() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.5), histogram.interval(0.95)), (None, None));
        histogram.record(70);
        assert_eq!(
            (histogram.quantile(0.0), histogram.quantile(0.5), histogram.quantile(1.0)),
            (Some(70), Some(70), Some(70))
        );
        assert_eq!(
            histogram.interval(0.95),
            Some(LatencyInterval { low: 70, high: None }),
            "one time bounds nothing above"
        );
    }

    #[test]
    fn a_thousand_million_times_are_counted_without_any_loss() {
        let mut histogram = Histogram::default();
        for _ in 0..168 {
            histogram.merge_stored(&[(500 << 40) + 900_000_000, (560 << 40) + 100_000_000]);
        }
        assert_eq!(histogram.total(), 168_000_000_000);
        assert_eq!(histogram.quantile(0.9), Some(middle(500)));
        assert_eq!(histogram.quantile(0.900_000_1), Some(middle(560)));
    }

    proptest! {
        #[test]
        fn quantiles_of_merged_histograms_are_within_one_percent_of_the_exact_ones(
            hours in prop::collection::vec(prop::collection::vec(0_u64..3_000_000, 0..60), 1..40)
        ) {
            let mut merged = Histogram::default();
            let mut all: Vec<u64> = Vec::new();
            for hour in &hours {
                let mut own = Histogram::default();
                for ms in hour {
                    own.record(*ms);
                    all.push(*ms);
                }
                let stored: Vec<i64> = own.counts.iter().enumerate().filter(|(_, count)| **count > 0)
                    .map(|(at, count)| (((own.first + at) as i64) << COUNT_BITS) + *count as i64).collect();
                merged.merge_stored(&stored);
            }
            all.sort_unstable();
            for share in [0.0, 0.5, 0.95, 0.99, 1.0] {
                let rank = ((share * all.len() as f64 - 1e-9).ceil() as usize).max(1);
                let exact = all.get(rank - 1).copied();
                match (merged.quantile(share), exact) {
                    (Some(found), Some(exact)) => prop_assert!(found.abs_diff(exact) as f64 <= 0.01 * exact as f64),
                    (found, exact) => prop_assert_eq!(found, exact),
                }
            }
        }
    }
}
