//! Who is signed in, and what the account pages exchange with the server.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{UserId, error::AppError};

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Viewer {
    pub id: UserId,
    pub email: String,
    pub role: Role,
}

impl Viewer {
    /// Whether the viewer may see the pages under `/admin`.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// The only authorisation check for what admins do.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a member.
    pub fn admin(self) -> Result<Admin, AppError> {
        match self.role {
            Role::Admin => Ok(Admin(self)),
            Role::Member => Err(AppError::Forbidden("Only an admin can do this. Ask one of this site.".into())),
        }
    }
}

/// An admin. Only [`Viewer::admin`] makes one, so a function that takes it cannot be called without the check.
#[derive(Clone, Debug)]
pub struct Admin(Viewer);

impl Admin {
    /// The admin as a viewer.
    pub fn viewer(&self) -> &Viewer {
        &self.0
    }
}

/// What a signed-in person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Member,
    Admin,
}

impl Role {
    /// The word in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    /// The role of a word that [`Self::as_str`] gives; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Member, Self::Admin].into_iter().find(|role| role.as_str() == word)
    }
}

/// What a person types to sign in.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub email: String,
    pub password: String,
}

/// What a person types to sign up.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    /// An e-mail address; letter case does not count.
    pub email: String,
    /// 10 to 200 characters.
    pub password: String,
    /// Needed where the operator lets people in by invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
}

/// Where a sign-in comes from.
#[derive(Clone)]
pub struct SignInContext {
    /// The address that attempts are counted against.
    pub remote_address: String,
    /// The browser's own description.
    pub user_agent: String,
    /// The token that this browser signed in with before, if any. It ends with the new sign-in.
    pub previous_token: Option<String>,
}

/// A new sign-in: who, and the cookie that proves it.
#[derive(Clone)]
pub struct SignedIn {
    pub viewer: Viewer,
    /// The whole value of a `Set-Cookie` header.
    pub cookie: String,
}

/// The viewer's own account, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAccount {
    pub created_at: DateTime<Utc>,
    /// The account's sign-ins, last seen first.
    pub sign_ins: Vec<SignInEntry>,
}

/// A browser or a program that is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SignInEntry {
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// How it describes itself.
    pub user_agent: String,
    /// Whether it is the one that this request came with.
    pub is_this: bool,
}

/// Another password: the body of `POST /api/auth/password`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The one that counts until now.
    pub password: String,
    /// 10 to 200 characters.
    pub new_password: String,
}

/// That an account is to go for good: the body of `POST /api/auth/delete-account`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountDeletion {
    /// Typed once more, to be sure that it is meant, and by whom.
    pub password: String,
}

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUpMode {
    /// Everybody.
    Open,
    /// Who has an invitation.
    Invite,
    /// Nobody but who has been sent an administrator's invitation.
    Closed,
}

impl SignUpMode {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Closed => "closed",
        }
    }

    /// The mode of a word that [`Self::as_str`] gives; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Invite, Self::Closed].into_iter().find(|mode| mode.as_str() == text)
    }
}
