//! Counts of a model and the statistics that follow from them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{
    histogram::Histogram,
    interval::{Interval, wilson},
    leaderboard::HourPoint,
};

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
    pub(super) fn success_rate_interval(&self) -> Option<Interval> {
        let (rate, ends) = self.success_rate().zip(wilson(self.successes, self.requests))?;
        Some(Interval { low: rounded(ends.low, 6).min(rate), high: rounded(ends.high, 6).max(rate) })
    }

    /// Output tokens per second while generating.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let is_known = self.generated_tokens > 0 && self.generation_ms > 0;
        is_known.then(|| rounded(self.generated_tokens as f64 * 1_000.0 / self.generation_ms as f64, 1))
    }

    /// Names of the statistics that come from too few requests to be relied on.
    pub(super) fn thin_figures(&self) -> Vec<String> {
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

/// Rounded to this many decimals.
pub(super) fn rounded(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    (value * unit).round() / unit
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
