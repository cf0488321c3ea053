//! Runs a comparison: every model at once, each run with a lease, one beginning and one ending.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use crypto::Dek;
use domain::{
    RunId, Usd,
    playground::{Parameters, Run, RunError, RunStatus},
};
use foundation::{clock::Clock, shutdown::Tasks};
use futures::future::join_all;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use upstream::{ChatEvent, ChatRequest, UpstreamClient, UpstreamError};
use uuid::Uuid;

use super::{
    active_comparison::ActiveComparison,
    encryption, fields, mapping,
    repo::{Lease, Renewed, runs},
    run_registry::{RunPermit, RunRegistry},
};
use crate::catalog::CallableModel;

/// How long a process is believed to be alive after it was last heard of.
const LEASE: TimeDelta = TimeDelta::seconds(15);
/// How often it makes itself heard, keeps what has arrived, and looks whether a run is to be stopped.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// How long running answers may go on after the server was told to stop. Less than open requests are given, so that who
/// waits for a comparison is still told how it ended.
const DRAIN: Duration = Duration::from_secs(5);

/// What a model thought is kept up to this many bytes.
const MOST_REASONING: usize = 1_000_000;

/// What every run needs of the server.
pub struct Executor {
    pub(super) pool: PgPool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    pub(super) client: UpstreamClient,
    pub(super) registry: Arc<RunRegistry>,
    /// Names this process in leases.
    pub(super) instance: Uuid,
}

/// A comparison that is in the database, queued.
pub(super) struct Job {
    /// Free again when all of it has ended.
    pub place: RunPermit,
    pub live: Arc<ActiveComparison>,
    pub dek: Dek,
    pub prompt: String,
    pub system_prompt: Option<String>,
    pub runs: Vec<Planned>,
}

/// A run that is queued: which model is asked, and with what.
pub(super) struct Planned {
    pub id: RunId,
    pub model: CallableModel,
    pub parameters: Parameters,
}

/// What an upstream call came to.
#[derive(Default)]
struct Answer {
    text: String,
    reasoning: String,
    finish_reason: Option<String>,
    tokens_in: Option<u64>,
    tokens_out: Option<u64>,
    latency: Option<Duration>,
    ttft: Option<Duration>,
    failure: Option<Failure>,
}

enum Failure {
    Upstream(UpstreamError),
    Cancelled,
    Stopping,
}

impl Executor {
    /// What every run needs of the server; `instance` names this process in leases.
    pub fn new(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
        client: UpstreamClient,
        registry: Arc<RunRegistry>,
        instance: Uuid,
    ) -> Self {
        Self { pool, clock, tasks, client, registry, instance }
    }

    /// This process's lease from now on.
    pub(super) fn lease(&self) -> Lease {
        Lease { owner: self.instance, until: self.clock.now() + LEASE }
    }

    /// Runs in the background, to its end, what has entered the registry, if anything has.
    pub(super) fn start(self: &Arc<Self>, job: Job) {
        let this = self.clone();
        self.tasks.spawn(async move {
            this.run_all(&job).await;
            this.registry.leave(&job.live);
            drop(job.place);
        });
    }

    async fn run_all(&self, job: &Job) {
        let ids: Vec<Uuid> = job.runs.iter().map(|run| run.id.0).collect();
        let started = match runs::start(&self.pool, &ids, self.lease(), self.clock.now()).await {
            Ok(started) => started,
            Err(error) => {
                tracing::error!(comparison.id = %job.live.id, %error, "runs could not be started");
                Vec::new()
            }
        };
        join_all(job.runs.iter().map(async |run| {
            let ended = if started.contains(&run.id.0) { self.run(job, run).await } else { interrupted(job, run.id) };
            if let Some(ended) = ended {
                job.live.finish(ended);
            }
        }))
        .await;
    }

    /// One run, from its upstream call to its ending in the database.
    async fn run(&self, job: &Job, planned: &Planned) -> Option<Run> {
        let (id, model) = (planned.id, &planned.model);
        job.live.start(id);
        let cancel = job.live.cancel_token(id)?;
        let ended = CancellationToken::new();
        let _ends_the_heartbeat = ended.clone().drop_guard();
        let (answer, ()) = tokio::join!(
            async {
                let answer = self.call(job, planned, &cancel).await;
                ended.cancel();
                answer
            },
            self.keep_alive(job, id, &cancel, &ended)
        );
        let run = finished_run(&job.live, id, model, &answer)?;
        match self.write_ending(job, &run).await {
            Some(has_other_owner) => {
                if has_other_owner {
                    self.registry.hand_over(&job.live);
                }
                Some(run)
            }
            None => interrupted(job, id),
        }
    }

