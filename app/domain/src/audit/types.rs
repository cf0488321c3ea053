//! An entry of the audit log, as an admin reads it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// One change, and who made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    pub id: Uuid,
    pub occurred_at: DateTime<Utc>,
    /// The admin's e-mail address at that time, or `command line`.
    pub actor: String,
    /// For example `upstream.change`.
    pub action: String,
    /// What kind of thing was changed: `upstream`, `model`, `user`, `invite`, `catalog`.
    pub subject_kind: String,
    /// Its name at that time.
    pub subject: String,
    /// What was changed, by field. Never a secret: of keys only that they were set or cleared.
    pub detail: serde_json::Value,
}

/// A page of the log, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// What to give as `before` to read on; `null` at the end.
    pub next: Option<Uuid>,
}
