//! The orders of ranked entries, and which neighbours are tied.

use std::cmp::Ordering;

use crate::{
    Usd,
    leaderboard::{Entry, SortBy},
};

/// Orders ranked entries and marks those that cannot be told apart from the next one. What is unknown comes last; equal ones
/// are ordered by requests (more first), then by name.
pub fn order_entries(entries: &mut [Entry], sort_by: SortBy) {
    match sort_by {
        SortBy::RankingScore => order_by(
            entries,
            |entry| least_first(entry.rank.map(f64::from)),
            |a, b| a.score_interval.zip(b.score_interval).is_some_and(|(a, b)| a.overlaps(b)),
        ),
        SortBy::P95Latency => order_by(
            entries,
            |entry| least_first(entry.p95_latency_ms.map(|ms| ms as f64)),
            |a, b| a.p95_latency_interval_ms.zip(b.p95_latency_interval_ms).is_some_and(|(a, b)| a.overlaps(b)),
        ),
        SortBy::Cost => order_by(
            entries,
            |entry| least_first(entry.output_price_per_million_usd.as_ref().map(Usd::approximate)),
            are_exact,
        ),
        SortBy::Throughput => order_by(entries, |entry| most_first(entry.tokens_per_second), are_exact),
    }
}

/// Orders entries by a key, least first, equal ones by requests (more first), then by name, and marks those that are tied with
/// the next one.
pub fn order_by(entries: &mut [Entry], key: impl Fn(&Entry) -> f64, are_tied: impl Fn(&Entry, &Entry) -> bool) {
    entries.sort_by(|a, b| {
        let by_key = key(a).partial_cmp(&key(b)).unwrap_or(Ordering::Equal);
        by_key.then_with(|| b.requests.cmp(&a.requests)).then_with(|| a.model_public_name.cmp(&b.model_public_name))
    });
    for i in 0..entries.len() {
        entries[i].is_tied_with_next = entries.get(i + 1).is_some_and(|next| are_tied(&entries[i], next));
    }
}

/// A key that puts the least first and the unknown last.
pub fn least_first(value: Option<f64>) -> f64 {
    value.filter(|value| !value.is_nan()).unwrap_or(f64::INFINITY)
}

/// A key that puts the most first and the unknown last.
pub fn most_first(value: Option<f64>) -> f64 {
    least_first(value.map(|value| -value))
}

/// For [`order_by`]: no two entries are tied, because the key is exact or has no known interval.
pub fn are_exact(_: &Entry, _: &Entry) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaderboard::model_stats::{
        rank_models,
        tests::{entry, names},
    };

    #[test]
    fn every_order_puts_the_best_first_and_the_unknown_last() {
        let mut fast = entry("fast", 2_000, 1_990, 100, Some("9.000000"));
        let mut cheap = entry("cheap", 3_000, 2_940, 900, Some("0.000000"));
        let mut failing = entry("failing", 500, 0, 1, None);
        fast.tokens_per_second = Some(30.0);
        cheap.tokens_per_second = Some(80.0);
        failing.tokens_per_second = None;
        let (mut ranked, _) = rank_models(vec![failing, cheap, fast]);
        for (sort_by, expected) in [
            (SortBy::RankingScore, ["fast", "cheap", "failing"]),
            (SortBy::P95Latency, ["fast", "cheap", "failing"]),
            (SortBy::Cost, ["cheap", "fast", "failing"]),
            (SortBy::Throughput, ["cheap", "fast", "failing"]),
        ] {
            order_entries(&mut ranked, sort_by);
            assert_eq!(names(&ranked), expected, "{sort_by:?}");
        }
    }

    #[test]
    fn neighbours_whose_intervals_overlap_are_marked_and_distant_ones_are_not() {
        let (mut ranked, _) = rank_models(vec![
            entry("one", 3_000, 2_995, 200, Some("1.000000")),
            entry("two", 3_000, 2_994, 201, Some("1.000000")),
            entry("far", 3_000, 2_000, 9_000, Some("1.000000")),
        ]);
        for sort_by in [SortBy::RankingScore, SortBy::P95Latency] {
            order_entries(&mut ranked, sort_by);
            let marks: Vec<_> = ranked.iter().map(|entry| entry.is_tied_with_next).collect();
            assert_eq!((names(&ranked)[2], marks), ("far", vec![true, false, false]), "{sort_by:?}");
        }
        assert_eq!(
            ranked.iter().map(|entry| (entry.rank_best, entry.rank_worst)).collect::<Vec<_>>(),
            [(Some(1), Some(2)), (Some(1), Some(2)), (Some(3), Some(3)),]
        );
        order_entries(&mut ranked, SortBy::Cost);
        assert!(ranked.iter().all(|entry| !entry.is_tied_with_next), "prices are exact");
    }
}
