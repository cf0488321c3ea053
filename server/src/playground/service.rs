//! What a member can do with comparisons.

use std::{collections::HashMap, sync::Arc};

use app::{
    account::Viewer,
    domain::{ComparisonId, RunId, Usd, UserId},
    error::{AppError, FieldError, Noun},
    playground::{Comparison, ComparisonRequest, HistoryEntry, HistoryRun, PlaygroundPort, Run, RunStatus},
};
use async_trait::async_trait;
use uuid::Uuid;

use super::{
    executor::{Executor, Job},
    fields,
    live::Live,
    repo::{self, NewRun, NewSession},
    view,
};
use crate::{
    auth::AccountService,
    catalog::{CallableModel, CatalogService},
    config::PublicUrl,
    crypto::Dek,
    error::Error,
};

/// Comparisons that stay in a member's history; older ones go when a new one is made, unless they are shared.
const KEPT: i64 = 50;
/// Comparisons of one member that may run at the same time in one process.
const RUNNING_AT_ONCE: usize = 20;

/// The playground.
#[derive(Clone)]
pub struct PlaygroundService {
    executor: Arc<Executor>,
    catalog: Arc<CatalogService>,
    accounts: Arc<AccountService>,
    public_url: PublicUrl,
}

impl PlaygroundService {
    /// The playground of this executor's database.
    pub fn new(
        executor: Arc<Executor>,
        catalog: Arc<CatalogService>,
        accounts: Arc<AccountService>,
        public_url: PublicUrl,
    ) -> Self {
        Self { executor, catalog, accounts, public_url }
    }

    /// Checks, stores and starts a comparison. From then on it runs to its end, whoever watches.
    pub async fn create(&self, viewer: &Viewer, request: ComparisonRequest) -> Result<Arc<Live>, AppError> {
        request.check().map_err(AppError::Invalid)?;
        if self.executor.hub.count(viewer.id) >= RUNNING_AT_ONCE {
            return Err(AppError::RateLimited { retry_after_s: 5 });
        }
        let data_key = async { Ok(self.accounts.data_key(viewer.id).await?) };
        let (models, dek) = tokio::try_join!(self.models(&request), data_key)?;
        let (this, user) = (self.clone(), viewer.id);
        self.executor.tasks.detached(async move { this.store_and_start(user, request, models, dek).await }).await
    }

    /// Ends every run that is still open, for a server that starts on a database that is its alone.
    pub async fn end_open_runs(&self) -> Result<(), Error> {
        let executor = &self.executor;
        let now = executor.clock.now();
        let count = repo::reap(&executor.pool, now + chrono::TimeDelta::days(36_500), now).await?;
        if count > 0 {
            tracing::warn!(count, "runs of the last process were marked as interrupted");
        }
        Ok(())
    }

    /// The comparison while it runs in this process.
    pub fn live(&self, viewer: &Viewer, id: ComparisonId) -> Option<Arc<Live>> {
        self.executor.hub.find(viewer.id, id)
    }

    /// The models of a request, by position, or the fields that name none.
    async fn models(&self, request: &ComparisonRequest) -> Result<Vec<CallableModel>, AppError> {
        let known = self.catalog.callable(&request.models).await?;
        let mut errors = Vec::new();
        let mut models = Vec::new();
        for (position, name) in request.models.iter().enumerate() {
            match known.get(name) {
                Some(model) => models.push(model.clone()),
                None => errors.push(FieldError::new(
                    format!("models[{position}]"),
                    "unknown_model",
                    format!("There is no model {:?} to ask. GET /api/models lists them.", shortened(name)),
                )),
            }
        }
        let smallest = models.iter().filter_map(|model| model.context_window).min();
        if let (Some(max_tokens), Some(limit)) = (request.parameters.max_tokens, smallest)
            && max_tokens > limit
        {
            let message =
                format!("Max tokens must be at most {limit}, the context window of the smallest model chosen.");
            errors.push(FieldError::new("parameters.max_tokens", "out_of_range", message));
        }
        if errors.is_empty() { Ok(models) } else { Err(AppError::Invalid(errors)) }
    }

    async fn store_and_start(
        &self,
        user: UserId,
        request: ComparisonRequest,
        models: Vec<CallableModel>,
        dek: Dek,
    ) -> Result<Arc<Live>, AppError> {
        let executor = &self.executor;
        let id = ComparisonId(Uuid::now_v7());
        let runs: Vec<(RunId, CallableModel)> =
            models.into_iter().map(|model| (RunId(Uuid::now_v7()), model)).collect();
        let job = Job {
            live: Arc::new(Live::new(user, new_comparison(id, executor.clock.now(), &request, &runs))),
            dek,
            prompt: request.prompt,
            system_prompt: request.system_prompt.filter(|text| !text.is_empty()),
            parameters: request.parameters,
            runs,
        };
        self.store(user, &job).await?;
        let live = job.live.clone();
        executor.start(job);
        Ok(live)
    }

    async fn store(&self, user: UserId, job: &Job) -> Result<(), Error> {
        let executor = &self.executor;
        let id = job.live.id;
        let prompt_ct = job.dek.seal(fields::prompt(id), &job.prompt)?;
        let system_prompt_ct =
            job.system_prompt.as_ref().map(|text| job.dek.seal(fields::system_prompt(id), text)).transpose()?;
        let parameters =
            serde_json::to_value(job.parameters).map_err(|error| Error::Broken(format!("parameters: {error}")))?;
        let runs: Vec<NewRun<'_>> = (0..)
            .zip(&job.runs)
            .map(|(position, (id, model))| NewRun {
                id: *id,
                position,
                model_public_name: &model.public_name,
                upstream_model: &model.upstream_model,
            })
            .collect();

        let session = NewSession {
            id,
            user,
            prompt_ct: &prompt_ct,
            system_prompt_ct: system_prompt_ct.as_deref(),
            parameters: &parameters,
            created_at: executor.clock.now(),
        };
        repo::insert(&executor.pool, &session, &runs, (executor.lease(), KEPT)).await
    }
}

