//! API keys: how programs come in through the gateway.

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
#[cfg(feature = "ssr")]
mod port;
mod rules;
mod types;

pub use api::{RevokeKey, keys, revoke_key};
#[cfg(feature = "ssr")]
pub use form::{KeyForm, PostedKey};
#[cfg(feature = "ssr")]
pub use page::KeysPage;
#[cfg(feature = "ssr")]
pub use port::KeysPort;
pub use rules::KEY_LIMITS;
pub use types::{ApiKey, KeyChange, KeyRequest, NewKey};
