//! One's own account. Passwords and sign-ins are `auth`'s to change, and deleting is what an admin's deleting is.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    accounts::{AccountDeletion, OwnAccount, OwnAccountPort, PasswordChange, SignInContext, SignedIn, Viewer},
    error::AppError,
};

use crate::{accounts::AccountService, users::UserService};

/// The room of one's own account.
pub struct OwnAccountService {
    accounts: Arc<AccountService>,
    users: Arc<UserService>,
}

impl OwnAccountService {
    /// The room with everything it needs.
    pub fn new(accounts: Arc<AccountService>, users: Arc<UserService>) -> Self {
        Self { accounts, users }
    }
}

#[async_trait]
impl OwnAccountPort for OwnAccountService {
    async fn own_account(&self, viewer: &Viewer, token: Option<String>) -> Result<OwnAccount, AppError> {
        let (created_at, sign_ins) = self.accounts.own(viewer.id, token.as_deref()).await?;
        Ok(OwnAccount { created_at, sign_ins })
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
        self.accounts.prove(viewer, deletion.password, &from).await?;
        self.users.erase_own(viewer.id).await?;
        Ok(self.accounts.cookies().clear())
    }
}
