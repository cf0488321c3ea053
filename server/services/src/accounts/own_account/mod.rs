//! What somebody does with their own account: the password, signing out everywhere, taking everything along, leaving.
//! Signing in and who is calling are `auth`'s.

mod api;
mod export;
mod service;

pub use api::{OwnAccountDoc, router};
pub use export::Exporter;
pub use service::OwnAccountService;
