//! The entry of a model, and the ranking of entries.

use super::{
    ranking::{Candidate, stand},
    tally::{Tally, rounded},
};
use crate::{Usd, interval::Interval, leaderboard::Entry};

/// Models with fewer requests in the window are not ranked.
const FEWEST_TO_RANK: u64 = 100;

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
    /// The cost of its requests in the window.
    pub total_cost_usd: Option<Usd>,
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

/// Splits the models into those with enough requests, ranked and best first, and the others, by name.
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::leaderboard) fn entry(
        name: &str,
        requests: u64,
        successes: u64,
        ms: u64,
        price: Option<&str>,
    ) -> Entry {
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

    pub(in crate::leaderboard) fn names(entries: &[Entry]) -> Vec<&str> {
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
    fn a_hundred_requests_are_enough_to_be_ranked_and_99_are_not() {
        let (ranked, others) =
            rank_models(vec![entry("b", 99, 99, 10, None), entry("a", 0, 0, 10, None), entry("c", 100, 100, 10, None)]);
        assert_eq!((names(&ranked), names(&others)), (vec!["c"], vec!["a", "b"]));
        assert_eq!((ranked[0].ranking_score, ranked[0].rank, others[1].ranking_score), (Some(1.0), Some(1), None));
        assert_eq!(ranked[0].thin_figures, ["success_rate", "p95_latency_ms"]);
    }
}
