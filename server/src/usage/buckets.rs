//! The buckets that times are counted in, as the database's `usage_bucket` has them.

/// The time in the middle of a bucket, in milliseconds: within 0.5 % of every time that is counted there. Bucket 0 is 0 ms,
/// bucket b reaches from 2^((b-1)/80) to below 2^(b/80).
pub fn bucket_middle(bucket: i32) -> u64 {
    if bucket <= 0 {
        return 0;
    }
    2_f64.powf((f64::from(bucket) - 0.5) / 80.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::bucket_middle;

    /// As the database counts.
    fn bucket(ms: u64) -> i32 {
        if ms == 0 { 0 } else { ((ms as f64).ln() * 115.415_603_271_117_08 + 1.000_000_001).floor() as i32 }
    }

    #[test]
    fn the_middle_is_within_half_a_percent_of_what_is_counted_there() {
        for ms in (0..2_000).chain([10_000, 180_000, 3_600_000]) {
            let error = (bucket_middle(bucket(ms)) as f64 - ms as f64).abs();
            // Half a millisecond for being whole.
            assert!(error <= 0.005 * ms as f64 + 0.5, "{ms}");
        }
    }
}
