//! The audit log: who changed what, and when.

mod port;
mod types;

pub use port::AuditPort;
pub use types::{AuditEntry, AuditPage};
