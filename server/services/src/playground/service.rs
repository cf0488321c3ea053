//! What a member can do with comparisons.

mod create;
mod history;
mod retry;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    ComparisonId, RunId, UserId,
    accounts::Viewer,
    error::{AppError, Noun},
    playground::{Comparison, Event, HistoryEntry, HistoryFilter, PlaygroundPort, RunStatus},
};
use foundation::error::Error;

use super::{
    active_comparison::ActiveComparison,
    changes::changes,
    executor::Executor,
    mapping,
    repo::{runs, sessions},
    run_registry::RunPermit,
};
use crate::{PublicUrl, accounts::AccountService, catalog::CatalogService};

/// Comparisons that stay in a member's history. Making a new one deletes those beyond, unless they are shared.
const HISTORY_LIMIT: i64 = 50;
/// Shared comparisons that are listed.
const SHARED_LIMIT: i64 = 500;
/// How often a comparison that runs in another process is read from the database.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

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

    /// Waits until every run of a comparison has ended, in whichever process it runs. Cancel-safe.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if it is deleted meanwhile, and what the database returns.
    pub async fn finished(&self, viewer: &Viewer, live: &ActiveComparison) -> Result<Comparison, AppError> {
        let mut now = live.finished().await;
        if live.is_handed_over() {
            now = self.stored(viewer, live.id).await?;
            while !now.is_finished() {
                (_, now) = self.next_change(viewer, now).await?;
            }
        }
        Ok(now)
    }

    /// Polls the database until a comparison differs from the state that was sent to its watcher. Returns the events in between,
    /// at least one, and the new state. Cancel-safe.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if it is deleted meanwhile, and what the database returns.
    pub(super) async fn next_change(
        &self,
        viewer: &Viewer,
        sent: Comparison,
    ) -> Result<(Vec<Event>, Comparison), AppError> {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            let now = self.stored(viewer, sent.id).await?;
            let events = changes(&sent, &now);
            if !events.is_empty() {
                return Ok((events, now));
            }
        }
    }

    /// The comparison as it is stored.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where the member has no such comparison.
    pub(super) async fn stored(&self, viewer: &Viewer, id: ComparisonId) -> Result<Comparison, AppError> {
        let pool = &self.executor.pool;
        let row = sessions::find(pool, viewer.id, id).await?.ok_or(AppError::NotFound(Noun::Comparison))?;
        let runs = runs::of_session(pool, row.id).await?;
        if runs.is_empty() {
            // Deleted between the two statements.
            return Err(AppError::NotFound(Noun::Comparison));
        }
        let dek = self.accounts.data_key(viewer.id).await?;
        let mut found = mapping::comparison(&dek, row, runs)?;
        found.public_url =
            found.share_slug.as_ref().filter(|_| found.is_shared).map(|slug| self.public_url.shared(slug));
        Ok(found)
    }

    /// Marks every open run as interrupted. For the start of a server that is the only one on its database.
    pub async fn end_open_runs(&self) -> Result<(), Error> {
        let executor = &self.executor;
        let now = executor.clock.now();
        let count = runs::reap(&executor.pool, now + chrono::TimeDelta::days(36_500), now).await?;
        if count > 0 {
            tracing::warn!(count, "runs of the last process were marked as interrupted");
        }
        Ok(())
    }

    /// Cancels everything that a member runs in this process.
    pub fn stop_all(&self, user: UserId) {
        self.executor.registry.of(user).iter().for_each(|live| live.cancel_all());
    }

    /// The ids of the member's comparisons, oldest first, from the one behind `after` on.
    pub async fn ids(
        &self,
        viewer: &Viewer,
        after: Option<ComparisonId>,
        limit: i64,
    ) -> Result<Vec<ComparisonId>, AppError> {
        Ok(sessions::ids(&self.executor.pool, viewer.id, after, limit).await?)
    }

    /// Admission control: a permit for one job of the member.
    ///
    /// # Errors
    /// [`AppError::RateLimited`] where the member has too many jobs running.
    fn permit(&self, viewer: &Viewer) -> Result<RunPermit, AppError> {
        self.executor.registry.try_acquire(viewer.id).ok_or(AppError::RateLimited { retry_after_s: 5 })
    }

    /// The comparison while it runs in this process.
    pub fn live(&self, viewer: &Viewer, id: ComparisonId) -> Option<Arc<ActiveComparison>> {
        self.executor.registry.find(viewer.id, id)
    }
}

#[async_trait]
impl PlaygroundPort for PlaygroundService {
    async fn history(&self, viewer: &Viewer, filter: &HistoryFilter) -> Result<Vec<HistoryEntry>, AppError> {
        let rows = sessions::history(&self.executor.pool, viewer.id, HISTORY_LIMIT).await?;
        self.entries(viewer, rows, filter).await
    }

    async fn shared(&self, viewer: &Viewer) -> Result<Vec<HistoryEntry>, AppError> {
        let rows = sessions::shared(&self.executor.pool, viewer.id, SHARED_LIMIT).await?;
        self.entries(viewer, rows, &HistoryFilter::default()).await
    }

    async fn find(&self, viewer: &Viewer, id: ComparisonId) -> Result<Comparison, AppError> {
        if let Some(live) = self.live(viewer, id) {
            return Ok(live.snapshot());
        }
        self.stored(viewer, id).await
    }

    async fn delete(&self, viewer: &Viewer, id: ComparisonId) -> Result<(), AppError> {
        let is_deleted = sessions::delete(&self.executor.pool, viewer.id, id).await?;
        if let Some(live) = self.live(viewer, id) {
            live.cancel_all();
        }
        if is_deleted { Ok(()) } else { Err(AppError::NotFound(Noun::Comparison)) }
    }

    async fn pick(&self, viewer: &Viewer, id: Option<ComparisonId>, run: RunId) -> Result<String, AppError> {
        let found = sessions::pick(&self.executor.pool, viewer.id, (id, run)).await?;
        let picked = found.ok_or(AppError::NotFound(Noun::Run))?;
        let refuse = |why: &str| Err(AppError::Conflict(format!("Only an answer that is done can be picked; {why}.")));
        match mapping::status(&picked.status)? {
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
        match runs::request_cancel(&self.executor.pool, viewer.id, (id, run), now).await? {
            true => Ok(()),
            false => Err(AppError::NotFound(Noun::Run)),
        }
    }
}
