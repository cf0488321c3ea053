//! What members do with keys, and what the gateway asks about them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use database::Notice;
use domain::{
    KeyId, UserId,
    accounts::Viewer,
    error::{AppError, Noun},
    keys::{ApiKey, KEY_LIMITS, KeyChange, KeyRequest, KeysPort, NewKey},
};
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    last_used::LastUsed,
    rate_limiter::{self, RateLimiter},
    repo,
    secret::{self, Secret},
};
use crate::{catalog::CatalogService, row_cache::RowCache};

/// Where changes of keys are told.
pub const CHANNEL: &str = "quadrille_keys";
/// Revoked keys that a member can still look at; older ones go when a new key is made.
const REVOKED_KEPT: i64 = 50;
/// How often the times of last use are written.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// A key that may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizedKey {
    pub id: KeyId,
    pub user_id: UserId,
    /// Public names; `None`: every model.
    pub models: Option<Vec<String>>,
    pub requests_per_minute: Option<u32>,
}

/// The keys.
pub struct KeyService {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    catalog: Arc<CatalogService>,
    known: RowCache<[u8; 32], AuthorizedKey>,
    rate_limiter: RateLimiter,
    last_used: LastUsed,
}

impl KeyService {
    /// The keys of this database.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks, catalog: Arc<CatalogService>) -> Self {
        Self {
            pool,
            clock,
            tasks,
            catalog,
            known: RowCache::default(),
            rate_limiter: RateLimiter::default(),
            last_used: LastUsed::default(),
        }
    }

    /// Whose key this is. `None`: no key, a revoked one, or one of a member who is disabled. A key that was known lately is
    /// still known while the database is away.
    pub async fn authenticate(&self, secret: &str, now: DateTime<Utc>) -> Result<Option<AuthorizedKey>, Error> {
        let Some(hash) = secret::hash_of(secret) else { return Ok(None) };
        self.known.get(&hash, now, || repo::authorize(&self.pool, &hash)).await
    }

    /// Counts a request against the key's limit, with those of all replicas. While the database is away each replica keeps
    /// to the limit by itself.
    ///
    /// # Errors
    ///
    /// The limit is reached; the error says for how long.
    pub async fn take(&self, key: &AuthorizedKey, now: DateTime<Utc>) -> Result<(), Duration> {
        let Some(limit) = key.requests_per_minute else { return Ok(()) };
        let refused = Err(rate_limiter::until_next(now));
        if self.rate_limiter.is_used_up(key.id.0, limit, now) {
            return refused;
        }
        let most = i32::try_from(limit).unwrap_or(i32::MAX);
        let has_room = match repo::take(&self.pool, key.id, rate_limiter::begin(now), most).await {
            Ok(has_room) => {
                if !has_room {
                    self.rate_limiter.used_up(key.id.0, limit, now);
                }
                has_room
            }
            Err(error) => {
                tracing::warn!(%error, "a request was counted here alone");
                self.rate_limiter.take_alone(key.id.0, limit, now)
            }
        };
        if has_room { Ok(()) } else { refused }
    }

    /// Notes that a key was used; written within a few seconds.
    pub fn touch(&self, id: KeyId, now: DateTime<Utc>) {
        self.last_used.note(id.0, now);
    }

    /// Writes what [`KeyService::touch`] has noted.
    pub async fn write_last_used(&self) -> Result<(), Error> {
        let noted = self.last_used.take();
        if noted.is_empty() {
            return Ok(());
        }
        let (keys, times): (Vec<Uuid>, Vec<DateTime<Utc>>) = noted.iter().copied().unzip();
        let written = repo::touch(&self.pool, &keys, &times).await;
        if written.is_err() {
            noted.into_iter().for_each(|(key, at)| self.last_used.note(key, at));
        }
        written
    }

    /// Hears of changes: the payload is a key's id, or its member's.
    pub fn on_notify(&self, notice: Notice<'_>) {
        match notice {
            Notice::Of(id) => match id.parse::<Uuid>() {
                Ok(id) => self.known.invalidate(|_, key| key.id.0 == id || key.user_id.0 == id),
                Err(_) => self.known.invalidate_all(),
            },
            Notice::Missed => self.known.invalidate_all(),
        }
    }
}

