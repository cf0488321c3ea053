//! Mergeable histograms of milliseconds, with a bound on the error of every quantile.

use crate::interval::{LatencyInterval, order_statistic_ranks};

/// Buckets for each doubling. 80 make a bucket 0.87 % wide, so that what it stands for, rounded to a whole millisecond, is
/// within 0.9 % of everything in it.
const BUCKETS_PER_DOUBLING: f64 = 80.0;
/// Keeps powers of two, which lie exactly between two buckets, in the upper one.
const NUDGE: f64 = 1e-9;
/// The bits of a stored pair that hold the count; those above hold the bucket.
const COUNT_BITS: u32 = 40;

/// Counts of times by bucket. Merging adds counts, so the quantiles of a week are exactly as good as those of an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The bucket of the first count.
    first: usize,
    /// The count of each bucket from the first on: times of one model lie close together.
    counts: Vec<u64>,
    total: u64,
}

/// Which bucket a time belongs to: 0 for 0 ms, else one more than the whole part of its logarithm. The database computes the
/// same in `usage_bucket`.
fn bucket(ms: u64) -> usize {
    if ms == 0 {
        return 0;
    }
    ((ms as f64).ln() * (BUCKETS_PER_DOUBLING / std::f64::consts::LN_2) + 1.0 + NUDGE).floor() as usize
}

/// What a bucket stands for: the middle of the whole milliseconds in it.
fn middle(bucket: usize) -> u64 {
    if bucket == 0 {
        return 0;
    }
    let edge = |bucket: usize| ((bucket as f64 / BUCKETS_PER_DOUBLING).exp2() - 1e-6).ceil();
    let (first, next) = (edge(bucket - 1), edge(bucket));
    // A bucket between two whole numbers is always empty; should it not be, its edge is as good as anything.
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

    /// How many times were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The smallest time that at least this share of all times does not exceed; nothing where nothing was counted.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        // Rounding up must not go wrong by the last bit of the share.
        let rank = (share * self.total as f64 - 1e-9).ceil().max(1.0) as u64;
        self.at_rank(rank)
    }

    /// The time at this place, counted from 1 for the shortest.
    fn at_rank(&self, rank: u64) -> Option<u64> {
        let mut below = 0;
        let found = self.counts.iter().position(|count| {
            below += count;
            below >= rank
        });
        found.filter(|_| rank <= self.total).map(|at| middle(self.first + at))
    }

    /// The 95 % interval of a quantile: the times at two places between which the true quantile lies, whatever the times are
    /// distributed like.
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
