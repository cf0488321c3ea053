//! API keys, with which programs use the gateway.

#[cfg(feature = "server")]
mod port;
mod rules;
mod types;

#[cfg(feature = "server")]
pub use port::KeysPort;
pub use rules::{KEY_LIMITS, KeyLimits};
pub use types::{ApiKey, KeyChange, KeyRequest, NewKey};
