//! Managing one's own account: changing the password, signing out everywhere, exporting everything, deleting the account.

mod api;
mod credentials;
mod export;
mod service;

pub use api::{OwnAccountDoc, router};
pub use export::Exporter;
pub use service::OwnAccountService;
