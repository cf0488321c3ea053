//! What pages ask about accounts.

use async_trait::async_trait;

use crate::{
    UserId,
    account::Admin,
    error::AppError,
    people::{Invitation, InviteRequest, People, PersonEdit},
};

/// The room's port, implemented by the server.
#[async_trait]
pub trait PeoplePort: Send + Sync {
    /// Two hundred accounts by e-mail address, from the one after `after` on.
    async fn people(&self, admin: &Admin, after: Option<&str>) -> Result<People, AppError>;
    /// Makes an invitation.
    async fn invite(&self, admin: &Admin, request: InviteRequest) -> Result<Invitation, AppError>;
    /// Changes an account. [`AppError::Conflict`] for one's own, and where no admin would be left.
    async fn change(&self, admin: &Admin, id: UserId, edit: PersonEdit) -> Result<(), AppError>;
    /// Deletes an account with everything it has, for good.
    async fn delete(&self, admin: &Admin, id: UserId) -> Result<(), AppError>;
}
