//! The dashboard: what a member has compared.

mod api;
#[cfg(feature = "ssr")]
mod page;

pub use api::{DeleteComparison, delete_comparison, history};
#[cfg(feature = "ssr")]
pub use page::DashboardPage;
