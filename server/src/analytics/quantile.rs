//! Quantiles of times that were counted in the buckets of `usage_bucket`, each within 0.5 % of the time that stood there.

use std::collections::BTreeMap;

use crate::usage::bucket_middle;

/// Counts by bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Times(BTreeMap<i32, u64>);

impl Times {
    pub(super) fn add(&mut self, bucket: i32, count: u64) {
        *self.0.entry(bucket).or_default() += count;
    }

    /// In milliseconds: the smallest time that at least this share of all did not exceed. `None` where there is none.
    pub(super) fn quantile(&self, share: f64) -> Option<u64> {
        let total: u64 = self.0.values().sum();
        let rank = ((total as f64 * share).ceil() as u64).max(1);
        let mut below = 0;
        let bucket = self.0.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        bucket.map(|(bucket, _)| bucket_middle(*bucket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the database counts.
    fn bucket(ms: u64) -> i32 {
        if ms == 0 { 0 } else { ((ms as f64).ln() * 115.415_603_271_117_08 + 1.000_000_001).floor() as i32 }
    }

    fn of(times: impl IntoIterator<Item = u64>) -> Times {
        let mut counted = Times::default();
        times.into_iter().for_each(|ms| counted.add(bucket(ms), 1));
        counted
    }

    #[test]
    fn half_of_the_times_are_at_or_below_the_median_and_nineteen_of_twenty_below_p95() {
        let times = of(1..=100);
        assert_eq!((times.quantile(0.5), times.quantile(0.95)), (Some(50), Some(95)));
        assert_eq!(of([7]).quantile(0.95), Some(7));
        assert_eq!(of([]).quantile(0.5), None);
    }
}
