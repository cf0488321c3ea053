//! Live metrics of a running run, estimated from the browser's clock and the deltas received.

use domain::playground::LiveStats;

/// What has been received of a running run. Times are milliseconds of the browser's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Live {
    started: Option<f64>,
    first_piece: Option<f64>,
    last_piece: f64,
    pieces: u32,
}

impl Live {
    /// The run whose upstream call has just begun.
    pub(super) fn starting(now: f64) -> Self {
        Self { started: Some(now), ..Self::default() }
    }

    /// Counts a delta as one token: most upstreams send one token at a time.
    pub(super) fn piece(&mut self, now: f64) {
        self.first_piece.get_or_insert(now);
        self.last_piece = now;
        self.pieces += 1;
    }

    /// The metrics to show: time to first token, elapsed time, output tokens and speed.
    pub(super) fn stats(&self, now: f64) -> LiveStats {
        let since = |earlier: Option<f64>, later: f64| earlier.map(|earlier| (later - earlier).max(0.0));
        let generating = since(self.first_piece, self.last_piece).filter(|ms| *ms >= 250.0);
        LiveStats {
            ttft_ms: since(self.started, self.first_piece.unwrap_or(f64::NAN)).filter(|ms| !ms.is_nan() && *ms > 0.0),
            elapsed_ms: since(self.started, now),
            tokens_out: (self.started.is_some() && self.pieces > 0).then_some(self.pieces),
            tokens_per_second: generating.map(|ms| f64::from(self.pieces) * 1_000.0 / ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::playground::{Run, RunResult, RunStatus, stats};

    use super::*;
    use crate::playground::state::queued;

    fn running() -> Run {
        let result = RunResult { status: RunStatus::Running, ..RunResult::default() };
        Run { result, ..queued(0, "a/b") }
    }

    #[test]
    fn what_a_running_run_shows_is_marked_as_an_estimate() {
        let run = running();
        let mut live = Live::starting(1_000.0);
        live.piece(1_420.0);
        live.piece(2_420.0);
        let values = stats(&run, Some(live.stats(3_000.0))).map(|stat| stat.value);
        assert_eq!(values, ["≈ 420 ms", "2.0 s", "—", "≈ 2", "≈ 2.0 tok/s", "—"]);
    }

    #[test]
    fn a_run_that_this_page_did_not_see_start_claims_nothing() {
        let run = running();
        let mut live = Live::default();
        live.piece(5.0);
        let values = stats(&run, Some(live.stats(9.0))).map(|stat| stat.value);
        assert_eq!(values, ["—"; 6]);
    }
}
