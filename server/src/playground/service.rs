//! What a member can do with comparisons.

use std::{collections::HashMap, sync::Arc};

use app::{
    account::Viewer,
    domain::{ComparisonId, RunId, UserId},
    error::{AppError, FieldError, Noun},
    playground::{
        Comparison, ComparisonRequest, HistoryEntry, HistoryFilter, HistoryRun, Parameters, PlaygroundPort, Run,
        RunStatus,
    },
};
use async_trait::async_trait;
use uuid::Uuid;

use super::{
    executor::{Executor, Job, Planned},
    fields,
    live::{Live, new_run},
    repo::{self, NewRun, NewSession},
    stream, view,
};
use crate::{
    auth::AccountService,
    catalog::{CallableModel, CatalogService},
    config::PublicUrl,
    crypto::Dek,
    error::Error,
};

/// Comparisons that stay in a member's history; older ones go when a new one is made, unless they are shared.
pub const KEPT: i64 = 50;
/// Shared comparisons that are listed.
const MOST_SHARED: i64 = 500;
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

    /// Does one ended run anew, while others may go on. Its old answer is replaced.
    pub async fn retry(&self, viewer: &Viewer, id: ComparisonId, run: RunId) -> Result<(), AppError> {
        if self.executor.hub.count(viewer.id) >= RUNNING_AT_ONCE {
            return Err(AppError::RateLimited { retry_after_s: 5 });
        }
        let found = self.find(viewer, id).await?;
        let old = found.runs.iter().find(|other| other.id == run).ok_or(AppError::NotFound(Noun::Run))?;
        if !old.status.is_ended() {
            return Err(still_runs());
        }
        let name = old.model.clone();
        let model =
            self.catalog.callable(std::slice::from_ref(&name)).await?.remove(&name).ok_or_else(|| {
                AppError::Conflict(format!("There is no model {:?} to ask any more.", shortened(&name)))
            })?;
        let dek = self.accounts.data_key(viewer.id).await?;
        let planned = Planned { id: run, model, parameters: old.parameters.unwrap_or(found.parameters) };
        let (this, viewer) = (self.clone(), viewer.clone());
        self.executor.tasks.detached(async move { this.restart(&viewer, id, planned, dek).await }).await
    }

    async fn restart(&self, viewer: &Viewer, id: ComparisonId, run: Planned, dek: Dek) -> Result<(), AppError> {
        let executor = &self.executor;
        let names = (id, run.id);
        match repo::restart(&executor.pool, viewer.id, names, &run.model.upstream_model, executor.lease()).await? {
            None => return Err(AppError::NotFound(Noun::Run)),
            Some(false) => return Err(still_runs()),
            Some(true) => {}
        }
        // Read again: whatever ended meanwhile is in the database, and whatever runs here is in the hub.
        let fresh = self.stored(viewer, id).await?;
        let (prompt, system_prompt) = (fresh.prompt.clone(), fresh.system_prompt.clone());
        let live = match executor.hub.find(viewer.id, id) {
            // The others still run, but not here: the database is where all of it comes together.
            None if fresh.runs.iter().any(|other| other.id != run.id && !other.status.is_ended()) => {
                Arc::new(Live::new(viewer.id, fresh))
            }
            _ => executor.hub.enter(Arc::new(Live::new(viewer.id, fresh))),
        };
        live.restart(run.id);
        executor.start(Job { live, dek, prompt, system_prompt, runs: vec![run] });
        Ok(())
    }

    /// Waits until every run of a comparison has ended, wherever that is.
    pub async fn finished(&self, viewer: &Viewer, live: &Live) -> Result<Comparison, AppError> {
        let mut now = live.finished().await;
        if live.is_handed_over() {
            now = self.stored(viewer, live.id).await?;
            while !now.is_finished() {
                (_, now) = stream::next_change(self, viewer, now).await?;
            }
        }
        Ok(now)
    }

    /// The comparison as the database has it.
    pub(super) async fn stored(&self, viewer: &Viewer, id: ComparisonId) -> Result<Comparison, AppError> {
        let pool = &self.executor.pool;
        let row = repo::find(pool, viewer.id, id).await?.ok_or(AppError::NotFound(Noun::Comparison))?;
        let runs = repo::runs(pool, row.id).await?;
        if runs.is_empty() {
            // Deleted between the two statements.
            return Err(AppError::NotFound(Noun::Comparison));
        }
        let dek = self.accounts.data_key(viewer.id).await?;
        let mut found = view::comparison(&dek, row, runs)?;
        found.public_url =
            found.share_slug.as_ref().filter(|_| found.is_shared).map(|slug| self.public_url.shared(slug));
        Ok(found)
    }

    /// Rows of the history as their member sees them, those that are wanted.
    async fn entries(
        &self,
        viewer: &Viewer,
        rows: Vec<repo::SessionRow>,
        filter: &HistoryFilter,
    ) -> Result<Vec<HistoryEntry>, AppError> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut runs: HashMap<Uuid, Vec<HistoryRun>> = HashMap::new();
        for row in repo::history_runs(&self.executor.pool, &ids).await? {
            let run = HistoryRun {
                id: RunId(row.id),
                position: u8::try_from(row.position).unwrap_or_default(),
                model: row.model_public_name,
                status: view::status(&row.status)?,
            };
            runs.entry(row.session_id).or_default().push(run);
        }
        let dek = self.accounts.data_key(viewer.id).await?;
        let entries = rows.into_iter().filter_map(|row| {
            let prompt = view::prompt(&dek, row.id, &row.prompt_ct);
            let is_shared = row.shared_at.is_some();
            let entry = HistoryEntry {
                id: ComparisonId(row.id),
                created_at: row.created_at,
                prompt_preview: view::preview(&prompt),
                is_shared,
                public_url: row.share_slug.filter(|_| is_shared).map(|slug| self.public_url.shared(&slug)),
                picked_run_id: row.picked_run_id.map(RunId),
                runs: runs.remove(&row.id).unwrap_or_default(),
            };
            filter.wants(&prompt, &entry).then_some(entry)
        });
        Ok(entries.collect())
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

    /// Stops everything that a member runs in this process.
    pub fn stop_all(&self, user: UserId) {
        self.executor.hub.of(user).iter().for_each(|live| live.cancel_all());
    }

    /// The ids of the member's comparisons, the oldest first, from the one behind `after` on.
    pub async fn ids(
        &self,
        viewer: &Viewer,
        after: Option<ComparisonId>,
        limit: i64,
    ) -> Result<Vec<ComparisonId>, AppError> {
        Ok(repo::ids(&self.executor.pool, viewer.id, after, limit).await?)
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
        for (position, own) in request.card_parameters.iter().enumerate() {
            let limit = request.models.get(position).and_then(|name| known.get(name)?.context_window);
            if let (Some(max_tokens), Some(limit)) = (own.and_then(|own| own.max_tokens), limit)
                && max_tokens > limit
            {
                let message = format!("Max tokens must be at most {limit}, the context window of this card's model.");
                errors.push(FieldError::new(
                    format!("card_parameters[{position}].max_tokens"),
                    "out_of_range",
                    message,
                ));
            }
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
        let of_card = |position: usize| request.card_parameters.get(position).copied().flatten();
        let runs: Vec<Planned> = models
            .into_iter()
            .enumerate()
            .map(|(position, model)| {
                let parameters = of_card(position).unwrap_or(request.parameters);
                Planned { id: RunId(Uuid::now_v7()), model, parameters }
            })
            .collect();
        let job = Job {
            live: Arc::new(Live::new(user, new_comparison(id, executor.clock.now(), &request, &runs))),
            dek,
            prompt: request.prompt,
            system_prompt: request.system_prompt.filter(|text| !text.is_empty()),
            runs,
        };
        self.store(user, &job, request.parameters).await?;
        let live = executor.hub.enter(job.live.clone());
        executor.start(job);
        Ok(live)
    }

    async fn store(&self, user: UserId, job: &Job, shared: Parameters) -> Result<(), Error> {
        let executor = &self.executor;
        let id = job.live.id;
        let prompt_ct = job.dek.seal(fields::prompt(id), &job.prompt)?;
        let system_prompt_ct =
            job.system_prompt.as_ref().map(|text| job.dek.seal(fields::system_prompt(id), text)).transpose()?;
        let json = |parameters: Parameters| {
            serde_json::to_value(parameters).map_err(|error| Error::Broken(format!("parameters: {error}")))
        };
        let parameters = json(shared)?;
        let own = |run: &Planned| (run.parameters != shared).then(|| json(run.parameters)).transpose();
        let runs: Vec<NewRun<'_>> = (0..)
            .zip(&job.runs)
            .map(|(position, run)| {
                Ok(NewRun {
                    id: run.id,
                    position,
                    model_public_name: &run.model.public_name,
                    upstream_model: &run.model.upstream_model,
                    parameters: own(run)?,
                })
            })
            .collect::<Result<_, Error>>()?;

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
    async fn history(&self, viewer: &Viewer, filter: &HistoryFilter) -> Result<Vec<HistoryEntry>, AppError> {
        let rows = repo::history(&self.executor.pool, viewer.id, KEPT).await?;
        self.entries(viewer, rows, filter).await
    }

    async fn shared(&self, viewer: &Viewer) -> Result<Vec<HistoryEntry>, AppError> {
        let rows = repo::shared(&self.executor.pool, viewer.id, MOST_SHARED).await?;
        self.entries(viewer, rows, &HistoryFilter::default()).await
    }

    async fn find(&self, viewer: &Viewer, id: ComparisonId) -> Result<Comparison, AppError> {
        if let Some(live) = self.live(viewer, id) {
            return Ok(live.snapshot());
        }
        self.stored(viewer, id).await
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
    runs: &[Planned],
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
        runs: (0..)
            .zip(runs)
            .map(|(position, run)| Run {
                parameters: Some(run.parameters).filter(|own| *own != request.parameters),
                ..new_run(run.id, position, &run.model.public_name)
            })
            .collect(),
    }
}

fn still_runs() -> AppError {
    AppError::Conflict("This card still runs. Stop it first, or wait until it has ended.".into())
}

/// A name from outside, short enough to be quoted.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
