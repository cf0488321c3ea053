//! API keys: made and revoked by their members, recognised by the gateway, counted against their limits.

mod api;
mod last_used;
mod rate_limiter;
mod repo;
mod secret;
mod service;

pub use api::{KeysDoc, router};
pub use service::{AuthorizedKey, CHANNEL, KeyService, write_last_used_forever};
