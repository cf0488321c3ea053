//! From what an upstream call returned to the run that its member sees.

use std::time::Duration;

use domain::{
    RunId, Usd,
    playground::{Run, RunError, RunResult, RunStatus},
};
use upstream::UpstreamError;

use crate::{
    catalog::CallableModel,
    playground::{active_comparison::ActiveComparison, mapping},
};

/// What an upstream call returned, complete or not.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) reasoning: String,
    pub(super) finish_reason: Option<String>,
    pub(super) tokens_in: Option<u64>,
    pub(super) tokens_out: Option<u64>,
    pub(super) latency: Option<Duration>,
    pub(super) ttft: Option<Duration>,
    pub(super) failure: Option<Failure>,
}

/// Why an upstream call did not end by itself.
pub(super) enum Failure {
    Upstream(UpstreamError),
    /// By the member.
    Cancelled,
    /// The server shuts down.
    Stopping,
}

/// A run once its upstream call is over. `None`: the comparison has no such run.
pub(super) fn finished_run(live: &ActiveComparison, id: RunId, model: &CallableModel, answer: &Answer) -> Option<Run> {
    let run = find(live, id)?;
    let (status, error) = match &answer.failure {
        None => (RunStatus::Succeeded, None),
        Some(Failure::Cancelled) => (RunStatus::Cancelled, None),
        Some(Failure::Stopping) => (RunStatus::Interrupted, Some(mapping::interrupted())),
        Some(Failure::Upstream(error)) => (RunStatus::Failed, Some(run_error(error))),
    };
    let (latency_ms, ttft_ms) = (answer.latency.map(milliseconds), answer.ttft.map(milliseconds));
    let result = RunResult {
        status,
        reasoning_content: (!answer.reasoning.is_empty()).then(|| answer.reasoning.clone()),
        response_content: (!answer.text.is_empty()).then(|| answer.text.clone()),
        finish_reason: answer.finish_reason.clone(),
        error,
        latency_ms,
        ttft_ms,
        tokens_in: answer.tokens_in,
        tokens_out: answer.tokens_out,
        tokens_per_second: mapping::tokens_per_second(answer.tokens_out, latency_ms, ttft_ms),
        list_cost_usd: model.prices.cost(answer.tokens_in, answer.tokens_out).map(|cost| Usd(cost.to_string())),
        ..run.result
    };
    Some(Run { result, ..run })
}

/// A run whose lease this process has lost, so that its ending is not this process's to write.
pub(super) fn interrupted_run(live: &ActiveComparison, id: RunId) -> Option<Run> {
    let mut run = find(live, id)?;
    run.result.status = RunStatus::Interrupted;
    run.result.error = Some(mapping::interrupted());
    Some(run)
}

fn find(live: &ActiveComparison, id: RunId) -> Option<Run> {
    live.snapshot().runs.into_iter().find(|run| run.id == id)
}

fn run_error(error: &UpstreamError) -> RunError {
    RunError { code: error.code.to_owned(), message: error.message.clone(), retry_after_s: error.retry_after_s }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
