//! The catalogue: the models that members can use.

#[cfg(feature = "server")]
pub mod admin;
#[cfg(feature = "server")]
mod port;
mod types;

#[cfg(feature = "server")]
pub use port::CatalogPort;
pub use types::ModelSummary;
