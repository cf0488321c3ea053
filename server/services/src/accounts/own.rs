//! What somebody does with their own sign-ins and password.

use chrono::{DateTime, Utc};
use domain::{
    UserId,
    accounts::{PasswordChange, SignInContext, SignInEntry, SignedIn, Viewer, rules},
    error::{AppError, FieldError, Noun},
};
use foundation::error::Error;
use zeroize::Zeroizing;

use super::{AccountService, repo, service::SignInWriter, token};

impl AccountService {
    /// When the account was made, and where it is signed in; `token` is the one that asks.
    pub async fn own(&self, user: UserId, token: Option<&str>) -> Result<(DateTime<Utc>, Vec<SignInEntry>), Error> {
        let created_at = repo::created_at(&self.pool, user).await?.ok_or(AppError::NotFound(Noun::Account))?;
        let this = token.and_then(token::hash_of).unwrap_or_default();
        let sign_ins = repo::sign_ins_of(&self.pool, user, &this, self.clock.now()).await?;
        Ok((created_at, sign_ins))
    }

    /// Makes sure that it is the member who asks, and not somebody who found the browser open. Counts as an attempt to sign
    /// in. Returns the hash that the password fits.
    pub async fn prove(&self, viewer: &Viewer, password: String, from: &SignInContext) -> Result<String, Error> {
        let password = Zeroizing::new(password);
        self.limits.attempt(&viewer.email, &from.remote_address)?;
        let account = repo::find_account(&self.pool, &viewer.email).await?;
        let stored = account.filter(|account| account.viewer.id == viewer.id).map(|account| account.password_hash);
        match self.passwords.matches(password, stored.clone()).await? {
            true => stored.ok_or_else(|| wrong_password().into()),
            false => Err(wrong_password().into()),
        }
    }

    /// Changes the password and ends every sign-in. The one that asks gets another, so that a copy of its token is worth
    /// nothing either.
    pub async fn change_password(
        &self,
        viewer: &Viewer,
        mut change: PasswordChange,
        from: SignInContext,
    ) -> Result<SignedIn, Error> {
        let new_password = Zeroizing::new(std::mem::take(&mut change.new_password));
        if let Some(error) = rules::new_password_error(&new_password) {
            return Err(AppError::Invalid(vec![error]).into());
        }
        let old_hash = self.prove(viewer, std::mem::take(&mut change.password), &from).await?;
        let new_hash = self.passwords.hash(new_password).await?;
        let (writer, viewer, pool) = (SignInWriter::of(self)?, viewer.clone(), self.pool.clone());
        self.tasks
            .detached(async move {
                let mut tx = pool.begin().await?;
                // Of two who change it at once, the second has proved a password that no longer counts.
                if !repo::replace_password(&mut *tx, viewer.id, &old_hash, &new_hash).await? {
                    return Err(wrong_password().into());
                }
                repo::delete_sign_ins_of(&mut *tx, viewer.id).await?;
                let signed_in = writer.sign_in(&mut tx, viewer, &from).await?;
                tx.commit().await?;
                tracing::info!(user.id = %signed_in.viewer.id, "a password was changed");
                Ok(signed_in)
            })
            .await
    }

    /// Ends every sign-in of the member.
    pub async fn sign_out_everywhere(&self, user: UserId) -> Result<(), Error> {
        let pool = self.pool.clone();
        self.tasks.detached(async move { repo::delete_sign_ins_of(&pool, user).await }).await
    }
}

fn wrong_password() -> AppError {
    AppError::Invalid(vec![FieldError::new("password", "wrong_password", "This is not the password of this account.")])
}
