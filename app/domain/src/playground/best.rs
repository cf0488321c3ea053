//! Which run was best at what.

use crate::playground::{Run, RunResult, RunStatus};

/// The metrics in which a run was the best of its comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Best {
    pub ttft: bool,
    pub total: bool,
    pub speed: bool,
    pub cost: bool,
}

impl Best {
    /// In the order in which a card shows its metrics.
    pub fn marks(self) -> [bool; 6] {
        [self.ttft, self.total, false, false, self.speed, self.cost]
    }
}

/// The marks of each run. A metric is compared among the runs that succeeded and have it, where there are two or more; where
/// all of them are equal, none is marked.
pub fn best(runs: &[Run]) -> Vec<Best> {
    let ttft = winners(runs, |result| result.ttft_ms.map(|ms| ms as f64));
    let total = winners(runs, |result| result.latency_ms.map(|ms| ms as f64));
    let speed = winners(runs, |result| result.tokens_per_second.map(|speed| -speed));
    let cost = winners(runs, |result| result.list_cost_usd.as_ref().map(|cost| cost.approximate()));
    (0..runs.len()).map(|i| Best { ttft: ttft[i], total: total[i], speed: speed[i], cost: cost[i] }).collect()
}

/// Marks the runs whose value is smallest.
fn winners(runs: &[Run], stat: fn(&RunResult) -> Option<f64>) -> Vec<bool> {
    let stats: Vec<Option<f64>> = runs
        .iter()
        .map(|run| Some(&run.result).filter(|result| result.status == RunStatus::Succeeded).and_then(stat))
        .map(|stat| stat.filter(|stat| stat.is_finite()))
        .collect();
    let known = || stats.iter().flatten().copied();
    let least = known().fold(f64::INFINITY, f64::min);
    let is_contest = known().any(|stat| stat > least);
    stats.iter().map(|stat| is_contest && *stat == Some(least)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Usd, playground::run::with_result};

    fn run(position: u8, ttft: Option<u64>, speed: Option<f64>, cost: Option<&str>) -> Run {
        let result = RunResult {
            status: RunStatus::Succeeded,
            ttft_ms: ttft,
            latency_ms: ttft.map(|ms| ms * 2),
            tokens_per_second: speed,
            list_cost_usd: cost.map(|cost| Usd(cost.into())),
            ..RunResult::default()
        };
        with_result(position, result)
    }

    #[test]
    fn the_quickest_the_fastest_and_the_cheapest_are_marked() {
        let runs = [run(0, Some(400), Some(46.0), Some("0.0001")), run(1, Some(100), Some(159.0), Some("0.00002"))];
        assert_eq!(best(&runs), [Best::default(), Best { ttft: true, total: true, speed: true, cost: true }]);
    }

    #[test]
    fn unknown_figures_and_runs_that_did_not_succeed_take_no_part() {
        let mut failed = run(1, Some(1), Some(999.0), Some("0"));
        failed.result.status = RunStatus::Failed;
        let runs = [run(0, Some(400), None, Some("0.2")), failed, run(2, Some(300), Some(5.0), None)];
        let marks = best(&runs);
        assert_eq!(marks[1], Best::default());
        assert_eq!(marks[2], Best { ttft: true, total: true, ..Best::default() });
        assert!(!marks[0].cost && !marks[2].speed, "there is nothing to compare them with");
    }

    #[test]
    fn where_all_are_equal_nobody_is_best_and_two_equals_share_it() {
        let same = [run(0, Some(9), None, None), run(1, Some(9), None, None)];
        assert_eq!(best(&same), [Best::default(); 2]);
        let shared = [run(0, Some(9), None, None), run(1, Some(9), None, None), run(2, Some(10), None, None)];
        assert_eq!(best(&shared).iter().map(|best| best.ttft).collect::<Vec<_>>(), [true, true, false]);
    }
}
