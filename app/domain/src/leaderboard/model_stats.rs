//! From counts and histograms to the statistics of the leaderboard.

use std::{cmp::Ordering, collections::BTreeMap};

use chrono::{DateTime, Utc};

use super::ranking::{Candidate, stand};
use crate::{
    Usd,
    histogram::Histogram,
    interval::{Interval, wilson},
    leaderboard::{Entry, HourPoint, SortBy},
};

/// Fewer requests than this in the window are not ranked.
const FEWEST_TO_RANK: u64 = 100;
/// A rate or a p95 from fewer requests is marked as thin.
const FEWEST_FOR_TAILS: u64 = 1_000;
/// A median or a speed from fewer requests is marked as thin.
const FEWEST_FOR_HALVES: u64 = 100;

/// Counts and histograms of one model, over one hour or many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    pub requests: u64,
    pub successes: u64,
    pub errors_by_class: BTreeMap<String, u64>,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    /// Of streamed successes: all tokens written, the first included, and the time from the first one to the end.
    pub generated_tokens: u64,
    pub generation_ms: u64,
    /// Of successes.
    pub latency: Histogram,
    /// Of streamed successes.
    pub ttft: Histogram,
}

impl Tally {
    /// From 0 to 1, to six digits, but 1 only where all requests succeeded and 0 only where none did: one failure among ten
    /// million would be rounded away, and with it the error rate, which is what remains to 1.
    pub fn success_rate(&self) -> Option<f64> {
        if self.requests == 0 {
            return None;
        }
        Some(match self.successes {
            0 => 0.0,
            successes if successes >= self.requests => 1.0,
            successes => rounded(successes as f64 / self.requests as f64, 6).clamp(0.000_001, 0.999_999),
        })
    }

    /// The 95 % interval of the success rate, to six digits. The rate is always in it, as it is given.
    fn success_rate_interval(&self) -> Option<Interval> {
        let (rate, ends) = self.success_rate().zip(wilson(self.successes, self.requests))?;
        Some(Interval { low: rounded(ends.low, 6).min(rate), high: rounded(ends.high, 6).max(rate) })
    }

    /// Output tokens per second while generating.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let is_known = self.generated_tokens > 0 && self.generation_ms > 0;
        is_known.then(|| rounded(self.generated_tokens as f64 * 1_000.0 / self.generation_ms as f64, 1))
    }

    /// Names of the statistics that come from too few requests to be relied on.
    fn thin_figures(&self) -> Vec<String> {
        let (answers, streamed) = (self.latency.total(), self.ttft.total());
        let timed = if self.tokens_per_second().is_some() { streamed } else { 0 };
        let stats = [
            ("success_rate", self.requests, FEWEST_FOR_TAILS),
            ("p50_latency_ms", answers, FEWEST_FOR_HALVES),
            ("p95_latency_ms", answers, FEWEST_FOR_TAILS),
            ("p50_ttft_ms", streamed, FEWEST_FOR_HALVES),
            ("p95_ttft_ms", streamed, FEWEST_FOR_TAILS),
            ("tokens_per_second", timed, FEWEST_FOR_HALVES),
        ];
        // A statistic from no request is unknown, which is shown without a mark.
        let thin = stats.into_iter().filter(|(_, count, fewest)| (1..*fewest).contains(count));
        thin.map(|(name, ..)| name.to_owned()).collect()
    }

    /// The same among the statistics of an [`HourPoint`].
    fn thin_hourly_figures(&self) -> Vec<String> {
        let mut thin = self.thin_figures();
        thin.retain(|name| name != "p95_ttft_ms");
        thin
    }
}

/// A model as the catalogue has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelInfo {
    pub public_name: String,
    pub slug: String,
    pub family: Option<String>,
    pub context_window: Option<u32>,
    pub is_featured: bool,
    pub is_simulated: bool,
    pub input_price_per_million_usd: Option<Usd>,
    pub output_price_per_million_usd: Option<Usd>,
    /// What its requests cost in the window.
    pub total_cost_usd: Option<Usd>,
}

