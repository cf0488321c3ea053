//! 95 % confidence intervals of shares and of quantiles. That of a quantile assumes nothing about the distribution of times.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `z` of a two-sided 95 % interval: the 0.975 quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Whether the two have a value in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// A 95 % interval of a time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LatencyInterval {
    pub low: u64,
    /// `null` where there are too few requests to bound it above.
    pub high: Option<u64>,
}

impl LatencyInterval {
    /// Whether the two have a time in common.
    pub fn overlaps(self, other: Self) -> bool {
        let high = |one: Self| one.high.unwrap_or(u64::MAX);
        self.low <= high(other) && other.low <= high(self)
    }
}

/// The 95 % score interval of a share `p = successes / n`, `None` without attempts:
///
/// `(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)`
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209-212.
pub fn wilson(successes: u64, attempts: u64) -> Option<Interval> {
    if attempts == 0 {
        return None;
    }
    let n = attempts as f64;
    let share = successes as f64 / n;
    let middle = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    // At 0 and n successes, the formula yields exactly 0 and 1; floating-point arithmetic may not.
    let low = if successes == 0 { 0.0 } else { (middle - half) / whole };
    let high = if successes == attempts { 1.0 } else { (middle + half) / whole };
    Some(Interval { low, high })
}

/// The ranks, counted from 1, of the two order statistics between which the true quantile lies with 95 % confidence; `None`
/// without times. The number of times below the quantile is binomial, `B(n, share)`, for every distribution of times; the
/// ranks are `n·share ± z √(n·share·(1 - share))`, its normal approximation, rounded outwards. An upper rank of `n + 1` means
/// that there are too few times to bound the quantile above.
///
/// Source: Conover, "Practical Nonparametric Statistics", 3rd edition, section 3.2, confidence interval for a quantile.
pub fn order_statistic_ranks(count: u64, share: f64) -> Option<(u64, u64)> {
    if count == 0 {
        return None;
    }
    let mean = count as f64 * share;
    let half = Z * (mean * (1.0 - share)).sqrt();
    Some(((mean - half).floor().max(1.0) as u64, (mean + half).ceil() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 0.0005
    }

    #[test]
    fn intervals_of_shares_are_those_of_the_textbook() {
        let interval = wilson(99, 100).expect("an interval");
        assert!(close(interval.low, 0.9455) && close(interval.high, 0.9982), "{interval:?}");
        let interval = wilson(9_900, 10_000).expect("an interval");
        assert!(close(interval.low, 0.9879) && close(interval.high, 0.9918), "{interval:?}");
        // The "rule of three" has 0.97 as the lower end of 100 of 100 at 95 % one-sided; Wilson is two-sided.
        let interval = wilson(100, 100).expect("an interval");
        assert!(close(interval.low, 0.9630) && interval.high == 1.0, "{interval:?}");
        let interval = wilson(0, 7).expect("an interval");
        assert!(interval.low == 0.0 && close(interval.high, 0.3543), "{interval:?}");
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn places_around_a_p95_are_those_of_the_binomial_distribution() {
        // 95 ± 1.96·√4.75 and 950 ± 1.96·√47.5, to the outside.
        assert_eq!(order_statistic_ranks(100, 0.95), Some((90, 100)));
        assert_eq!(order_statistic_ranks(1_000, 0.95), Some((936, 964)));
        assert_eq!(order_statistic_ranks(60, 0.95), Some((53, 61)), "beyond the last: nothing bounds it above");
        assert_eq!(order_statistic_ranks(1, 0.95), Some((1, 2)));
        assert_eq!(order_statistic_ranks(0, 0.95), None);
    }

    /// Whatever times are distributed like, their true quantile is between the two places in at least 95 of 100 cases.
    #[test]
    fn the_two_places_hold_the_true_quantile_as_often_as_they_say() {
        for n in [60_u32, 100, 137, 500, 1_000] {
            let (low, high) = order_statistic_ranks(n.into(), 0.95).expect("places");
            // P(low ≤ number of times below the quantile < high), summed term by term. In logarithms: of very many, the first
            // terms are below what a float can hold.
            let mut term = f64::from(n) * 0.05_f64.ln();
            let (mut covered, mut all) = (0.0, 0.0);
            for k in 0..=n {
                all += term.exp();
                if u64::from(k) >= low && u64::from(k) < high {
                    covered += term.exp();
                }
                term += (f64::from(n - k) / f64::from(k + 1) * (0.95 / 0.05)).ln();
            }
            assert!((all - 1.0).abs() < 1e-9, "{n}: all terms together are {all}");
            assert!((0.95..0.995).contains(&covered), "{n}: {covered}");
        }
    }
}
