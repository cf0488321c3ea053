//! Pages, components and server functions of Quadrille, compiled twice: for the server (feature `ssr`) and for the browser
//! (feature `hydrate`). Each section of the site is a module, with its server functions in `api` and its page in `page`;
//! its types, rules and port are in the crate `domain`.
//!
//! Pages are HTML from the server. Their interactive parts are islands (`#[island]`). Only islands, the components inside
//! them and the shared types are compiled into the WebAssembly; a page without an island loads no script.

#![recursion_limit = "256"]
#![expect(unreachable_pub, reason = "the component and server macros write `pub` items inside functions")]

pub mod accounts;
pub mod analytics;
#[cfg(feature = "ssr")]
mod app;
#[cfg(feature = "ssr")]
pub mod audit;
pub mod catalog;
pub mod dashboard;
pub mod error;
#[cfg(feature = "ssr")]
mod home;
#[cfg(feature = "ssr")]
pub mod host;
pub mod keys;
#[cfg(feature = "ssr")]
pub mod leaderboard;
pub mod playground;
pub mod routing;
#[cfg(feature = "ssr")]
pub mod share;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
pub mod site;
#[cfg(feature = "ssr")]
pub mod templates;
pub mod ui;
#[cfg(feature = "ssr")]
pub mod users;

#[cfg(feature = "ssr")]
pub use {app::App, shell::shell};
