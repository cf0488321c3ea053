//! The figures of a run while it runs, as far as this page can tell. All of them are estimates and say so.

use super::Run;
use crate::domain::format;

/// What this page has seen of a running run, in milliseconds of the browser's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Live {
    started: Option<f64>,
    first_piece: Option<f64>,
    last_piece: f64,
    pieces: u32,
}

impl Live {
    /// The run's upstream call began just now.
    pub(super) fn starting(now: f64) -> Self {
        Self { started: Some(now), ..Self::default() }
    }

    /// A piece of the answer arrived. Most upstreams send a token at a time.
    pub(super) fn piece(&mut self, now: f64) {
        self.first_piece.get_or_insert(now);
        self.last_piece = now;
        self.pieces += 1;
    }

    /// The figures to show: time to first token, elapsed, tokens out and speed.
    pub(super) fn figures(&self, now: f64) -> LiveFigures {
        let since = |earlier: Option<f64>, later: f64| earlier.map(|earlier| (later - earlier).max(0.0));
        let generating = since(self.first_piece, self.last_piece).filter(|ms| *ms >= 250.0);
        LiveFigures {
            ttft_ms: since(self.started, self.first_piece.unwrap_or(f64::NAN)).filter(|ms| !ms.is_nan() && *ms > 0.0),
            elapsed_ms: since(self.started, now),
            tokens_out: (self.started.is_some() && self.pieces > 0).then_some(self.pieces),
            tokens_per_second: generating.map(|ms| f64::from(self.pieces) * 1_000.0 / ms),
        }
    }
}

/// See [`Live::figures`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct LiveFigures {
    ttft_ms: Option<f64>,
    elapsed_ms: Option<f64>,
    tokens_out: Option<u32>,
    tokens_per_second: Option<f64>,
}

/// One figure of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    pub name: &'static str,
    pub value: String,
    /// A second, quieter value.
    pub aside: Option<String>,
}

/// The six figures of a card: measured ones where the run has ended, estimates marked `≈` while it runs.
pub(super) fn figures(run: &Run, live: Option<LiveFigures>) -> [Figure; 6] {
    let live = live.unwrap_or_default();
    let whole = |ms: Option<f64>| ms.map(|ms| ms as u64);
    let figure = |name, value| Figure { name, value, aside: None };
    let or = |measured: String, estimate: String| {
        if measured != format::UNKNOWN || estimate == format::UNKNOWN { measured } else { format!("≈ {estimate}") }
    };
    let total = if run.status.is_ended() { format::duration(run.latency_ms) } else { elapsed(live.elapsed_ms) };
    let cost = Figure {
        name: "Cost",
        value: if run.status.is_ended() { run.cost_usd.display() } else { format::UNKNOWN.into() },
        aside: run.status.is_ended().then(|| {
            format!("list {}", run.list_cost_usd.as_ref().map_or(format::UNKNOWN.into(), |cost| cost.display()))
        }),
    };
    [
        figure("TTFT", or(format::duration(run.ttft_ms), format::duration(whole(live.ttft_ms)))),
        figure(if run.status.is_ended() { "Total" } else { "So far" }, total),
        figure("In", format::count(run.tokens_in)),
        figure("Out", or(format::count(run.tokens_out), format::count(live.tokens_out.map(u64::from)))),
        figure("Speed", or(format::speed(run.tokens_per_second), format::speed(live.tokens_per_second))),
        cost,
    ]
}

/// Seconds with one decimal, so that the running figure keeps its width.
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
        domain::Usd,
        playground::{RunStatus, state::queued},
    };

    #[test]
    fn what_a_running_run_shows_is_marked_as_an_estimate() {
        let run = Run { status: RunStatus::Running, ..queued(0, "a/b") };
        let mut live = Live::starting(1_000.0);
        live.piece(1_420.0);
        live.piece(2_420.0);
        let values = figures(&run, Some(live.figures(3_000.0))).map(|figure| figure.value);
        assert_eq!(values, ["≈ 420 ms", "2.0 s", "—", "≈ 2", "≈ 2.0 tok/s", "—"]);
    }

    #[test]
    fn a_run_that_this_page_did_not_see_start_claims_nothing() {
        let run = Run { status: RunStatus::Running, ..queued(0, "a/b") };
        let mut live = Live::default();
        live.piece(5.0);
        let values = figures(&run, Some(live.figures(9.0))).map(|figure| figure.value);
        assert_eq!(values, ["—"; 6]);
    }

    #[test]
    fn a_finished_run_shows_what_was_measured_and_the_list_price_beside_nothing_charged() {
        let run = Run {
            status: RunStatus::Succeeded,
            ttft_ms: Some(140),
            latency_ms: Some(812),
            tokens_in: Some(31),
            tokens_out: Some(9),
            tokens_per_second: Some(13.4),
            list_cost_usd: Some(Usd("0.000029".into())),
            ..queued(0, "a/b")
        };
        let shown = figures(&run, None);
        let values = shown.clone().map(|figure| figure.value);
        assert_eq!(values, ["140 ms", "812 ms", "31", "9", "13.4 tok/s", "$0"]);
        assert_eq!(shown[5].aside.as_deref(), Some("list $0.000029"));
    }

    #[test]
    fn an_unknown_list_price_is_a_dash() {
        let run = Run { status: RunStatus::Failed, ..queued(0, "a/b") };
        assert_eq!(figures(&run, None)[5].aside.as_deref(), Some("list —"));
    }
}
