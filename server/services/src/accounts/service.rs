//! Signing in and out, and who a token belongs to.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use crypto::{Dek, Keyring, Wrapped};
use domain::{
    UserId,
    accounts::{AccountPort, Credentials, SignInContext, SignUp, SignUpMode, SignedIn, Viewer, rules},
    error::{AppError, Noun},
};
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use sqlx::{PgConnection, PgPool};
use zeroize::Zeroizing;

use super::{
    CookiePolicy, LimitSettings,
    limits::Limits,
    password::Passwords,
    repo,
    token::{self, Token},
};
use crate::{PublicUrl, accounts::TrustedProxies};

/// How long a sign-in lasts, used or not.
const LIFETIME: TimeDelta = TimeDelta::days(30);
/// How stale `last_seen_at` may get; a write for every request would be too many.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(5);
/// Browsers that one member is signed in with; the longest unseen goes first.
const MOST_SIGN_INS: i64 = 50;

/// What the operator decides about accounts.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// Where people reach this site; decides how the cookie is guarded.
    pub public_url: PublicUrl,
    /// Whose word counts about where people come from.
    pub trusted_proxies: TrustedProxies,
    /// Who can make an account.
    pub sign_up: SignUpMode,
    /// How often somebody may try.
    pub limits: LimitSettings,
}

/// The account room.
pub struct AccountService {
    pub(super) pool: PgPool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    pub(super) keyring: Arc<Keyring>,
    pub(super) passwords: Passwords,
    pub(super) limits: Limits,
    pub(super) sign_up: SignUpMode,
    cookies: CookiePolicy,
    trusted_proxies: TrustedProxies,
}

impl AccountService {
    /// The room with everything it needs.
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

    /// How the sign-in cookie is called and read.
    pub fn cookies(&self) -> CookiePolicy {
        self.cookies
    }

    /// Whose word counts about where people come from.
    pub(super) fn trusted_proxies(&self) -> &TrustedProxies {
        &self.trusted_proxies
    }

    /// Who this token signs in, if anybody. Disabling an account or ending its sign-in takes effect with the next call.
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
                // Not worth failing the request for.
                tracing::warn!(%error, "the time of the last visit was not recorded");
            }
        }
        Ok(Some(viewer))
    }

    /// The data key of a member.
    pub async fn data_key(&self, user: UserId) -> Result<Dek, Error> {
        let wrapped = repo::find_data_key(&self.pool, user).await?.ok_or(AppError::NotFound(Noun::Account))?;
        self.open_data_key(user, &wrapped)
    }

    /// The same, where it was read along with something else.
    pub fn open_data_key(&self, user: UserId, wrapped: &Wrapped) -> Result<Dek, Error> {
        self.keyring.unwrap_dek(user, &wrapped.bytes, wrapped.key_version)
    }

    /// Deletes the sign-ins that have run out, and says how many. To be called now and then.
    pub async fn sweep(&self) -> Result<u64, Error> {
        repo::delete_expired_sign_ins(&self.pool, self.clock.now()).await
    }

    async fn check(&self, form: Credentials, from: SignInContext) -> Result<SignedIn, Error> {
        self.limits.attempt(&form.email, &from.remote_address)?;
        let email = form.email.trim().to_owned();
        let password = Zeroizing::new(form.password);
        // What no account can have is not looked up (a NUL would upset the database), but still takes its time.
        let account = match rules::email_error(&email) {
            None => repo::find_account(&self.pool, &email).await?,
            Some(_) => None,
        };
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        let fits = self.passwords.matches(password, stored).await?;
        let Some(account) = account.filter(|account| fits && !account.is_disabled) else {
            return Err(AppError::WrongCredentials.into());
        };

        let service = SignInWriter::of(self)?;
        let pool = self.pool.clone();
        self.tasks
            .detached(async move {
                let repo::Account { viewer, password_hash, .. } = account;
                let mut tx = pool.begin().await?;
                // Checking it took its time: a change of the password that ended all sign-ins meanwhile ends this one too.
                if !repo::hold_password(&mut *tx, viewer.id, &password_hash).await? {
                    return Err(AppError::WrongCredentials.into());
                }
                let signed_in = service.sign_in(&mut tx, viewer, &from).await?;
                tx.commit().await?;
                Ok(signed_in)
            })
            .await
    }

    async fn end(&self, token: Option<String>) -> Result<(), Error> {
        let Some(token_hash) = token.as_deref().and_then(token::hash_of) else { return Ok(()) };
        let pool = self.pool.clone();
        self.tasks.detached(async move { repo::delete_sign_in(&pool, &token_hash).await }).await
    }
}

#[async_trait]
impl AccountPort for AccountService {
    async fn sign_up(&self, form: SignUp, from: SignInContext) -> Result<SignedIn, AppError> {
        Ok(self.make_account(form, from).await?)
    }

    async fn sign_in(&self, form: Credentials, from: SignInContext) -> Result<SignedIn, AppError> {
        Ok(self.check(form, from).await?)
    }

    async fn sign_out(&self, token: Option<String>) -> Result<String, AppError> {
        self.end(token).await?;
        Ok(self.cookies.clear())
    }

    fn sign_up_mode(&self) -> &'static str {
        self.sign_up.as_str()
    }
}

/// Writes one sign-in, within a transaction of the caller's that has left the service behind.
pub(super) struct SignInWriter {
    token: Token,
    cookies: CookiePolicy,
    clock: Arc<dyn Clock>,
}

impl SignInWriter {
    /// With a token never seen before: one that was known before signing in must not be worth anything after.
    pub(super) fn of(service: &AccountService) -> Result<Self, Error> {
        Ok(Self { token: Token::generate()?, cookies: service.cookies, clock: Arc::clone(&service.clock) })
    }

    pub(super) async fn sign_in(
        &self,
        db: &mut PgConnection,
        viewer: Viewer,
        from: &SignInContext,
    ) -> Result<SignedIn, Error> {
        if let Some(previous) = from.previous_token.as_deref().and_then(token::hash_of) {
            repo::delete_sign_in(&mut *db, &previous).await?;
        }
        let now = self.clock.now();
        let sign_in = repo::NewSignIn {
            token_hash: &self.token.hash(),
            user: viewer.id,
            expires_at: now + LIFETIME,
            user_agent: &printable(&from.user_agent),
        };
        repo::insert_sign_in(&mut *db, &sign_in, now).await?;
        repo::trim_sign_ins(&mut *db, viewer.id, MOST_SIGN_INS).await?;
        Ok(SignedIn { viewer, cookie: self.cookies.issue(self.token.as_str(), LIFETIME) })
    }
}

/// A browser may call itself anything; what is kept is short and has no control characters.
fn printable(user_agent: &str) -> String {
    user_agent.chars().filter(|c| !c.is_control()).take(200).collect()
}