    /// The upstream call itself.
    async fn call(&self, job: &Job, planned: &Planned, cancel: &CancellationToken) -> Answer {
        let Planned { id, model, parameters } = planned;
        let request = ChatRequest {
            temperature: parameters.temperature,
            max_tokens: parameters.max_tokens,
            top_p: parameters.top_p,
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
        answer.latency.get_or_insert_with(|| sent_at.elapsed());
        answer
    }

    async fn read(
        &self,
        live: &ActiveComparison,
        id: RunId,
        model: &CallableModel,
        request: &ChatRequest,
        answer: &mut Answer,
    ) -> Result<(), UpstreamError> {
        // Dropping the stream closes the connection, so cancelling needs no token of its own.
        let mut stream = self.client.stream_chat(&model.target, request, CancellationToken::new()).await?;
        let sent_at = stream.sent_at();
        let outcome = loop {
            match stream.next().await {
                Ok(Some(ChatEvent::Delta(text))) if !text.is_empty() => {
                    answer.ttft.get_or_insert_with(|| sent_at.elapsed());
                    answer.text.push_str(&text);
                    live.append(id, &text);
                }
                Ok(Some(ChatEvent::Finish(reason))) => answer.finish_reason = Some(reason),
                Ok(Some(ChatEvent::Usage { tokens_in, tokens_out })) => {
                    (answer.tokens_in, answer.tokens_out) = (tokens_in, tokens_out);
                }
                Ok(Some(ChatEvent::Reasoning(thought))) if answer.reasoning.len() < MOST_REASONING => {
                    answer.reasoning.push_str(&thought);
                }
                Ok(Some(_)) => {}
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        answer.latency = Some(sent_at.elapsed());
        outcome
    }

    /// Makes this process heard while a run goes on, keeps what has arrived, and stops the run if its member asked for it in
    /// another process.
    async fn keep_alive(&self, job: &Job, id: RunId, cancel: &CancellationToken, ended: &CancellationToken) {
        loop {
            tokio::select! {
                () = ended.cancelled() => return,
                () = tokio::time::sleep(HEARTBEAT) => {}
            }
            let text = job.live.text(id).and_then(|text| job.dek.encrypt(fields::response(id), &text).ok());
            match runs::renew(&self.pool, id, self.lease(), text.as_deref()).await {
                Ok(Some(Renewed { is_cancelled, has_other_owner })) => {
                    if has_other_owner {
                        self.registry.hand_over(&job.live);
                    }
                    if is_cancelled {
                        cancel.cancel();
                    }
                }
                Ok(None) => cancel.cancel(),
                Err(error) => tracing::warn!(run.id = %id, %error, "a lease could not be renewed"),
            }
        }
    }

    /// Writes the ending, again and again while the database is away, and says whether another process has begun another run
    /// meanwhile. `None`: another process has already given this run up, or it was deleted.
    async fn write_ending(&self, job: &Job, run: &Run) -> Option<bool> {
        let ending = match encryption::ending(&job.dek, run, self.clock.now()) {
            Ok(ending) => ending,
            Err(error) => {
                tracing::error!(run.id = %run.id, %error, "an ending could not be sealed");
                return None;
            }
        };
        let mut pause = Duration::from_millis(100);
        loop {
            match runs::finish(&self.pool, run.id, self.instance, &ending).await {
                Ok(written) => return written,
                Err(error) if pause < Duration::from_secs(60) => {
                    tracing::warn!(run.id = %run.id, %error, "an ending could not be written; trying again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(error) => {
                    tracing::error!(run.id = %run.id, %error, "an ending was given up");
                    return None;
                }
            }
        }
    }
}

/// The run as its member sees it once it has ended.
fn finished_run(live: &ActiveComparison, id: RunId, model: &CallableModel, answer: &Answer) -> Option<Run> {
    let run = live.snapshot().runs.into_iter().find(|run| run.id == id)?;
    let (status, error) = match &answer.failure {
        None => (RunStatus::Succeeded, None),
        Some(Failure::Cancelled) => (RunStatus::Cancelled, None),
        Some(Failure::Stopping) => (RunStatus::Interrupted, Some(mapping::interrupted())),
        Some(Failure::Upstream(error)) => (RunStatus::Failed, Some(run_error(error))),
    };
    let (latency_ms, ttft_ms) = (answer.latency.map(milliseconds), answer.ttft.map(milliseconds));
    Some(Run {
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
        ..run
    })
}

/// The run when its ending is no longer this process's to write.
fn interrupted(job: &Job, id: RunId) -> Option<Run> {
    let run = job.live.snapshot().runs.into_iter().find(|run| run.id == id)?;
    Some(Run { status: RunStatus::Interrupted, error: Some(mapping::interrupted()), ..run })
}

fn run_error(error: &UpstreamError) -> RunError {
    RunError { code: error.code.to_owned(), message: error.message.clone(), retry_after_s: error.retry_after_s }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
