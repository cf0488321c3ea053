//! The gateway: OpenAI's chat completions in front of every model of the catalogue. What a caller writes goes to the upstream as
//! it is, what the upstream writes comes back as it was, the model's name apart; and every request leaves one usage event.
//!
//! `api` has the routes, `door` takes one request from beginning to end, `request` reads it, `plan` chooses the models, `ask`
//! calls them, `relay` and `whole` bring the answer back, `meter` keeps the account.

mod answer;
mod api;
mod ask;
mod body;
mod door;
mod error;
mod fields;
mod figures;
mod key;
mod meter;
mod models;
mod plan;
mod refused_fields;
mod relay;
mod request;
mod rewrite;
mod roster;
mod whole;

pub use api::router;
pub use door::{Door, DoorParts};