#[async_trait]
impl PlaygroundPort for PlaygroundService {
    async fn history(&self, viewer: &Viewer) -> Result<Vec<HistoryEntry>, AppError> {
        let pool = &self.executor.pool;
        let sessions = repo::history(pool, viewer.id, KEPT).await?;
        let ids: Vec<Uuid> = sessions.iter().map(|session| session.id).collect();
        let mut runs: HashMap<Uuid, Vec<HistoryRun>> = HashMap::new();
        for row in repo::history_runs(pool, &ids).await? {
            let run = HistoryRun {
                id: RunId(row.id),
                position: u8::try_from(row.position).unwrap_or_default(),
                model: row.model_public_name,
                status: view::status(&row.status)?,
            };
            runs.entry(row.session_id).or_default().push(run);
        }
        let dek = self.accounts.data_key(viewer.id).await?;
        let entries = sessions.into_iter().map(|row| HistoryEntry {
            id: ComparisonId(row.id),
            created_at: row.created_at,
            prompt_preview: view::preview(&dek, row.id, &row.prompt_ct),
            is_shared: row.shared_at.is_some(),
            picked_run_id: row.picked_run_id.map(RunId),
            runs: runs.remove(&row.id).unwrap_or_default(),
        });
        Ok(entries.collect())
    }

    async fn find(&self, viewer: &Viewer, id: ComparisonId) -> Result<Comparison, AppError> {
        if let Some(live) = self.live(viewer, id) {
            return Ok(live.snapshot());
        }
        let pool = &self.executor.pool;
        let row = repo::find(pool, viewer.id, id).await?.ok_or(AppError::NotFound(Noun::Comparison))?;
        let runs = repo::runs(pool, row.id).await?;
        let dek = self.accounts.data_key(viewer.id).await?;
        let mut found = view::comparison(&dek, row, runs)?;
        found.public_url =
            found.share_slug.as_ref().filter(|_| found.is_shared).map(|slug| self.public_url.shared(slug));
        Ok(found)
    }

    async fn delete(&self, viewer: &Viewer, id: ComparisonId) -> Result<(), AppError> {
        let is_deleted = repo::delete(&self.executor.pool, viewer.id, id).await?;
        if let Some(live) = self.live(viewer, id) {
            live.cancel_all();
        }
        if is_deleted { Ok(()) } else { Err(AppError::NotFound(Noun::Comparison)) }
    }

    async fn pick(&self, viewer: &Viewer, id: Option<ComparisonId>, run: RunId) -> Result<String, AppError> {
        let found = repo::pick(&self.executor.pool, viewer.id, (id, run)).await?;
        let picked = found.ok_or(AppError::NotFound(Noun::Run))?;
        let refuse = |why: &str| Err(AppError::Conflict(format!("Only an answer that is done can be picked; {why}.")));
        match view::status(&picked.status)? {
            RunStatus::Succeeded => {
                if let Some(live) = self.live(viewer, ComparisonId(picked.session_id)) {
                    live.pick(run);
                }
                Ok(picked.model_public_name)
            }
            RunStatus::Queued | RunStatus::Running => refuse("this one is still being written"),
            RunStatus::Failed => refuse("this one failed"),
            RunStatus::Cancelled => refuse("this one was stopped"),
            RunStatus::Interrupted => refuse("this one was interrupted"),
        }
    }

    async fn cancel(&self, viewer: &Viewer, id: ComparisonId, run: RunId) -> Result<(), AppError> {
        if let Some(token) = self.live(viewer, id).and_then(|live| live.cancel_token(run)) {
            token.cancel();
            return Ok(());
        }
        let now = self.executor.clock.now();
        match repo::request_cancel(&self.executor.pool, viewer.id, (id, run), now).await? {
            true => Ok(()),
            false => Err(AppError::NotFound(Noun::Run)),
        }
    }
}

/// The comparison before its first run starts.
fn new_comparison(
    id: ComparisonId,
    now: chrono::DateTime<chrono::Utc>,
    request: &ComparisonRequest,
    runs: &[(RunId, CallableModel)],
) -> Comparison {
    Comparison {
        id,
        created_at: now,
        prompt: request.prompt.clone(),
        system_prompt: request.system_prompt.clone().filter(|text| !text.is_empty()),
        parameters: request.parameters,
        is_shared: false,
        share_slug: None,
        public_url: None,
        picked_run_id: None,
        runs: (0..).zip(runs).map(|(position, (id, model))| new_run(*id, position, &model.public_name)).collect(),
    }
}

fn new_run(id: RunId, position: u8, model: &str) -> Run {
    Run {
        id,
        position,
        model: model.to_owned(),
        status: RunStatus::Queued,
        response_content: None,
        finish_reason: None,
        error: None,
        latency_ms: None,
        ttft_ms: None,
        tokens_in: None,
        tokens_out: None,
        tokens_per_second: None,
        cost_usd: Usd::zero(),
        list_cost_usd: None,
    }
}

/// A name from outside, short enough to be quoted.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
