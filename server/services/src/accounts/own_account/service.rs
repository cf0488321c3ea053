//! Managing one's own account. Passwords and sign-ins are changed by [`AccountService`]; an account is erased by
//! [`UserService`], as when an admin deletes it.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    accounts::{AccountDeletion, OwnAccount, OwnAccountPort, PasswordChange, SignInContext, SignedIn, Viewer},
    error::AppError,
};

use crate::{accounts::AccountService, users::UserService};

/// Managing one's own account.
pub struct OwnAccountService {
    accounts: Arc<AccountService>,
    users: Arc<UserService>,
}

impl OwnAccountService {
    /// The service with its dependencies.
    pub fn new(accounts: Arc<AccountService>, users: Arc<UserService>) -> Self {
        Self { accounts, users }
    }
}

#[async_trait]
impl OwnAccountPort for OwnAccountService {
    async fn own_account(&self, viewer: &Viewer, token: Option<String>) -> Result<OwnAccount, AppError> {
        Ok(self.accounts.own_account(viewer.id, token.as_deref()).await?)
    }

    async fn change_password(
        &self,
        viewer: &Viewer,
        change: PasswordChange,
        from: SignInContext,
    ) -> Result<SignedIn, AppError> {
        Ok(self.accounts.change_password(viewer, change, from).await?)
    }

    async fn sign_out_everywhere(&self, viewer: &Viewer) -> Result<String, AppError> {
        self.accounts.sign_out_everywhere(viewer.id).await?;
        Ok(self.accounts.cookies().clear())
    }

    async fn delete_account(
        &self,
        viewer: &Viewer,
        deletion: AccountDeletion,
        from: SignInContext,
    ) -> Result<String, AppError> {
        self.accounts.reauthenticate(viewer, deletion.password, &from).await?;
        self.users.erase_own(viewer.id).await?;
        Ok(self.accounts.cookies().clear())
    }
}
