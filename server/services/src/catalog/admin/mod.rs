//! Administration of the catalogue: upstreams, models, imports.

mod api_models;
mod api_upstreams;
mod import;
mod model_edit;
mod model_view;
mod model_write;
mod models;
pub(super) mod rules;
mod upstream_edit;
mod upstreams;

pub use api_models::{AdminModelsDoc, router as models_router};
pub use api_upstreams::{AdminUpstreamsDoc, router as upstreams_router};
pub(super) use model_view::AdjustmentViews;
pub(super) use model_write::ModelWrite;
pub(super) use models::{by_slug, find};
