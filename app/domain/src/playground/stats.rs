//! The six metrics of a card: measured ones where the run has ended, estimates marked `≈` while it runs.

use super::Run;
use crate::format;

/// A page's estimates for a run that goes on; `None` where it has nothing to go by. Times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LiveStats {
    pub ttft_ms: Option<f64>,
    pub elapsed_ms: Option<f64>,
    pub tokens_out: Option<u32>,
    pub tokens_per_second: Option<f64>,
}

/// One metric of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    pub name: &'static str,
    pub value: String,
    /// A second value, shown smaller.
    pub aside: Option<String>,
}

/// The six metrics of a card: measured ones where the run has ended, estimates marked `≈` while it runs.
pub fn stats(run: &Run, live: Option<LiveStats>) -> [Stat; 6] {
    let live = live.unwrap_or_default();
    let result = &run.result;
    let is_ended = run.is_ended();
    let whole = |ms: Option<f64>| ms.map(|ms| ms as u64);
    let stat = |name, value| Stat { name, value, aside: None };
    let or = |measured: String, estimate: String| {
        if measured != format::UNKNOWN || estimate == format::UNKNOWN { measured } else { format!("≈ {estimate}") }
    };
    let total = if is_ended { format::duration(result.latency_ms) } else { elapsed(live.elapsed_ms) };
    let cost = Stat {
        name: "Cost",
        value: if is_ended { result.cost_usd.display() } else { format::UNKNOWN.into() },
        aside: is_ended.then(|| {
            format!("list {}", result.list_cost_usd.as_ref().map_or(format::UNKNOWN.into(), |cost| cost.display()))
        }),
    };
    [
        stat("TTFT", or(format::duration(result.ttft_ms), format::duration(whole(live.ttft_ms)))),
        stat(if is_ended { "Total" } else { "So far" }, total),
        stat("In", format::count(result.tokens_in)),
        stat("Out", or(format::count(result.tokens_out), format::count(live.tokens_out.map(u64::from)))),
        stat("Speed", or(format::speed(result.tokens_per_second), format::speed(live.tokens_per_second))),
        cost,
    ]
}

/// Seconds with one decimal, so that the running value keeps its width.
fn elapsed(ms: Option<f64>) -> String {
    ms.map_or(format::UNKNOWN.into(), |ms| {
        let tenths = ms as u64 / 100;
        format!("{}.{} s", tenths / 10, tenths % 10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Usd,
        playground::{RunResult, RunStatus, run::with_result},
    };

    #[test]
    fn a_finished_run_shows_what_was_measured_and_the_list_price_beside_nothing_charged() {
        let result = RunResult {
            status: RunStatus::Succeeded,
            ttft_ms: Some(140),
            latency_ms: Some(812),
            tokens_in: Some(31),
            tokens_out: Some(9),
            tokens_per_second: Some(13.4),
            list_cost_usd: Some(Usd("0.000029".into())),
            ..RunResult::default()
        };
        let shown = stats(&with_result(0, result), None);
        let values = shown.clone().map(|stat| stat.value);
        assert_eq!(values, ["140 ms", "812 ms", "31", "9", "13.4 tok/s", "$0"]);
        assert_eq!(shown[5].aside.as_deref(), Some("list $0.000029"));
    }

    #[test]
    fn an_unknown_list_price_is_a_dash() {
        let failed = with_result(0, RunResult { status: RunStatus::Failed, ..RunResult::default() });
        assert_eq!(stats(&failed, None)[5].aside.as_deref(), Some("list —"));
    }
}
