//! The only module that depends on Leptos' server side: pages, server functions, forms and static files.

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
