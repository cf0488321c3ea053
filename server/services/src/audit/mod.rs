//! The audit log: every change an admin makes is written down in the transaction that makes it, with who, when and what, and
//! never a secret.

mod api;
mod record;
mod repo;
mod service;

pub use api::{AuditDoc, router};
pub use record::{Actor, Change, record};
pub use service::AuditService;
