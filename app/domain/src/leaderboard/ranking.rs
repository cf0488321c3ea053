//! The ranking: one score of success rate, p95 latency and output price, and the ranks that its uncertainty allows.
//!
//! `score = 0.40·s + 0.30·(1 - l) + 0.30·(1 - p)`, where success rate `s`, p95 latency `l` and output price `p` are min-max
//! normalised over the ranked models: `x' = (x - min) / (max - min)`.

use std::cmp::Ordering;

use crate::interval::Interval;

/// Weights of success rate, p95 latency and output price.
const WEIGHTS: [f64; 3] = [0.40, 0.30, 0.30];

/// A model to rank.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    pub public_name: String,
    pub requests: u64,
    pub success_rate: f64,
    pub success_interval: Interval,
    /// `None` if no request succeeded.
    pub p95_ms: Option<f64>,
    /// Its 95 % interval; without an upper end where there are too few requests to bound it.
    pub p95_interval: Option<(f64, Option<f64>)>,
    pub output_price: Option<f64>,
}

/// A model's score and rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Standing {
    pub score: f64,
    /// The scores at the ends of its intervals, normalised with the same minima and maxima.
    pub interval: Interval,
    /// From 1; ranks are unique.
    pub rank: u32,
    /// The best and the worst rank that the score intervals of all models allow.
    pub best: u32,
    pub worst: u32,
}

/// The range of one criterion over the ranked models, for min-max normalisation.
#[derive(Clone, Copy, Debug)]
struct Scale {
    least: f64,
    span: f64,
    are_all_known: bool,
}

impl Scale {
    fn of(values: impl Iterator<Item = Option<f64>> + Clone) -> Self {
        let known = values.clone().flatten();
        let least = known.clone().fold(f64::INFINITY, f64::min);
        let greatest = known.fold(f64::NEG_INFINITY, f64::max);
        let is_any_known = greatest >= least;
        let span = if is_any_known { greatest - least } else { 0.0 };
        // Where the value of no model is known, none counts as missing.
        Self { least, span, are_all_known: !is_any_known || values.clone().all(|value| value.is_some()) }
    }

    /// `(value - min) / (max - min)`; `best` where all values are equal.
    fn place(self, value: f64, best: f64) -> f64 {
        if self.span > 0.0 { (value - self.least) / self.span } else { best }
    }

    /// The same for a criterion where less is better. An unknown value counts as the worst, unless all are unknown.
    fn cost(self, value: Option<f64>) -> f64 {
        match value {
            Some(value) => self.place(value, 0.0),
            None if self.are_all_known => 0.0,
            None => 1.0,
        }
    }
}

fn score(success: f64, p95: f64, price: f64) -> f64 {
    let [of_success, of_p95, of_price] = WEIGHTS;
    of_success * success + of_p95 * (1.0 - p95) + of_price * (1.0 - price)
}

