//! What an entry of the log records: who made a change, and what was changed.

use domain::{UserId, accounts::Admin};
use serde_json::Value;

/// Who makes a change.
#[derive(Clone, Debug)]
pub struct Actor {
    pub id: Option<UserId>,
    /// The e-mail address, or a fixed name where there is none.
    pub name: String,
}

impl Actor {
    /// A member who deletes their own account. Neither id nor address is kept, since both are erased with the account.
    pub fn member() -> Self {
        Self { id: None, name: "its own member".into() }
    }

    /// An operator who runs the program's command line on the server.
    pub fn command_line() -> Self {
        Self { id: None, name: "command line".into() }
    }
}

impl From<&Admin> for Actor {
    fn from(admin: &Admin) -> Self {
        Self { id: Some(admin.viewer().id), name: admin.viewer().email.clone() }
    }
}

/// What was changed.
#[derive(Clone, Debug)]
pub struct Change {
    /// `kind.verb`, for example `upstream.change`; the kind is the subject's.
    pub action: &'static str,
    /// The name of what was changed.
    pub subject: String,
    /// The changed fields with their new values. Must not hold a secret; the caller sees to it.
    pub detail: Value,
}

impl Change {
    /// A change from its parts.
    pub fn new(action: &'static str, subject: impl Into<String>, detail: Value) -> Self {
        Self { action, subject: subject.into(), detail }
    }
}
