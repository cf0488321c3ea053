//! Runs a comparison: every model at once, each run under a lease, with exactly one start and one ending in the database.

mod call;
mod outcome;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use crypto::Dek;
use domain::{
    RunId,
    playground::{Parameters, Run},
};
use foundation::{clock::Clock, shutdown::Tasks};
use futures::future::join_all;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use upstream::UpstreamClient;
use uuid::Uuid;

use self::outcome::{finished_run, interrupted_run};
use super::{
    active_comparison::ActiveComparison,
    encryption, fields,
    repo::{Finish, Lease, Renewed, runs},
    run_registry::{RunPermit, RunRegistry},
};
use crate::catalog::{CallableModel, HealthTracker};

/// How long a lease lasts after it was last renewed; a run whose lease has expired is taken as interrupted.
const LEASE: TimeDelta = TimeDelta::seconds(15);
/// How often a running run renews its lease, stores a checkpoint of its answer and checks whether it is to be cancelled.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// Runs jobs in background tasks, with what they need from the server.
pub struct Executor {
    pub(super) pool: PgPool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    pub(super) client: UpstreamClient,
    pub(super) registry: Arc<RunRegistry>,
    /// The owner of this process's leases.
    pub(super) instance: Uuid,
    pub(super) health: Arc<HealthTracker>,
}

/// Queued runs of one comparison that are in the database.
pub(super) struct Job {
    /// Held until all of them have ended.
    pub permit: RunPermit,
    pub live: Arc<ActiveComparison>,
    pub dek: Dek,
    pub prompt: String,
    pub system_prompt: Option<String>,
    pub runs: Vec<Planned>,
}

/// A queued run: the model to call and the parameters to send.
pub(super) struct Planned {
    pub id: RunId,
    pub model: CallableModel,
    pub parameters: Parameters,
}

impl Executor {
    /// An executor; `instance` is the owner of its leases.
    pub fn new(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
        client: UpstreamClient,
        registry: Arc<RunRegistry>,
        instance: Uuid,
        health: Arc<HealthTracker>,
    ) -> Self {
        Self { pool, clock, tasks, client, registry, instance, health }
    }

    /// A lease of this process from now on.
    pub(super) fn lease(&self) -> Lease {
        Lease { owner: self.instance, until: self.clock.now() + LEASE }
    }

    /// Runs a job to its end in the background. Its comparison must have been registered, unless it is run for the database
    /// alone.
    pub(super) fn start(self: &Arc<Self>, job: Job) {
        let this = self.clone();
        self.tasks.spawn(async move {
            this.run_all(&job).await;
            this.registry.leave(&job.live);
            drop(job.permit);
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
            let ended =
                if started.contains(&run.id.0) { self.run(job, run).await } else { interrupted_run(&job.live, run.id) };
            if let Some(ended) = ended {
                job.live.finish(ended);
            }
        }))
        .await;
    }

    /// One run, from its upstream call to its ending in the database. `None`: the comparison has no such run.
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
            Finish::Written => Some(run),
            Finish::WrittenBesideOther => {
                self.registry.hand_over(&job.live);
                Some(run)
            }
            Finish::NotWritten => interrupted_run(&job.live, id),
        }
    }

    /// The heartbeat of a run: renews the lease, stores the answer so far as a checkpoint, and cancels the run if its member
    /// requested that in another process or if the lease was lost. Returns once `ended` is cancelled.
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

    /// Writes the ending, with exponential backoff while the database cannot be reached (for about 100 seconds).
    async fn write_ending(&self, job: &Job, run: &Run) -> Finish {
        let ending = match encryption::ending(&job.dek, run, self.clock.now()) {
            Ok(ending) => ending,
            Err(error) => {
                tracing::error!(run.id = %run.id, %error, "an ending could not be encrypted");
                return Finish::NotWritten;
            }
        };
        let mut pause = Duration::from_millis(100);
        loop {
            match runs::finish(&self.pool, run.id, self.instance, &ending).await {
                Ok(finish) => return finish,
                Err(error) if pause < Duration::from_secs(60) => {
                    tracing::warn!(run.id = %run.id, %error, "an ending could not be written; trying again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(error) => {
                    tracing::error!(run.id = %run.id, %error, "an ending was given up");
                    return Finish::NotWritten;
                }
            }
        }
    }
}
