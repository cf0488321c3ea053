//! API keys, with which programs use the gateway.

mod api;
#[cfg(feature = "ssr")]
mod example;
#[cfg(feature = "ssr")]
mod fields;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod page;

pub use api::{RevokeKey, keys, revoke_key};
#[cfg(feature = "ssr")]
pub use form::KeyForm;
#[cfg(feature = "ssr")]
pub use page::KeysPage;
