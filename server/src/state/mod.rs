//! What a running server consists of: settings, the [`Runtime`] that services are built on, the [`Services`]; and the
//! constructors of single services for commands that need no others.

mod app_state;
mod build;
mod runtime;
mod services;

pub use app_state::AppState;
pub(crate) use build::{account_service, catalog_service, upstream_client};
pub use runtime::Runtime;
pub use services::Services;
