//! The catalogue as one TOML file, without secrets, so that it can live in a repository; and prices from LiteLLM's public file.

mod api;
mod export;
mod import;
mod prices;
mod proposals;
mod service;
mod shape;

pub use api::{CatalogFileDoc, router};
pub use service::CatalogFileService;
