//! Signing in and out.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::{
    accounts::{Credentials, SignInContext, SignedIn, Viewer, rules},
    error::AppError,
};
use foundation::{clock::Clock, error::Error};
use sqlx::PgConnection;
use zeroize::Zeroizing;

use super::{
    AccountService, CookiePolicy, repo,
    token::{self, Token},
};

/// How long a sign-in lasts, used or not.
const LIFETIME: TimeDelta = TimeDelta::days(30);
/// Sign-ins of one account; a new one beyond ends the one that was not seen for the longest time.
const SIGN_IN_LIMIT: i64 = 50;

impl AccountService {
    /// Checks the credentials and signs in.
    ///
    /// # Errors
    /// [`AppError::WrongCredentials`] for every mismatch alike, [`AppError::RateLimited`] after too many attempts.
    pub(super) async fn authenticate(&self, form: Credentials, from: SignInContext) -> Result<SignedIn, Error> {
        self.limits.attempt(&form.email, &from.remote_address)?;
        let email = form.email.trim().to_owned();
        let password = Zeroizing::new(form.password);
        // An invalid address is not looked up (the database rejects a NUL), but its password is hashed all the same, so that the
        // time taken reveals nothing.
        let account = match rules::email_error(&email) {
            None => repo::find_account(&self.pool, &email).await?,
            Some(_) => None,
        };
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        let fits = self.passwords.matches(password, stored).await?;
        let Some(account) = account.filter(|account| fits && !account.is_disabled) else {
            return Err(AppError::WrongCredentials.into());
        };

        let writer = SignInWriter::of(self)?;
        let pool = self.pool.clone();
        self.tasks
            .detached(async move {
                let repo::Account { viewer, password_hash, .. } = account;
                let mut tx = pool.begin().await?;
                // The password may have been changed while it was checked. That ended all sign-ins and must prevent this one.
                if !repo::hold_password(&mut *tx, viewer.id, &password_hash).await? {
                    return Err(AppError::WrongCredentials.into());
                }
                let signed_in = writer.sign_in(&mut tx, viewer, &from).await?;
                tx.commit().await?;
                Ok(signed_in)
            })
            .await
    }

    /// Ends the sign-in of a token; one that is unknown is no error.
    pub(super) async fn end(&self, token: Option<String>) -> Result<(), Error> {
        let Some(token_hash) = token.as_deref().and_then(token::hash_of) else { return Ok(()) };
        let pool = self.pool.clone();
        self.tasks.detached(async move { repo::delete_sign_in(&pool, &token_hash).await }).await
    }
}

/// Writes one sign-in in the caller's transaction. It owns what it needs, so that a detached task can hold it.
pub(super) struct SignInWriter {
    token: Token,
    cookies: CookiePolicy,
    clock: Arc<dyn Clock>,
}

impl SignInWriter {
    /// With a fresh token, against session fixation: a token that was known before signing in must not be valid after.
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
        repo::trim_sign_ins(&mut *db, viewer.id, SIGN_IN_LIMIT).await?;
        Ok(SignedIn { viewer, cookie: self.cookies.issue(self.token.as_str(), LIFETIME) })
    }
}

/// A `User-Agent` as it is stored: without control characters, at most 200 characters.
fn printable(user_agent: &str) -> String {
    user_agent.chars().filter(|c| !c.is_control()).take(200).collect()
}
