//! The upstream call of one run.

use std::time::{Duration, Instant};

use domain::RunId;
use tokio_util::sync::CancellationToken;
use upstream::{ChatRequest, UpstreamError};

use super::{
    Executor, Job, Planned,
    outcome::{Answer, Failure, notes_on_sending},
};
use crate::{catalog::CallableModel, playground::active_comparison::ActiveComparison};

/// How long running answers may go on once the server drains. Shorter than the grace period of open requests, so that a client
/// that waits for a comparison still receives its ending.
const DRAIN: Duration = Duration::from_secs(5);

impl Executor {
    /// The upstream call of a run, until it ends, is cancelled, or the server has drained for [`DRAIN`].
    pub(super) async fn call(&self, job: &Job, planned: &Planned, cancel: &CancellationToken) -> Answer {
        let Planned { id, model, parameters } = planned;
        let request = ChatRequest {
            temperature: parameters.temperature,
            max_tokens: parameters.max_tokens,
            top_p: parameters.top_p,
            adjustments: model.adjustments.clone(),
            ..ChatRequest::new(model.upstream_model.clone(), job.system_prompt.as_deref(), &job.prompt)
        };
        let draining = self.tasks.draining();
        let stop = async {
            draining.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        let mut answer = Answer::default();
        let sent_at = Instant::now();
        let failure = tokio::select! {
            outcome = self.read(&job.live, *id, model, &request, &mut answer) => outcome.err().map(Failure::Upstream),
            () = cancel.cancelled() => Some(Failure::Cancelled),
            () = stop => Some(Failure::Stopping),
        };
        answer.failure = failure;
        self.note_health(model, &answer);
        answer.latency.get_or_insert_with(|| sent_at.elapsed());
        answer
    }

    /// Tells what the call shows of the model's health.
    fn note_health(&self, model: &CallableModel, answer: &Answer) {
        let state = match &answer.failure {
            None => None,
            Some(Failure::Upstream(error)) if error.health().is_some() => error.health(),
            Some(_) => return,
        };
        self.catalog.health().note(model.upstream_id, &model.upstream_model, state);
    }

    async fn read(
        &self,
        live: &ActiveComparison,
        id: RunId,
        model: &CallableModel,
        request: &ChatRequest,
        answer: &mut Answer,
    ) -> Result<(), UpstreamError> {
        // Dropping the stream closes the connection, so the call needs no cancellation token of its own.
        let mut stream = self.client.stream_chat(&model.target, request, CancellationToken::new()).await?;
        let sent_at = stream.sent_at();
        self.catalog.remember(model, stream.negotiation().lessons());
        answer.notes = notes_on_sending(stream.negotiation().adjustments(), request);
        let outcome = loop {
            match stream.next().await {
                Ok(Some(event)) => {
                    if let Some(text) = answer.take(event, sent_at) {
                        live.append(id, &text);
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        answer.latency = Some(sent_at.elapsed());
        if !stream.is_event_stream() {
            // The answer came in one piece, so that the time of its first token is unknown.
            answer.ttft = None;
        }
        outcome
    }
}
