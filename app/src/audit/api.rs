//! The server function of the audit log.

use domain::audit::{AuditPage as AuditEntries, AuditPort};
use leptos::{prelude::*, server_fn::codec::GetUrl};
use uuid::Uuid;

use crate::{error::CallError, host};

/// A page of the audit log.
#[server(prefix = "/_server", endpoint = "audit", input = GetUrl)]
pub async fn audit_log(before: Option<Uuid>) -> Result<AuditEntries, CallError> {
    let log = host::service::<dyn AuditPort>()?;
    let admin = host::admin();
    host::respond(async move { log.entries(&admin?, before).await }).await
}