impl HourPoint {
    /// The statistics of one hour.
    pub fn new(hour: DateTime<Utc>, tally: &Tally) -> Self {
        Self {
            hour,
            requests: tally.requests,
            success_rate: tally.success_rate(),
            p50_latency_ms: tally.latency.quantile(0.5),
            p95_latency_ms: tally.latency.quantile(0.95),
            p95_latency_interval_ms: tally.latency.interval(0.95),
            p50_ttft_ms: tally.ttft.quantile(0.5),
            tokens_per_second: tally.tokens_per_second(),
            tokens_in: tally.tokens_in,
            tokens_out: tally.tokens_out,
            thin_figures: tally.thin_hourly_figures(),
        }
    }
}

impl Entry {
    /// The statistics of a model, without a rank.
    pub fn new(model: ModelInfo, tally: &Tally) -> Self {
        let success_rate = tally.success_rate();
        Self {
            model_public_name: model.public_name,
            family: model.family,
            context_window: model.context_window,
            is_featured: model.is_featured,
            requests: tally.requests,
            success_rate,
            error_rate: success_rate.map(|rate| rounded(1.0 - rate, 6)),
            p50_latency_ms: tally.latency.quantile(0.5),
            p95_latency_ms: tally.latency.quantile(0.95),
            total_tokens_in: tally.tokens_in,
            total_tokens_out: tally.tokens_out,
            total_cost_usd: model.total_cost_usd,
            input_price_per_million_usd: model.input_price_per_million_usd,
            output_price_per_million_usd: model.output_price_per_million_usd,
            ranking_score: None,
            slug: model.slug,
            rank: None,
            rank_best: None,
            rank_worst: None,
            is_tied_with_next: false,
            success_rate_interval: tally.success_rate_interval(),
            p95_latency_interval_ms: tally.latency.interval(0.95),
            p50_ttft_ms: tally.ttft.quantile(0.5),
            p95_ttft_ms: tally.ttft.quantile(0.95),
            tokens_per_second: tally.tokens_per_second(),
            thin_figures: tally.thin_figures(),
            is_simulated: model.is_simulated,
            score_interval: None,
        }
    }

    fn candidate(&self) -> Candidate {
        let rate = self.success_rate.unwrap_or_default();
        let as_float = |ms: u64| ms as f64;
        Candidate {
            public_name: self.model_public_name.clone(),
            requests: self.requests,
            success_rate: rate,
            success_interval: self.success_rate_interval.unwrap_or(Interval { low: rate, high: rate }),
            p95_ms: self.p95_latency_ms.map(as_float),
            p95_interval: self.p95_latency_interval_ms.map(|ends| (as_float(ends.low), ends.high.map(as_float))),
            output_price: self
                .output_price_per_million_usd
                .as_ref()
                .map(Usd::approximate)
                .filter(|price| price.is_finite()),
        }
    }
}

/// Splits the models into those with enough requests, ranked, best first, and the others, by name.
pub fn rank_models(entries: Vec<Entry>) -> (Vec<Entry>, Vec<Entry>) {
    let (mut ranked, mut others): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.requests >= FEWEST_TO_RANK);
    let candidates: Vec<_> = ranked.iter().map(Entry::candidate).collect();
    for (entry, standing) in ranked.iter_mut().zip(stand(&candidates)) {
        entry.ranking_score = Some(rounded(standing.score, 6));
        entry.score_interval = Some(standing.interval);
        entry.rank = Some(standing.rank);
        entry.rank_best = Some(standing.best);
        entry.rank_worst = Some(standing.worst);
    }
    ranked.sort_by_key(|entry| entry.rank);
    others.sort_by(|a, b| a.model_public_name.cmp(&b.model_public_name));
    (ranked, others)
}

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

