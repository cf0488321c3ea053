//! What the pages of user administration request from the server.

use async_trait::async_trait;

use crate::{
    UserId,
    accounts::Admin,
    error::AppError,
    users::{Invitation, InviteRequest, UserEdit, UserList},
};

/// User administration, implemented by the server.
#[async_trait]
pub trait UsersPort: Send + Sync {
    /// A page of 200 accounts by e-mail address, from the one after `after` on.
    async fn users(&self, admin: &Admin, after: Option<&str>) -> Result<UserList, AppError>;
    /// Makes an invitation. [`AppError::Invalid`] with the fields.
    async fn invite(&self, admin: &Admin, request: InviteRequest) -> Result<Invitation, AppError>;
    /// Changes an account. [`AppError::Conflict`] for one's own, and where no admin would be left.
    async fn change(&self, admin: &Admin, id: UserId, edit: UserEdit) -> Result<(), AppError>;
    /// Deletes an account with everything it has, for good.
    async fn delete(&self, admin: &Admin, id: UserId) -> Result<(), AppError>;
}
