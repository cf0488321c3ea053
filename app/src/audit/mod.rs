//! The audit log: who changed what, and when.

mod api;
mod page;

pub use page::AuditPage;