#[async_trait]
impl KeysPort for KeyService {
    async fn keys(&self, viewer: &Viewer) -> Result<Vec<ApiKey>, AppError> {
        let most = KEY_LIMITS.keys as i64 + REVOKED_KEPT;
        Ok(repo::list(&self.pool, viewer.id, most).await?)
    }

    async fn find(&self, viewer: &Viewer, id: KeyId) -> Result<ApiKey, AppError> {
        repo::find(&self.pool, viewer.id, id).await?.ok_or(AppError::NotFound(Noun::Key))
    }

    fn new_id(&self) -> KeyId {
        KeyId(Uuid::now_v7())
    }

    async fn create(&self, viewer: &Viewer, id: KeyId, request: KeyRequest) -> Result<NewKey, AppError> {
        let request = request.trimmed();
        let mut errors = request.errors();
        if errors.is_empty() {
            errors = self.catalog.unknown_models(request.models.as_deref().unwrap_or_default(), &[]).await?;
        }
        if !errors.is_empty() {
            return Err(AppError::Invalid(errors));
        }
        let secret = Secret::generate()?;
        let key = ApiKey {
            id,
            name: request.name,
            prefix: secret.prefix().to_owned(),
            models: request.models,
            requests_per_minute: request.requests_per_minute,
            created_at: self.clock.now(),
            last_used_at: None,
            revoked_at: None,
        };
        let (pool, user, hash) = (self.pool.clone(), viewer.id, secret.hash());
        let key = self.tasks.detached(async move { insert(&pool, user, key, &hash).await }).await?;
        Ok(NewKey { key, secret: secret.expose().to_owned() })
    }

    async fn change(&self, viewer: &Viewer, id: KeyId, change: KeyChange) -> Result<ApiKey, AppError> {
        let change = change.trimmed();
        let key = self.find(viewer, id).await?;
        let mut errors = change.errors();
        if errors.is_empty() {
            let models = change.models.as_ref().and_then(|models| models.as_deref()).unwrap_or_default();
            errors = self.catalog.unknown_models(models, key.models.as_deref().unwrap_or_default()).await?;
        }
        if !errors.is_empty() {
            return Err(AppError::Invalid(errors));
        }
        let changed = repo::update(&self.pool, viewer.id, id, &change).await?;
        // The others on_notify of it; this process need not wait for that.
        self.known.invalidate(|_, key| key.id == id);
        changed.ok_or_else(|| AppError::Conflict("This key is revoked and cannot be changed. Make a new one.".into()))
    }

    async fn revoke(&self, viewer: &Viewer, id: KeyId) -> Result<(), AppError> {
        let is_revoked = repo::revoke(&self.pool, viewer.id, id, self.clock.now()).await?;
        self.known.invalidate(|_, key| key.id == id);
        if is_revoked { Ok(()) } else { Err(AppError::NotFound(Noun::Key)) }
    }
}

/// Inserts a key where the member has room for one more.
async fn insert(pool: &PgPool, user: UserId, key: ApiKey, secret_hash: &[u8]) -> Result<ApiKey, AppError> {
    let mut tx = pool.begin().await.map_err(Error::from)?;
    repo::lock_user(&mut *tx, user).await?;
    let most = KEY_LIMITS.keys;
    if repo::count(&mut *tx, user).await? >= most as i64 {
        let message = format!("You have {most} keys, and more are not possible. Revoke one that is no longer needed.");
        return Err(AppError::Conflict(message));
    }
    let new = repo::NewRow {
        id: key.id,
        user,
        name: &key.name,
        prefix: &key.prefix,
        secret_hash,
        models: key.models.as_deref(),
        requests_per_minute: key.requests_per_minute.and_then(|limit| i32::try_from(limit).ok()),
        created_at: key.created_at,
    };
    if !repo::insert(&mut *tx, &new).await? {
        let message =
            "This key has been made already, and its secret is told only once. Make another one if it is lost.";
        return Err(AppError::Conflict(message.into()));
    }
    repo::trim_revoked(&mut *tx, user, REVOKED_KEPT).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(key)
}

/// Writes the times of last use every few seconds, and once more when the server stops.
pub async fn write_last_used_forever(keys: Arc<KeyService>, tasks: Tasks) {
    let stopping = tasks.stopping();
    loop {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(WRITE_EVERY) => {}
        }
        if let Err(error) = keys.write_last_used().await {
            tracing::warn!(%error, "when keys were last used was not written");
        }
        if stopping.is_cancelled() {
            return;
        }
    }
}
