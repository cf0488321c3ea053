//! Managing keys for members, and authenticating and rate-limiting them for the gateway.

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
    authorized_key::AuthorizedKey,
    last_used::LastUsed,
    rate_limiter::{self, RateLimiter},
    repo,
    secret::{self, Secret},
};
use crate::{catalog::CatalogService, row_cache::RowCache};

/// The notification channel for changes of keys.
pub const CHANNEL: &str = "quadrille_keys";
/// Revoked keys that are kept for each member; older ones are deleted when a new key is created.
const REVOKED_KEPT: i64 = 50;
/// How often the times of last use are written.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// The API keys.
pub struct KeyService {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    catalog: Arc<CatalogService>,
    cache: RowCache<[u8; 32], AuthorizedKey>,
    rate_limiter: RateLimiter,
    last_used: LastUsed,
}

impl KeyService {
    /// A service on this database.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks, catalog: Arc<CatalogService>) -> Self {
        Self {
            pool,
            clock,
            tasks,
            catalog,
            cache: RowCache::default(),
            rate_limiter: RateLimiter::default(),
            last_used: LastUsed::default(),
        }
    }

    /// Authenticates a secret. `None`: it belongs to no key, the key is revoked, or its member is disabled. Cached for a few
    /// seconds, and for some minutes while the database cannot be reached.
    ///
    /// # Errors
    ///
    /// The database cannot be reached, and the key is not cached.
    pub async fn authenticate(&self, secret: &str, now: DateTime<Utc>) -> Result<Option<AuthorizedKey>, Error> {
        let Some(hash) = secret::hash_of(secret) else { return Ok(None) };
        self.cache.get(&hash, now, || repo::authorize(&self.pool, &hash)).await
    }

    /// Counts a request against the key's limit, which holds across replicas. While the database cannot be reached, each
    /// replica applies the limit by itself.
    ///
    /// # Errors
    ///
    /// The limit is reached; the error is the time until the next minute.
    pub async fn take(&self, key: &AuthorizedKey, now: DateTime<Utc>) -> Result<(), Duration> {
        let Some(limit) = key.requests_per_minute else { return Ok(()) };
        let rejected = Err(rate_limiter::until_next(now));
        if self.rate_limiter.is_exhausted(key.id.0, limit, now) {
            return rejected;
        }
        let sql_limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let is_admitted = match repo::take(&self.pool, key.id, rate_limiter::begin(now), sql_limit).await {
            Ok(is_admitted) => {
                if !is_admitted {
                    self.rate_limiter.set_exhausted(key.id.0, limit, now);
                }
                is_admitted
            }
            Err(error) => {
                tracing::warn!(%error, "the database is away: a request was counted by this process alone");
                self.rate_limiter.take_local(key.id.0, limit, now)
            }
        };
        if is_admitted { Ok(()) } else { rejected }
    }

    /// Notes that a key was used; written to the database within a few seconds. Does not block.
    pub fn touch(&self, id: KeyId, now: DateTime<Utc>) {
        self.last_used.note(id.0, now);
    }

    /// Writes what [`KeyService::touch`] has noted.
    ///
    /// # Errors
    ///
    /// The database cannot be reached; the times are then written with the next call.
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

    /// Invalidates cached keys. The payload of a notification is the id of a key or of a member.
    pub fn on_notify(&self, notice: Notice<'_>) {
        match notice {
            Notice::Of(id) => match id.parse::<Uuid>() {
                Ok(id) => self.cache.invalidate(|_, key| key.id.0 == id || key.user_id.0 == id),
                Err(_) => self.cache.invalidate_all(),
            },
            Notice::Missed => self.cache.invalidate_all(),
        }
    }
}

#[async_trait]
impl KeysPort for KeyService {
    async fn keys(&self, viewer: &Viewer) -> Result<Vec<ApiKey>, AppError> {
        let limit = KEY_LIMITS.keys as i64 + REVOKED_KEPT;
        Ok(repo::list(&self.pool, viewer.id, limit).await?)
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
        // Other replicas are notified; in this process the change holds at once.
        self.cache.invalidate(|_, key| key.id == id);
        changed.ok_or_else(|| AppError::Conflict("This key is revoked and cannot be changed. Make a new one.".into()))
    }

    async fn revoke(&self, viewer: &Viewer, id: KeyId) -> Result<(), AppError> {
        let is_revoked = repo::revoke(&self.pool, viewer.id, id, self.clock.now()).await?;
        self.cache.invalidate(|_, key| key.id == id);
        if is_revoked { Ok(()) } else { Err(AppError::NotFound(Noun::Key)) }
    }
}

/// Inserts a key unless the member has reached the limit.
async fn insert(pool: &PgPool, user: UserId, key: ApiKey, secret_hash: &[u8]) -> Result<ApiKey, AppError> {
    let mut tx = pool.begin().await.map_err(Error::from)?;
    repo::lock_user(&mut *tx, user).await?;
    let limit = KEY_LIMITS.keys;
    if repo::count(&mut *tx, user).await? >= limit as i64 {
        let message = format!("You have {limit} keys, and more are not possible. Revoke one that is no longer needed.");
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

/// Writes the times of last use every few seconds until the server stops, and a last time then.
pub async fn write_last_used_forever(keys: Arc<KeyService>, tasks: Tasks) {
    let stopping = tasks.stopping();
    loop {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(WRITE_EVERY) => {}
        }
        if let Err(error) = keys.write_last_used().await {
            tracing::warn!(%error, "the times of last use of keys could not be written");
        }
        if stopping.is_cancelled() {
            return;
        }
    }
}
