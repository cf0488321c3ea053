//! Making an account.

use domain::{
    UserId,
    accounts::{Role, SignInContext, SignUp, SignUpMode, SignedIn, Viewer, rules},
    error::{AppError, FieldError},
};
use foundation::error::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{AccountService, repo, sign_in::SignInWriter, token};

impl AccountService {
    /// Makes an account and signs it in. Runs to its end even if the caller goes away.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] where sign-up is closed, [`AppError::Invalid`] with the fields, [`AppError::RateLimited`] after
    /// too many attempts.
    pub(super) async fn make_account(&self, mut form: SignUp, from: SignInContext) -> Result<SignedIn, Error> {
        let is_invited = form.invite.as_deref().is_some_and(|invite| !invite.trim().is_empty());
        if self.sign_up == SignUpMode::Closed && !is_invited {
            let closed = "Making accounts is closed on this site. Ask its operator for one.";
            return Err(AppError::Forbidden(closed.into()).into());
        }
        self.limits.attempt(&form.email, &from.remote_address)?;
        let errors = rules::sign_up_errors(&form);
        if !errors.is_empty() {
            return Err(AppError::Invalid(errors).into());
        }
        let password = Zeroizing::new(std::mem::take(&mut form.password));
        let email = form.email.trim().to_owned();
        let invite = form.invite.as_deref().map(str::trim).filter(|invite| !invite.is_empty());
        let (invite_hash, role) = self.invitation(invite, &email).await?;

        // Saves the costly hash for most taken addresses. The insertion below decides.
        if repo::find_account(&self.pool, &email).await?.is_some() {
            return Err(taken().into());
        }
        let password_hash = self.passwords.hash(password).await?;
        let id = UserId(Uuid::now_v7());
        let (_, dek) = self.keyring.new_dek(id)?;
        let writer = SignInWriter::of(self)?;
        let now = self.clock.now();
        let pool = self.pool.clone();
        self.tasks
            .detached(async move {
                let mut tx = pool.begin().await?;
                let user = repo::NewUser { id, email: &email, password_hash: &password_hash, role, dek: &dek };
                if !repo::insert_user(&mut *tx, &user, now).await? {
                    return Err(Error::App(taken()));
                }
                if let Some(hash) = invite_hash
                    && !repo::accept_invite(&mut *tx, &hash, now).await?
                {
                    return Err(Error::App(not_invited(
                        "This invitation has been used or has run out. Ask for a new one.",
                    )));
                }
                let signed_in = writer.sign_in(&mut tx, Viewer { id, email, role }, &from).await?;
                tx.commit().await?;
                tracing::info!(user.id = %id, user.role = ?role, "a new account");
                Ok(signed_in)
            })
            .await
    }

    /// The hash of the invitation, if one is presented, and the role that the account gets.
    async fn invitation(&self, presented: Option<&str>, email: &str) -> Result<(Option<[u8; 32]>, Role), Error> {
        let Some(presented) = presented else {
            return match self.sign_up {
                SignUpMode::Open => Ok((None, Role::Member)),
                _ => Err(not_invited("This site is by invitation. Enter the invitation you were sent.").into()),
            };
        };
        let refused = || {
            not_invited(
                "This invitation is not valid for this e-mail address, has been used or has run out. Ask for a new one.",
            )
        };
        let hash = token::hash_of(presented).ok_or_else(refused)?;
        let invite = repo::find_invite(&self.pool, &hash, email, self.clock.now()).await?.ok_or_else(refused)?;
        Ok((Some(hash), invite.role))
    }
}

fn taken() -> AppError {
    AppError::Invalid(vec![FieldError::new(
        "email",
        "taken",
        "There is an account with this e-mail address. Sign in, or use another address.",
    )])
}

fn not_invited(message: &str) -> AppError {
    AppError::Invalid(vec![FieldError::new("invite", "not_invited", message)])
}
