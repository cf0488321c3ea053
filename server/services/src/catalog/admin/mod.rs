//! What admins do to the catalogue: upstreams, models, imports.

mod api_models;
mod api_upstreams;
mod import;
mod models;
pub(super) mod rules;
mod upstreams;

pub use api_models::{AdminModelsDoc, router as models_router};
pub use api_upstreams::{AdminUpstreamsDoc, router as upstreams_router};
pub(super) use models::{ModelWrite, by_slug, find};
