//! Running one run of a comparison again.

use std::sync::Arc;

use crypto::Dek;
use domain::{
    ComparisonId, RunId,
    accounts::Viewer,
    error::{AppError, Noun},
    playground::PlaygroundPort,
};

use super::{PlaygroundService, create::shortened};
use crate::playground::{
    active_comparison::ActiveComparison,
    executor::{Job, Planned},
    repo::runs,
    run_registry::RunPermit,
};

impl PlaygroundService {
    /// Runs one ended run again, while others may go on. Its old answer is erased.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where the member has no such run, [`AppError::Conflict`] where it has not ended or its model is
    /// gone, [`AppError::RateLimited`] where the member has too many jobs running.
    pub async fn retry(&self, viewer: &Viewer, id: ComparisonId, run: RunId) -> Result<(), AppError> {
        let permit = self.permit(viewer)?;
        let found = self.find(viewer, id).await?;
        let old = found.runs.iter().find(|other| other.id == run).ok_or(AppError::NotFound(Noun::Run))?;
        if !old.is_ended() {
            return Err(still_runs());
        }
        let name = old.model.clone();
        let model =
            self.catalog.callable(std::slice::from_ref(&name)).await?.remove(&name).ok_or_else(|| {
                AppError::Conflict(format!("There is no model {:?} to ask any more.", shortened(&name)))
            })?;
        let dek = self.accounts.data_key(viewer.id).await?;
        let planned = Planned { id: run, model, parameters: old.result.parameters.unwrap_or(found.parameters) };
        let (this, viewer) = (self.clone(), viewer.clone());
        self.executor.tasks.detached(async move { this.restart(&viewer, id, planned, (dek, permit)).await }).await
    }

    async fn restart(
        &self,
        viewer: &Viewer,
        id: ComparisonId,
        run: Planned,
        (dek, permit): (Dek, RunPermit),
    ) -> Result<(), AppError> {
        let executor = &self.executor;
        let names = (id, run.id);
        match runs::restart(&executor.pool, viewer.id, names, &run.model.upstream_model, executor.lease()).await? {
            None => return Err(AppError::NotFound(Noun::Run)),
            Some(false) => return Err(still_runs()),
            Some(true) => {}
        }
        // Read again: runs that ended meanwhile are in the database, runs in this process are in the registry.
        let fresh = self.stored(viewer, id).await?;
        let (prompt, system_prompt) = (fresh.prompt.clone(), fresh.system_prompt.clone());
        let live = match executor.registry.find(viewer.id, id) {
            // The others run in another process, so only the database has the whole state: not registered.
            None if fresh.runs.iter().any(|other| other.id != run.id && !other.is_ended()) => {
                Arc::new(ActiveComparison::new(viewer.id, fresh))
            }
            _ => executor.registry.enter(Arc::new(ActiveComparison::new(viewer.id, fresh))),
        };
        live.restart(run.id);
        executor.start(Job { permit, live, dek, prompt, system_prompt, runs: vec![run] });
        Ok(())
    }
}

fn still_runs() -> AppError {
    AppError::Conflict("This card still runs. Stop it first, or wait until it has ended.".into())
}