fn rounded(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    (value * unit).round() / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, requests: u64, successes: u64, ms: u64, price: Option<&str>) -> Entry {
        let mut tally = Tally { requests, successes, ..Tally::default() };
        for i in 0..successes.min(3_000) {
            tally.latency.record(ms + i % 100);
        }
        let info = ModelInfo {
            public_name: name.into(),
            slug: name.replace('/', "-"),
            output_price_per_million_usd: price.map(|price| Usd(price.into())),
            ..ModelInfo::default()
        };
        Entry::new(info, &tally)
    }

    fn names(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.model_public_name.as_str()).collect()
    }

    #[test]
    fn success_and_error_rate_add_up_to_one() {
        for (requests, successes) in [(3, 1), (7, 7), (7, 0), (999_983, 3), (1_000_000_000, 999_999_999)] {
            let entry = entry("a", requests, successes, 10, None);
            assert_eq!(
                entry.success_rate.zip(entry.error_rate).map(|(s, e)| s + e),
                Some(1.0),
                "{successes}/{requests}"
            );
        }
        let nothing = entry("a", 0, 0, 10, None);
        assert_eq!((nothing.success_rate, nothing.error_rate, nothing.p95_latency_ms), (None, None, None));
        for (successes, rates) in [(9_999_999_999, (0.999_999, 0.000_001)), (1, (0.000_001, 0.999_999))] {
            let entry = entry("a", 10_000_000_000, successes, 10, None);
            assert_eq!(entry.success_rate.zip(entry.error_rate), Some(rates), "neither is rounded away");
        }
        let failures = entry("a", 500, 0, 10, None);
        assert_eq!(
            (failures.success_rate, failures.p50_latency_ms, failures.p95_latency_interval_ms),
            (Some(0.0), None, None)
        );
    }

    #[test]
    fn a_success_rate_is_always_in_its_interval() {
        for requests in [1, 3, 100, 999_983, 3_000_000, 10_000_000_000, u64::MAX] {
            for successes in [0, 1, requests / 3, requests / 2, requests - requests / 1_000, requests - 1, requests] {
                let tally = Tally { requests, successes, ..Tally::default() };
                let (rate, ends) = tally.success_rate().zip(tally.success_rate_interval()).expect("figures");
                assert!(
                    0.0 <= ends.low && ends.low <= rate && rate <= ends.high && ends.high <= 1.0,
                    "{successes}/{requests}: {rate} in {ends:?}"
                );
                assert_eq!(
                    (rate == 0.0, rate == 1.0),
                    (successes == 0, successes == requests),
                    "{successes}/{requests}"
                );
            }
        }
    }

    #[test]
    fn a_hundred_requests_are_enough_to_be_ranked_and_99_are_not() {
        let (ranked, others) =
            rank_models(vec![entry("b", 99, 99, 10, None), entry("a", 0, 0, 10, None), entry("c", 100, 100, 10, None)]);
        assert_eq!((names(&ranked), names(&others)), (vec!["c"], vec!["a", "b"]));
        assert_eq!((ranked[0].ranking_score, ranked[0].rank, others[1].ranking_score), (Some(1.0), Some(1), None));
        assert_eq!(ranked[0].thin_figures, ["success_rate", "p95_latency_ms"]);
    }

    #[test]
    fn an_hour_tells_which_of_its_own_figures_are_thin() {
        let mut tally = Tally { requests: 60, successes: 60, ..Tally::default() };
        for _ in 0..60 {
            tally.latency.record(800);
            tally.ttft.record(200);
        }
        let known = ["success_rate", "p50_latency_ms", "p95_latency_ms", "p50_ttft_ms"];
        assert_eq!(tally.thin_hourly_figures(), known, "of an unknown speed there is nothing to say");
        (tally.generated_tokens, tally.generation_ms) = (900, 36_000);
        assert_eq!(tally.thin_hourly_figures()[..4], known);
        assert_eq!(tally.thin_hourly_figures()[4..], ["tokens_per_second"]);
        assert!(Tally::default().thin_hourly_figures().is_empty(), "an hour without a request has no figure at all");
    }

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
