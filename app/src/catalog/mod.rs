//! The catalogue: the models that members can use.

#[cfg(feature = "ssr")]
pub mod admin;
mod api;

pub use api::{Models, models};
