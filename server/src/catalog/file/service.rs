//! The room's service, and proposals between being made and being taken over.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use app::{
    account::Admin,
    catalog::admin::{CatalogDiff, CatalogFilePort, PriceProposal},
    domain::UserId,
    error::{AppError, FieldError},
};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{audit::Actor, catalog::CatalogService};

/// Sets of proposals that wait.
const MOST: usize = 10;
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The catalogue as a file.
#[derive(Clone)]
pub struct CatalogFileService {
    pub(super) catalog: Arc<CatalogService>,
    waiting: Arc<Mutex<VecDeque<Waiting>>>,
}

#[derive(Clone)]
struct Waiting {
    id: Uuid,
    owner: UserId,
    at: Instant,
    what: What,
}

/// What an admin has to look at before it is done.
#[derive(Clone)]
enum What {
    Proposals(Vec<PriceProposal>),
    File { text: String, diff: CatalogDiff },
}

impl CatalogFileService {
    /// Files of this catalogue.
    pub fn new(catalog: Arc<CatalogService>) -> Self {
        Self { catalog, waiting: Arc::default() }
    }

    /// Remembers proposals for their admin's page.
    pub(super) fn put_proposals(&self, admin: &Admin, proposals: Vec<PriceProposal>) -> Uuid {
        self.put(admin, What::Proposals(proposals))
    }

    fn get(&self, admin: &Admin, id: Uuid) -> Option<What> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let set = waiting.iter().find(|set| set.id == id && set.owner == admin.viewer().id)?;
        (set.at.elapsed() < LIFETIME).then(|| set.what.clone())
    }

    fn put(&self, admin: &Admin, what: What) -> Uuid {
        let id = Uuid::now_v7();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|set| set.at.elapsed() < LIFETIME);
        if waiting.len() == MOST {
            waiting.pop_front();
        }
        waiting.push_back(Waiting { id, owner: admin.viewer().id, at: Instant::now(), what });
        id
    }
}

#[async_trait]
impl CatalogFilePort for CatalogFileService {
    async fn export(&self, _: &Admin) -> Result<String, AppError> {
        Ok(self.write_file().await?)
    }

    async fn import(&self, admin: &Admin, text: &str, is_dry_run: bool) -> Result<CatalogDiff, AppError> {
        Ok(self.read_file(&Actor::from(admin), text, is_dry_run).await?)
    }

    async fn preview(&self, admin: &Admin, text: String) -> Result<Uuid, AppError> {
        let diff = self.read_file(&Actor::from(admin), &text, true).await?;
        Ok(self.put(admin, What::File { text, diff }))
    }

    fn previewed(&self, admin: &Admin, id: Uuid) -> Option<CatalogDiff> {
        match self.get(admin, id)? {
            What::File { diff, .. } => Some(diff),
            What::Proposals(_) => None,
        }
    }

    async fn apply_file(&self, admin: &Admin, id: Uuid) -> Result<CatalogDiff, AppError> {
        let Some(What::File { text, .. }) = self.get(admin, id) else {
            return Err(AppError::Conflict("This file is no longer at hand. Give it again.".into()));
        };
        Ok(self.read_file(&Actor::from(admin), &text, false).await?)
    }

    fn proposals(&self, admin: &Admin, id: Uuid) -> Option<Vec<PriceProposal>> {
        match self.get(admin, id)? {
            What::Proposals(proposals) => Some(proposals),
            What::File { .. } => None,
        }
    }

    async fn apply_prices(&self, admin: &Admin, id: Uuid, slugs: &[String]) -> Result<u32, AppError> {
        let proposals = self.proposals(admin, id).ok_or_else(|| {
            AppError::Conflict("These proposals are no longer at hand. Give the price file again.".into())
        })?;
        let chosen: Vec<_> = proposals.into_iter().filter(|proposal| slugs.contains(&proposal.slug)).collect();
        if chosen.is_empty() {
            let message = "Tick at least one model.";
            return Err(AppError::Invalid(vec![FieldError::new("slugs", "empty", message)]));
        }
        Ok(self.take_over(&Actor::from(admin), chosen).await?)
    }
}
