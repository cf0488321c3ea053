//! API keys: created and revoked by their members, authenticated and rate-limited for the gateway.

mod api;
mod authorized_key;
mod last_used;
mod rate_limiter;
mod repo;
mod secret;
mod service;

pub use api::{KeysDoc, router};
pub use authorized_key::AuthorizedKey;
pub use service::{CHANNEL, KeyService, write_last_used_forever};
