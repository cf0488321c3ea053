//! The gateway: OpenAI's chat completions in front of every model of the catalogue. Requests and responses pass unchanged apart
//! from the model's name, and every request leaves one usage event.
//!
//! `api` has the routes and `service` handles one request from beginning to end: `body` receives it, `request` parses it,
//! `candidates` selects the models, `dispatch` calls them, `buffered` or `relay` sends the response to the `caller`, and `usage_recorder`
//! records the outcome. Dependencies run in that direction; the modules below `service` do not know it.

mod accounting;
mod api;
mod body;
mod buffered;
mod caller;
mod candidates;
mod dispatch;
mod error;
mod fields;
mod key;
mod latency_histogram;
mod metrics;
mod model_cache;
mod models;
mod negotiation;
mod opened_stream;
mod refused_fields;
mod relay;
mod request;
mod response_headers;
mod rewrite;
mod service;
mod usage_recorder;

pub use api::router;
pub use service::{Gateway, GatewayDeps};
