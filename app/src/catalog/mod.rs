//! The catalogue: the models that members can ask.

#[cfg(feature = "ssr")]
pub mod admin;
mod api;

pub use api::{Models, models};
