//! The dashboard: a member's history of comparisons.

mod api;
#[cfg(feature = "ssr")]
mod filter;
#[cfg(feature = "ssr")]
mod links;
#[cfg(feature = "ssr")]
mod page;

pub use api::{DeleteComparison, delete_comparison, history, shared_links};
#[cfg(feature = "ssr")]
pub use page::DashboardPage;
