//! Creating a comparison: by running it, or as a copy of a shared one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use crypto::Dek;
use domain::{
    ComparisonId, RunId, UserId,
    accounts::Viewer,
    error::{AppError, FieldError},
    playground::{Comparison, ComparisonRequest, Run, RunResult},
};
use foundation::error::Error;
use uuid::Uuid;

use super::{HISTORY_LIMIT, PlaygroundService};
use crate::{
    catalog::CallableModel,
    playground::{
        active_comparison::ActiveComparison,
        encryption,
        executor::{Job, Planned},
        repo::{NewRun, runs, sessions},
        run_registry::RunPermit,
    },
};

impl PlaygroundService {
    /// Checks, stores and starts a comparison. It runs to its end even if the caller goes away.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with the fields, [`AppError::RateLimited`] where the member has too many jobs running.
    pub async fn create(&self, viewer: &Viewer, request: ComparisonRequest) -> Result<Arc<ActiveComparison>, AppError> {
        request.check().map_err(AppError::Invalid)?;
        let permit = self.permit(viewer)?;
        let data_key = async { Ok(self.accounts.data_key(viewer.id).await?) };
        let (models, dek) = tokio::try_join!(self.models(&request), data_key)?;
        let (this, user) = (self.clone(), viewer.id);
        self.executor
            .tasks
            .detached(async move { this.store_and_start(user, request, models, (dek, permit)).await })
            .await
    }

    /// Stores a copy of a shared comparison, whose runs have all ended.
    ///
    /// # Errors
    /// What the database and the encryption return.
    pub async fn insert_copy(&self, viewer: &Viewer, copy: Comparison) -> Result<(), AppError> {
        let dek = self.accounts.data_key(viewer.id).await?;
        let (executor, user) = (self.executor.clone(), viewer.id);
        let work = async move {
            let session = encryption::session(&dek, user, &copy)?;
            let runs: Vec<NewRun<'_>> =
                copy.runs.iter().map(|run| encryption::new_run(run, &run.model)).collect::<Result<_, _>>()?;
            let lease = executor.lease();
            let mut tx = executor.pool.begin().await?;
            sessions::insert(&mut *tx, &session, &runs, (lease, HISTORY_LIMIT)).await?;
            for run in &copy.runs {
                let ending = encryption::ending(&dek, run, copy.created_at)?;
                runs::finish(&mut *tx, run.id, lease.owner, &ending).await?;
            }
            Ok::<_, Error>(tx.commit().await?)
        };
        Ok(self.executor.tasks.detached(work).await?)
    }

    /// The models of a request, by position.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with the fields that name no model or exceed a model's context window.
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
        (dek, permit): (Dek, RunPermit),
    ) -> Result<Arc<ActiveComparison>, AppError> {
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
            permit,
            live: Arc::new(ActiveComparison::new(user, new_comparison(id, executor.clock.now(), &request, &runs))),
            dek,
            prompt: request.prompt,
            system_prompt: request.system_prompt.filter(|text| !text.is_empty()),
            runs,
        };
        self.store(user, &job).await?;
        let live = executor.registry.enter(job.live.clone());
        executor.start(job);
        Ok(live)
    }

    async fn store(&self, user: UserId, job: &Job) -> Result<(), Error> {
        let executor = &self.executor;
        let made = job.live.snapshot();
        let upstream_models = job.runs.iter().map(|run| run.model.upstream_model.as_str());
        let runs: Vec<NewRun<'_>> = made
            .runs
            .iter()
            .zip(upstream_models)
            .map(|(run, asked)| encryption::new_run(run, asked))
            .collect::<Result<_, _>>()?;
        let session = encryption::session(&job.dek, user, &made)?;
        sessions::insert(&executor.pool, &session, &runs, (executor.lease(), HISTORY_LIMIT)).await
    }
}

/// The comparison before its first run starts.
fn new_comparison(id: ComparisonId, now: DateTime<Utc>, request: &ComparisonRequest, runs: &[Planned]) -> Comparison {
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
            .map(|(position, run)| {
                let parameters = Some(run.parameters).filter(|own| *own != request.parameters);
                let result = RunResult { parameters, ..RunResult::default() };
                Run { result, ..Run::queued(run.id, position, &run.model.public_name) }
            })
            .collect(),
    }
}

/// A name from a request, short enough to be quoted in a message.
pub(super) fn shortened(name: &str) -> String {
    match name.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