/// Ranks the candidates and returns their standings in the order given. Higher scores come first; ties are broken by
/// requests (more first), then by name.
pub(super) fn stand(candidates: &[Candidate]) -> Vec<Standing> {
    let success = Scale::of(candidates.iter().map(|candidate| Some(candidate.success_rate)));
    let p95 = Scale::of(candidates.iter().map(|candidate| candidate.p95_ms));
    let price = Scale::of(candidates.iter().map(|candidate| candidate.output_price));
    let scores: Vec<(f64, Interval)> = candidates
        .iter()
        .map(|candidate| {
            let of_price = price.cost(candidate.output_price);
            let with = |rate: f64, ms: Option<f64>| score(success.place(rate, 1.0), p95.cost(ms), of_price);
            let (shortest, longest) = match candidate.p95_interval {
                Some((low, Some(high))) => (Some(low), Some(high)),
                // Unbounded above: the greatest p95 of all models.
                Some((low, None)) => (Some(low), candidate.p95_ms.map(|own| own.max(p95.least + p95.span))),
                None => (candidate.p95_ms, candidate.p95_ms),
            };
            let low = with(candidate.success_interval.low, longest);
            let high = with(candidate.success_interval.high, shortest);
            (with(candidate.success_rate, candidate.p95_ms), Interval { low, high })
        })
        .collect();

    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|&a, &b| {
        let by_score = scores[b].0.partial_cmp(&scores[a].0).unwrap_or(Ordering::Equal);
        by_score
            .then_with(|| candidates[b].requests.cmp(&candidates[a].requests))
            .then_with(|| candidates[a].public_name.cmp(&candidates[b].public_name))
    });
    let mut standings: Vec<Standing> = scores
        .iter()
        .map(|(score, own)| {
            let surely_better = scores.iter().filter(|(_, other)| other.low > own.high).count();
            let surely_worse = scores.iter().filter(|(_, other)| other.high < own.low).count();
            let (best, worst) = (surely_better + 1, candidates.len() - surely_worse);
            Standing { score: *score, interval: *own, rank: 0, best: number(best), worst: number(worst) }
        })
        .collect();
    for (place, index) in order.into_iter().enumerate() {
        standings[index].rank = number(place + 1);
    }
    standings
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidate(name: &str, requests: u64, success_rate: f64, p95_ms: f64, price: f64) -> Candidate {
        Candidate {
            public_name: name.into(),
            requests,
            success_rate,
            success_interval: Interval { low: success_rate, high: success_rate },
            p95_ms: Some(p95_ms),
            p95_interval: Some((p95_ms, Some(p95_ms))),
            output_price: Some(price),
        }
    }

    fn three_digits(score: f64) -> String {
        format!("{score:.3}")
    }

    /// Computed by hand. Success is between 0.970 and 0.998 (span 0.028), p95 between 540 and 1,640 ms (span 1,100), the output
    /// price between $0.30 and $1.50 (span 1.20).
    ///
    /// | model | success | p95 | price | 0.40·s + 0.30·(1 − l) + 0.30·(1 − p) |
    /// |---|---|---|---|---|
    /// | fast | (0.998 − 0.970) / 0.028 = 1 | (540 − 540) / 1,100 = 0 | (0.30 − 0.30) / 1.20 = 0 | 0.40 + 0.30 + 0.30 = 1.000 |
    /// | pro | (0.994 − 0.970) / 0.028 = 0.857143 | (980 − 540) / 1,100 = 0.4 | (1.50 − 0.30) / 1.20 = 1 | 0.342857 + 0.18 + 0 = 0.523 |
    /// | large | (0.970 − 0.970) / 0.028 = 0 | (1,640 − 540) / 1,100 = 1 | (0.60 − 0.30) / 1.20 = 0.25 | 0 + 0 + 0.225 = 0.225 |
    #[test]
    fn the_worked_example_comes_out_to_three_digits() {
        let standings = stand(&[
            candidate("acme/pro", 12_480, 0.994, 980.0, 1.50),
            candidate("acme/large", 20_755, 0.970, 1_640.0, 0.60),
            candidate("acme/fast", 48_210, 0.998, 540.0, 0.30),
        ]);
        let shown: Vec<_> = standings.iter().map(|one| (three_digits(one.score), one.rank)).collect();
        assert_eq!(shown, [("0.523".into(), 2), ("0.225".into(), 3), ("1.000".into(), 1)]);
    }

    #[test]
    fn a_cohort_of_one_and_a_cohort_of_equals_have_the_best_score() {
        assert_eq!(three_digits(stand(&[candidate("a", 100, 0.5, 9_000.0, 70.0)])[0].score), "1.000");
        let equal = stand(&[
            candidate("b", 200, 0.9, 10.0, 1.0),
            candidate("a", 200, 0.9, 10.0, 1.0),
            candidate("c", 300, 0.9, 10.0, 1.0),
        ]);
        let shown: Vec<_> = equal.iter().map(|one| (three_digits(one.score), one.rank, one.best, one.worst)).collect();
        // More requests first, then the name.
        assert_eq!(shown, [("1.000".into(), 3, 1, 3), ("1.000".into(), 2, 1, 3), ("1.000".into(), 1, 1, 3)]);
        assert!(stand(&[]).is_empty());
    }

    #[test]
    fn what_is_unknown_is_as_bad_as_the_worst_unless_nobody_knows() {
        let mut models = [
            candidate("a", 100, 0.9, 10.0, 0.0),
            candidate("b", 100, 0.9, 10.0, 5.0),
            candidate("c", 100, 0.9, 10.0, 0.0),
        ];
        models[2].output_price = None;
        let scores: Vec<_> = stand(&models).iter().map(|one| three_digits(one.score)).collect();
        assert_eq!(scores, ["1.000", "0.700", "0.700"]);
        for model in &mut models {
            model.output_price = None;
            model.p95_ms = None;
            model.p95_interval = None;
        }
        assert!(stand(&models).iter().all(|one| three_digits(one.score) == "1.000"));
    }

    #[test]
    fn ranks_reach_as_far_as_the_intervals_overlap() {
        let mut models = [
            candidate("sure", 48_210, 0.998, 540.0, 0.30),
            candidate("near", 900, 0.985, 980.0, 0.60),
            candidate("nearer", 900, 0.986, 1_000.0, 0.60),
            candidate("far", 48_210, 0.950, 2_000.0, 1.50),
        ];
        for model in &mut models[1..3] {
            model.success_interval = Interval { low: 0.980, high: 0.990 };
            model.p95_interval = Some((900.0, Some(1_100.0)));
        }
        let ranges: Vec<_> = stand(&models).iter().map(|one| (one.rank, one.best, one.worst)).collect();
        assert_eq!(ranges, [(1, 1, 1), (3, 2, 3), (2, 2, 3), (4, 4, 4)]);
        // A p95 that nothing bounds above may be the worst of all.
        models[1].p95_interval = Some((900.0, None));
        models[1].success_interval.low = 0.90;
        assert_eq!((stand(&models)[1].best, stand(&models)[1].worst), (2, 4));
    }

    proptest! {
        #[test]
        fn every_rank_is_given_once_and_lies_in_its_range(
            models in prop::collection::vec((100_u64..1_000_000, 0.0..=1.0_f64, 0_u32..100_000, 0_u32..5_000), 0..40)
        ) {
            let candidates: Vec<_> = models.iter().enumerate().map(|(i, (requests, success, p95, price))| Candidate {
                success_interval: Interval { low: (success - 0.01).max(0.0), high: (success + 0.01).min(1.0) },
                p95_interval: (i % 7 > 0).then_some((f64::from(*p95) * 0.9, (i % 5 > 0).then_some(f64::from(*p95) * 1.2))),
                p95_ms: (i % 7 > 0).then_some(f64::from(*p95)),
                output_price: (i % 3 > 0).then_some(f64::from(*price) / 100.0),
                ..candidate(&format!("m{i}"), *requests, *success, 0.0, 0.0)
            }).collect();
            let standings = stand(&candidates);
            let mut ranks: Vec<_> = standings.iter().map(|one| one.rank).collect();
            ranks.sort_unstable();
            prop_assert_eq!(ranks, (1..=number(candidates.len())).collect::<Vec<_>>());
            for one in &standings {
                prop_assert!((0.0..=1.000_001).contains(&one.score));
                prop_assert!(one.interval.low <= one.score && one.score <= one.interval.high + 1e-12);
                prop_assert!(one.best <= one.rank && one.rank <= one.worst);
            }
        }
    }
}
