//! The gateway: OpenAI's chat completions in front of every model of the catalogue. What a caller writes goes to the upstream as
//! it is, what the upstream writes comes back as it was, the model's name apart; and every request leaves one usage event.
//!
//! `api` has the routes, `gateway` takes one request from beginning to end, `request` reads it, `plan` chooses the models, `ask`
//! calls them, `relay` and `whole` bring the answer back, `meter` keeps the account.

mod answer;
mod api;
mod body;
mod buffered;
mod candidates;
mod dispatch;
mod error;
mod fields;
mod key;
mod metrics;
mod model_cache;
mod models;
mod refused_fields;
mod relay;
mod request;
mod rewrite;
mod service;
mod usage_recorder;

pub use api::router;
pub use service::{Gateway, GatewayDeps};
