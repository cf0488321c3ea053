//! The account service: who a token signs in, members' data keys, and the port of the account pages.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use crypto::{Dek, Keyring, Wrapped};
use domain::{
    UserId,
    accounts::{AccountPort, Credentials, SignInContext, SignUp, SignUpMode, SignedIn, Viewer},
    error::{AppError, Noun},
};
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use sqlx::PgPool;

use super::{CookiePolicy, LimitSettings, TrustedProxies, limits::Limits, password::Passwords, repo, token};
use crate::PublicUrl;

/// How stale `last_seen_at` may get, so that not every request writes.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(5);

/// What the operator decides about accounts.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// Where users reach this site; its scheme decides the cookie's attributes.
    pub public_url: PublicUrl,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: TrustedProxies,
    /// Who can make an account.
    pub sign_up: SignUpMode,
    /// Rate limits of signing in and up.
    pub limits: LimitSettings,
}

/// Accounts, sign-ins and data keys.
pub struct AccountService {
    pub(super) pool: PgPool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    pub(super) keyring: Arc<Keyring>,
    pub(super) passwords: Passwords,
    pub(super) limits: Limits,
    pub(super) sign_up: SignUpMode,
    pub(super) cookies: CookiePolicy,
    trusted_proxies: TrustedProxies,
}

impl AccountService {
    /// The service with its dependencies. Blocks while it hashes one password, for the decoy.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    pub fn new(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
        keyring: Arc<Keyring>,
        settings: &AccountSettings,
    ) -> Result<Self, Error> {
        Ok(Self {
            pool,
            clock,
            tasks,
            keyring,
            passwords: Passwords::new()?,
            limits: Limits::new(settings.limits),
            sign_up: settings.sign_up,
            cookies: CookiePolicy::for_site(settings.public_url.is_https()),
            trusted_proxies: settings.trusted_proxies.clone(),
        })
    }

    /// The policy of the sign-in cookie.
    pub fn cookies(&self) -> CookiePolicy {
        self.cookies
    }

    /// The proxies whose `X-Forwarded-For` is trusted.
    pub(super) fn trusted_proxies(&self) -> &TrustedProxies {
        &self.trusted_proxies
    }

    /// Who a token signs in, if anybody. Not cached, so that disabling an account or ending a sign-in takes effect with the next
    /// request.
    ///
    /// # Errors
    /// What the database returns.
    pub async fn viewer(&self, token: &str) -> Result<Option<Viewer>, Error> {
        let Some(token_hash) = token::hash_of(token) else { return Ok(None) };
        let now = self.clock.now();
        let Some((viewer, last_seen_at)) = repo::find_viewer(&self.pool, &token_hash, now).await? else {
            return Ok(None);
        };
        if now - last_seen_at >= SEEN_EVERY {
            let pool = self.pool.clone();
            let seen = self.tasks.detached(async move { repo::touch_sign_in(&pool, &token_hash, now).await }).await;
            if let Err(error) = seen {
                // Not critical: the request goes on.
                tracing::warn!(%error, "the time of the last visit was not recorded");
            }
        }
        Ok(Some(viewer))
    }

    /// The data key of a member.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where the account is gone; where the key cannot be unwrapped.
    pub async fn data_key(&self, user: UserId) -> Result<Dek, Error> {
        let wrapped = repo::find_data_key(&self.pool, user).await?.ok_or(AppError::NotFound(Noun::Account))?;
        self.open_data_key(user, &wrapped)
    }

    /// Unwraps a data key that was read along with other columns.
    ///
    /// # Errors
    /// Where the master key does not fit.
    pub fn open_data_key(&self, user: UserId, wrapped: &Wrapped) -> Result<Dek, Error> {
        self.keyring.unwrap_dek(user, &wrapped.bytes, wrapped.key_version)
    }

    /// Deletes the sign-ins that have expired, and returns how many. To be called periodically.
    ///
    /// # Errors
    /// What the database returns.
    pub async fn sweep(&self) -> Result<u64, Error> {
        repo::delete_expired_sign_ins(&self.pool, self.clock.now()).await
    }
}

#[async_trait]
impl AccountPort for AccountService {
    async fn sign_up(&self, form: SignUp, from: SignInContext) -> Result<SignedIn, AppError> {
        Ok(self.make_account(form, from).await?)
    }

    async fn sign_in(&self, form: Credentials, from: SignInContext) -> Result<SignedIn, AppError> {
        Ok(self.authenticate(form, from).await?)
    }

    async fn sign_out(&self, token: Option<String>) -> Result<String, AppError> {
        self.end(token).await?;
        Ok(self.cookies.clear())
    }

    fn sign_up_mode(&self) -> &'static str {
        self.sign_up.as_str()
    }
}
