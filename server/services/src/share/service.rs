//! Sharing, unsharing, reading and copying comparisons, with their access checks.

use std::sync::Arc;

use async_trait::async_trait;
use crypto::{Dek, Field};
use domain::{
    ComparisonId, RunId, UserId,
    accounts::Viewer,
    error::{AppError, Noun},
    playground::{Comparison, PlaygroundPort},
    share::{ShareLink, SharePort, ShareRequest, SharedComparison, SharedContent},
};
use foundation::{clock::Clock, error::Error};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    repo::{self, NewShare},
    slug,
};
use crate::{PublicUrl, accounts::AccountService, playground::PlaygroundService};

/// Sharing.
pub struct ShareService {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    accounts: Arc<AccountService>,
    playground: Arc<PlaygroundService>,
    public_url: PublicUrl,
}

impl ShareService {
    /// The service with its dependencies.
    pub fn new(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        accounts: Arc<AccountService>,
        playground: Arc<PlaygroundService>,
        public_url: PublicUrl,
    ) -> Self {
        Self { pool, clock, accounts, playground, public_url }
    }

    /// Makes a private copy for a member, as [`SharePort::copy`], and returns it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where the slug leads to nothing.
    pub async fn copied(&self, viewer: &Viewer, slug: &str) -> Result<Comparison, AppError> {
        let id = self.copy(viewer, slug).await?;
        self.playground.find(viewer, id).await
    }

    /// The snapshot, encrypted under its owner's data key and bound to its row.
    fn encrypt(dek: &Dek, id: ComparisonId, content: &SharedContent) -> Result<Vec<u8>, Error> {
        let json = serde_json::to_string(content).map_err(|error| Error::Internal(format!("a snapshot: {error}")))?;
        dek.encrypt(share_field(id.0), &json)
    }
}

/// The encrypted field that holds a snapshot.
fn share_field(row: Uuid) -> Field {
    Field { table: "playground_sessions", column: "share_ct", row }
}

#[async_trait]
impl SharePort for ShareService {
    async fn share(&self, viewer: &Viewer, id: ComparisonId, request: ShareRequest) -> Result<ShareLink, AppError> {
        let comparison = self.playground.find(viewer, id).await?;
        let content = SharedContent::of(&comparison, &request)?;
        let dek = self.accounts.data_key(viewer.id).await?;
        let share_ct = Self::encrypt(&dek, id, &content)?;
        let fresh = slug::generate()?;
        let new =
            NewShare { share_ct: &share_ct, slug: &fresh, replaces_slug: request.new_link, now: self.clock.now() };
        match repo::share(&self.pool, viewer.id, id, &new).await? {
            Some(share_slug) => Ok(ShareLink { public_url: self.public_url.shared(&share_slug), share_slug }),
            // Deleted or retried meanwhile: reading it again tells which.
            None => {
                let again = self.playground.find(viewer, id).await?;
                SharedContent::of(&again, &request)?;
                Err(AppError::Conflict("Some models still answer. Share it when all of them have ended.".into()))
            }
        }
    }

    async fn unshare(&self, viewer: &Viewer, id: ComparisonId) -> Result<(), AppError> {
        match repo::unshare(&self.pool, viewer.id, id).await? {
            true => Ok(()),
            false => Err(AppError::NotFound(Noun::Comparison)),
        }
    }

    async fn shared(&self, slug: &str) -> Result<SharedComparison, AppError> {
        const GONE: AppError = AppError::NotFound(Noun::Comparison);
        if !slug::is_well_formed(slug) {
            return Err(GONE);
        }
        let row = repo::find(&self.pool, slug).await?.ok_or(GONE)?;
        let dek = self.accounts.open_data_key(UserId(row.user_id), &row.owners_key())?;
        let json = dek.decrypt(share_field(row.id), &row.share_ct)?;
        let content = serde_json::from_str(&json).map_err(|error| Error::Internal(format!("a snapshot: {error}")))?;
        Ok(SharedComparison {
            share_slug: slug.to_owned(),
            public_url: self.public_url.shared(slug),
            shared_at: row.shared_at,
            content,
        })
    }

    async fn copy(&self, viewer: &Viewer, slug: &str) -> Result<ComparisonId, AppError> {
        let content = self.shared(slug).await?.content;
        let id = ComparisonId(Uuid::now_v7());
        let copy = content.into_copy(id, self.clock.now(), || RunId(Uuid::now_v7()));
        self.playground.insert_copy(viewer, copy).await?;
        Ok(id)
    }
}
