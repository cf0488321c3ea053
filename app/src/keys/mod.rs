//! API keys: how programs come in through the gateway.

#[cfg(feature = "ssr")]
mod port;
mod rules;
mod types;

#[cfg(feature = "ssr")]
pub use port::KeysPort;
pub use rules::KEY_LIMITS;
pub use types::{ApiKey, KeyChange, KeyRequest, NewKey};
