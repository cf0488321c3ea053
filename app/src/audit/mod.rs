//! The audit log: who changed what, and when.

mod api;
mod page;
mod port;
mod types;

pub use page::AuditPage;
pub use port::AuditPort;
pub use types::{AuditEntry, AuditPage as AuditEntries};
