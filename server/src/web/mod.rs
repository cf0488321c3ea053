//! The only place that knows Leptos: pages rendered on the server, server functions, the browser's files.

mod admin_forms;
mod assets;
mod context;
mod forms;
mod host;
mod pages;
mod security;
mod valid;

pub use assets::Site;
pub use context::Ports;
pub use pages::router;
pub use security::secure;
