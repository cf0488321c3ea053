//! Writing an entry.

use chrono::{DateTime, Utc};
use domain::{UserId, accounts::Admin};
use foundation::error::Error;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::repo;

/// Who makes a change.
#[derive(Clone, Debug)]
pub struct Actor {
    pub id: Option<UserId>,
    /// The e-mail address, or what else stands for a person.
    pub name: String,
}

impl Actor {
    /// Somebody whose account it was, and who is to be forgotten.
    pub fn member() -> Self {
        Self { id: None, name: "its own member".into() }
    }

    /// Whoever may run the program on the server's machine.
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
    /// Which fields got which values. The caller puts no secret in.
    pub detail: Value,
}

impl Change {
    /// A change without more to tell.
    pub fn new(action: &'static str, subject: impl Into<String>, detail: Value) -> Self {
        Self { action, subject: subject.into(), detail }
    }
}

/// Writes the entry in the transaction of the change itself, so that there is never one without the other.
pub async fn record(db: &mut PgConnection, actor: &Actor, change: &Change, now: DateTime<Utc>) -> Result<(), Error> {
    repo::insert(db, Uuid::now_v7(), actor, change, now).await
}
