//! The server functions of the users page.

use domain::{
    UserId,
    accounts::Role,
    error::{AppError, FieldError},
    users::{Invitation, InviteRequest, UserEdit, UserList, UsersPort},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::{error::CallError, host};

/// A page of accounts.
#[server(prefix = "/_server", endpoint = "accounts", input = GetUrl)]
pub async fn accounts(after: Option<String>) -> Result<UserList, CallError> {
    let (port, admin) = (host::service::<dyn UsersPort>()?, host::admin());
    host::respond(async move { port.users(&admin?, after.as_deref()).await }).await
}

/// Creates an invitation. Its link is in this answer only.
#[server(prefix = "/_server", endpoint = "invite")]
pub async fn invite(
    #[server(default)] email: String,
    #[server(default)] role: String,
    #[server(default)] days: String,
) -> Result<Invitation, CallError> {
    let (port, admin) = (host::service::<dyn UsersPort>()?, host::admin());
    host::respond(async move {
        let admin = admin?;
        let email = Some(email.trim().to_owned()).filter(|email| !email.is_empty());
        let days = match days.trim() {
            "" => None,
            text => Some(text.parse().map_err(|_| {
                AppError::Invalid(vec![FieldError::new("days", "not_a_number", "Enter a number of days from 1 to 90.")])
            })?),
        };
        port.invite(&admin, InviteRequest { email, role: Some(role_of(&role)), days }).await
    })
    .await
}

/// Changes an account: `what` is `admin`, `member`, `disable` or `enable`.
#[server(prefix = "/_server", endpoint = "change-person")]
pub async fn change_person(id: UserId, what: String) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn UsersPort>()?, host::host()?);
    let admin = host::admin();
    let edit = match what.as_str() {
        "disable" => UserEdit { is_disabled: Some(true), ..UserEdit::default() },
        "enable" => UserEdit { is_disabled: Some(false), ..UserEdit::default() },
        role => UserEdit { role: Some(role_of(role)), ..UserEdit::default() },
    };
    host::respond(async move { port.change(&admin?, id, edit).await }).await?;
    host.redirect("/admin/users?done=saved");
    Ok(())
}

/// Deletes an account permanently.
#[server(prefix = "/_server", endpoint = "delete-person")]
pub async fn delete_person(id: UserId) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn UsersPort>()?, host::host()?);
    let admin = host::admin();
    host::respond(async move { port.delete(&admin?, id).await }).await?;
    host.redirect("/admin/users?done=deleted");
    Ok(())
}

fn role_of(word: &str) -> Role {
    if word == "admin" { Role::Admin } else { Role::Member }
}
