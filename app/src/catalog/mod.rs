//! The catalogue: the models that members can ask.

#[cfg(feature = "ssr")]
pub mod admin;
mod api;
#[cfg(feature = "ssr")]
mod port;
mod types;

pub use api::{Models, models};
#[cfg(feature = "ssr")]
pub use port::CatalogPort;
pub use types::ModelSummary;
