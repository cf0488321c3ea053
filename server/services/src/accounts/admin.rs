//! What an operator does from the command line or the configuration: making admins and invitations.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use domain::{
    UserId,
    accounts::{Role, rules},
    error::AppError,
};
use foundation::{error::Error, random};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{AccountService, repo, token::Token};

/// The outcome of [`AccountService::create_admin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new account was made.
    Created,
    /// The account of that address was made an admin, enabled, given the new password and signed out everywhere.
    Updated,
}

/// An admin's account after [`AccountService::create_admin`].
pub struct AdminAccount {
    pub id: UserId,
    pub outcome: Outcome,
    /// The password if it was generated, to be shown once.
    pub generated_password: Option<SecretString>,
}

impl AccountService {
    /// Makes the first admin from the configuration. `None` if there is an admin already, of whatever address.
    ///
    /// # Errors
    /// As [`Self::create_admin`].
    pub async fn ensure_admin(&self, email: &str, password: SecretString) -> Result<Option<AdminAccount>, Error> {
        if repo::has_admin(&self.pool).await? {
            return Ok(None);
        }
        self.create_admin(email, Some(password)).await.map(Some)
    }

    /// Makes an admin, with a generated password if none is given. An account that exists gets the new password: this is also how
    /// an admin who has lost the password regains access.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with the fields.
    pub async fn create_admin(&self, email: &str, password: Option<SecretString>) -> Result<AdminAccount, Error> {
        let email = email.trim().to_owned();
        let generated_password = if password.is_none() { Some(generate_password()?) } else { None };
        let password = password
            .as_ref()
            .or(generated_password.as_ref())
            .map(|password| Zeroizing::new(password.expose_secret().to_owned()))
            .unwrap_or_default();
        let errors: Vec<_> = rules::email_error(&email).into_iter().chain(rules::password_error(&password)).collect();
        if !errors.is_empty() {
            return Err(AppError::Invalid(errors).into());
        }
        let password_hash = self.passwords.hash(password).await?;
        let new_id = UserId(Uuid::now_v7());
        let (_, dek) = self.keyring.new_dek(new_id)?;
        let now = self.clock.now();
        let pool = self.pool.clone();
        let (id, outcome) = self
            .tasks
            .detached(async move {
                let mut tx = pool.begin().await?;
                let user = repo::NewUser {
                    id: new_id,
                    email: &email,
                    password_hash: &password_hash,
                    role: Role::Admin,
                    dek: &dek,
                };
                let made = if repo::insert_user(&mut *tx, &user, now).await? {
                    (new_id, Outcome::Created)
                } else {
                    let account = repo::find_account(&mut *tx, &email).await?;
                    let account = account.ok_or_else(|| Error::Internal("the account went away meanwhile".into()))?;
                    repo::make_admin(&mut *tx, account.viewer.id, &password_hash).await?;
                    repo::delete_sign_ins_of(&mut *tx, account.viewer.id).await?;
                    (account.viewer.id, Outcome::Updated)
                };
                tx.commit().await?;
                Ok::<_, Error>(made)
            })
            .await?;
        tracing::info!(user.id = %id, ?outcome, "an admin account");
        Ok(AdminAccount { id, outcome, generated_password })
    }

    /// Makes an invitation for one account, and returns its token, of which only the hash is stored.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for what is no e-mail address.
    pub async fn create_invite(
        &self,
        email: Option<String>,
        role: Role,
        created_by: Option<UserId>,
        valid_for: TimeDelta,
    ) -> Result<SecretString, Error> {
        if let Some(error) = email.as_deref().and_then(rules::email_error) {
            return Err(AppError::Invalid(vec![error]).into());
        }
        let token = Token::generate()?;
        let now = self.clock.now();
        let invite = repo::Invite { email: email.map(|email| email.trim().to_owned()), role };
        repo::insert_invite(&self.pool, &token.hash(), &invite, created_by, now, now + valid_for).await?;
        Ok(SecretString::from(token.as_str()))
    }
}

/// A password of 120 random bits in base64url.
fn generate_password() -> Result<SecretString, Error> {
    let mut bytes = Zeroizing::new([0; 15]);
    random::fill(bytes.as_mut())?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes.as_ref())))
}
