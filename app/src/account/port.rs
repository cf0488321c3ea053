//! What the account pages ask of the server.

use async_trait::async_trait;

use super::{Credentials, SignInContext, SignUp, SignedIn};
use crate::error::AppError;

/// The room's port, implemented by the server.
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
    /// Whether a stranger can make an account: `open`, `invite` or `closed`.
    fn sign_up_mode(&self) -> &'static str;
}
