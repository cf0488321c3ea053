//! Accounts as admins see them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{UserId, accounts::Role};

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
// Names in the OpenAPI document stay when a type is renamed: programs generate code from them.
#[schema(as = Person)]
pub struct UserView {
    pub id: UserId,
    pub email: String,
    pub role: Role,
    pub created_at: DateTime<Utc>,
    /// Since when it is disabled.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When one of its sign-ins was last used.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// How many comparisons it has.
    pub comparisons: u32,
}

/// A page of accounts, by e-mail address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = People)]
pub struct UserList {
    pub users: Vec<UserView>,
    /// What to give as `after` to read on; `null` at the end.
    pub next: Option<String>,
}

/// What to change of an account; what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PersonEdit)]
pub struct UserEdit {
    pub role: Option<Role>,
    /// Disabling ends every sign-in and every API key at once.
    pub is_disabled: Option<bool>,
}

/// Whom to invite.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InviteRequest {
    /// Only an account of this address can take it up; anybody can where it is absent.
    pub email: Option<String>,
    /// `member` where it is absent.
    pub role: Option<Role>,
    /// 1 to 90; 7 where it is absent.
    pub days: Option<u32>,
}

/// An invitation. It is shown this once: only its hash is kept.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// The address to hand over.
    pub url: String,
    pub expires_at: DateTime<Utc>,
}
