//! Everything Quadrille's pages are made of, compiled twice: for the server (feature `ssr`) and for the browser
//! (feature `hydrate`). Each room is a folder with the same few names: `types`, `rules`, `port`, `api`, `page`.
//!
//! Pages are HTML from the server. What is interactive in them are islands (`#[island]`), and only islands, the
//! components inside them and the shared types are in the browser's half; a page without an island loads no script.

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
