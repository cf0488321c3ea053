//! From what an upstream call returned to the run that its member sees.

use std::time::{Duration, Instant};

use domain::{
    RunId, Usd,
    playground::{Run, RunError, RunNote, RunResult, RunStatus},
};
use upstream::{Adjustment, Adjustments, ChatEvent, ChatRequest, Field, UpstreamError};

use crate::{
    catalog::CallableModel,
    playground::{active_comparison::ActiveComparison, mapping},
};

/// Bytes of reasoning from which on no more is kept.
const REASONING_LIMIT: usize = 1_000_000;
/// The finish reason of an answer in which the model refuses to answer.
const REFUSAL: &str = "refusal";

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
    /// Its text is the model's refusal to answer.
    pub(super) is_refusal: bool,
    pub(super) notes: Vec<RunNote>,
}

/// Why an upstream call did not end by itself.
pub(super) enum Failure {
    Upstream(UpstreamError),
    /// By the member.
    Cancelled,
    /// The server shuts down.
    Stopping,
}

impl Answer {
    /// Adds the next event of an answer whose request was sent then, and returns what it adds to the text.
    pub(super) fn take(&mut self, event: ChatEvent, sent_at: Instant) -> Option<String> {
        match event {
            ChatEvent::Delta(text) => return Some(self.add_text(text, sent_at)),
            ChatEvent::Refusal(text) => {
                self.is_refusal = true;
                return Some(self.add_text(text, sent_at));
            }
            ChatEvent::Reasoning(thought) if self.reasoning.len() < REASONING_LIMIT => {
                self.reasoning.push_str(&thought)
            }
            ChatEvent::Reasoning(_) => {}
            ChatEvent::Finish(reason) => self.finish_reason = Some(reason),
            ChatEvent::Usage(counts) => (self.tokens_in, self.tokens_out) = (counts.input, counts.output),
            ChatEvent::Image(_) => self.add_note(RunNote::ImageOmitted),
            ChatEvent::SecretRedacted => self.add_note(RunNote::SecretRemoved),
        }
        None
    }

    fn add_text(&mut self, text: String, sent_at: Instant) -> String {
        self.ttft.get_or_insert_with(|| sent_at.elapsed());
        self.text.push_str(&text);
        text
    }

    fn add_note(&mut self, note: RunNote) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// What a member is told about how a request was sent. What this site adds to it is not a matter of theirs.
pub(super) fn notes_on_sending(adjustments: &Adjustments, request: &ChatRequest) -> Vec<RunNote> {
    let is_set = |field| match field {
        Field::Temperature => request.temperature.is_some(),
        Field::TopP => request.top_p.is_some(),
        Field::MaxTokens => request.max_tokens.is_some(),
        _ => false,
    };
    let note = |adjustment: Adjustment| match adjustment {
        Adjustment::NotStreamed => Some(RunNote::NotStreamed),
        Adjustment::Omitted(field) => is_set(field).then(|| RunNote::Omitted { field: field.as_str().into() }),
        Adjustment::RenamedMaxTokens => is_set(Field::MaxTokens).then(|| RunNote::Renamed {
            field: Field::MaxTokens.as_str().into(),
            to: Field::MaxCompletionTokens.as_str().into(),
        }),
    };
    adjustments.iter().filter_map(note).collect()
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
    let is_damaged = matches!(&answer.failure, Some(Failure::Upstream(error)) if error.code == "damaged");
    let notes = answer.notes.iter().cloned().chain(is_damaged.then_some(RunNote::Damaged)).collect();
    let finish_reason = if answer.is_refusal { Some(REFUSAL.to_owned()) } else { answer.finish_reason.clone() };
    let (latency_ms, ttft_ms) = (answer.latency.map(milliseconds), answer.ttft.map(milliseconds));
    let result = RunResult {
        status,
        reasoning_content: (!answer.reasoning.is_empty()).then(|| answer.reasoning.clone()),
        response_content: (!answer.text.is_empty()).then(|| answer.text.clone()),
        finish_reason,
        notes,
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
