//! A member's own password and sign-ins.

use domain::{
    UserId,
    accounts::{OwnAccount, PasswordChange, SignInContext, SignedIn, Viewer, rules},
    error::{AppError, FieldError, Noun},
};
use foundation::error::Error;
use zeroize::Zeroizing;

use crate::accounts::{AccountService, repo, sign_in::SignInWriter, token};

impl AccountService {
    /// The account with its sign-ins; `token` identifies the one that the request came with.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where the account is gone.
    pub(super) async fn own_account(&self, user: UserId, token: Option<&str>) -> Result<OwnAccount, Error> {
        let created_at = repo::created_at(&self.pool, user).await?.ok_or(AppError::NotFound(Noun::Account))?;
        let this = token.and_then(token::hash_of).unwrap_or_default();
        let sign_ins = repo::sign_ins_of(&self.pool, user, &this, self.clock.now()).await?;
        Ok(OwnAccount { created_at, sign_ins })
    }

    /// Re-authentication: checks the password of a member who is signed in, against somebody else at an unlocked browser. Counts
    /// as an attempt to sign in. Returns the password's stored hash.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a wrong password, [`AppError::RateLimited`] after too many attempts,
    /// [`AppError::Unavailable`] where hashing has to wait too long.
    pub(super) async fn reauthenticate(
        &self,
        viewer: &Viewer,
        password: String,
        from: &SignInContext,
    ) -> Result<String, Error> {
        let password = Zeroizing::new(password);
        self.limits.attempt(&viewer.email, &from.remote_address)?;
        let account = repo::find_account(&self.pool, &viewer.email).await?;
        let stored = account.filter(|account| account.viewer.id == viewer.id).map(|account| account.password_hash);
        match self.passwords.matches(password, stored.clone()).await? {
            true => stored.ok_or_else(|| wrong_password().into()),
            false => Err(wrong_password().into()),
        }
    }

    /// Changes the password and ends every sign-in. The caller's is replaced by a new one, so that a stolen copy of its token
    /// becomes invalid too. Runs to its end even if the caller goes away.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with the field, and those of [`Self::reauthenticate`].
    pub(super) async fn change_password(
        &self,
        viewer: &Viewer,
        mut change: PasswordChange,
        from: SignInContext,
    ) -> Result<SignedIn, Error> {
        let new_password = Zeroizing::new(std::mem::take(&mut change.new_password));
        if let Some(error) = rules::new_password_error(&new_password) {
            return Err(AppError::Invalid(vec![error]).into());
        }
        let old_hash = self.reauthenticate(viewer, std::mem::take(&mut change.password), &from).await?;
        let new_hash = self.passwords.hash(new_password).await?;
        let (writer, viewer, pool) = (SignInWriter::of(self)?, viewer.clone(), self.pool.clone());
        self.tasks
            .detached(async move {
                let mut tx = pool.begin().await?;
                // Of two concurrent changes the second was authenticated with a password that is no longer valid.
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
    ///
    /// # Errors
    /// What the database returns.
    pub(super) async fn sign_out_everywhere(&self, user: UserId) -> Result<(), Error> {
        let pool = self.pool.clone();
        self.tasks.detached(async move { repo::delete_sign_ins_of(&pool, user).await }).await
    }
}

fn wrong_password() -> AppError {
    AppError::Invalid(vec![FieldError::new("password", "wrong_password", "This is not the password of this account.")])
}
