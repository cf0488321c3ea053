//! The audit log: every change that an admin makes is recorded in its own transaction, with who, when and what, and never a
//! secret.

mod api;
mod change;
mod repo;
mod service;

pub use api::{AuditDoc, router};
pub use change::{Actor, Change};
pub use repo::record;
pub use service::AuditService;
