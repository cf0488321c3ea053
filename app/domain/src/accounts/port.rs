//! What the account pages request from the server.

use async_trait::async_trait;

use crate::{
    accounts::{AccountDeletion, Credentials, OwnAccount, PasswordChange, SignInContext, SignUp, SignedIn, Viewer},
    error::AppError,
};

/// Signing up, in and out, implemented by the server.
#[async_trait]
pub trait AccountPort: Send + Sync {
    /// Makes an account and signs it in. [`AppError::Forbidden`] where sign-up is closed, [`AppError::Invalid`] with the
    /// field otherwise.
    async fn sign_up(&self, form: SignUp, from: SignInContext) -> Result<SignedIn, AppError>;
    /// Signs in. [`AppError::WrongCredentials`] for every kind of mismatch, [`AppError::RateLimited`] after too many.
    async fn sign_in(&self, form: Credentials, from: SignInContext) -> Result<SignedIn, AppError>;
    /// Ends the sign-in of this token and returns the `Set-Cookie` value that clears the cookie. Never fails for a token
    /// that is unknown.
    async fn sign_out(&self, token: Option<String>) -> Result<String, AppError>;
    /// Who can make an account: `open`, `invite` or `closed`; see [`crate::accounts::SignUpMode`].
    fn sign_up_mode(&self) -> &'static str;
}

/// Managing one's own account, implemented by the server.
#[async_trait]
pub trait OwnAccountPort: Send + Sync {
    /// The account with its sign-ins; `token` identifies the one that this request came with.
    async fn own_account(&self, viewer: &Viewer, token: Option<String>) -> Result<OwnAccount, AppError>;
    /// Changes the password and ends every sign-in, this one too: a new one takes its place. [`AppError::Invalid`] with the
    /// field, [`AppError::RateLimited`] after too many attempts.
    async fn change_password(
        &self,
        viewer: &Viewer,
        change: PasswordChange,
        from: SignInContext,
    ) -> Result<SignedIn, AppError>;
    /// Ends every sign-in and returns the `Set-Cookie` value that clears the cookie.
    async fn sign_out_everywhere(&self, viewer: &Viewer) -> Result<String, AppError>;
    /// Erases the account with its data key and everything that belongs to it, and returns the `Set-Cookie` value that
    /// clears the cookie. [`AppError::Conflict`] for the last admin.
    async fn delete_account(
        &self,
        viewer: &Viewer,
        deletion: AccountDeletion,
        from: SignInContext,
    ) -> Result<String, AppError>;
}
