//! The catalogue: upstreams and the models they serve. The operator's environment registers them at start; pages and
//! programs list them; the playground asks it what to call.

mod admin;
mod api;
mod connect;
mod connect_demo;
mod headers;
mod register;
mod repo;
mod service;
mod slug;
mod unknown;

pub use admin::{AdminModelsDoc, AdminUpstreamsDoc, models_router, upstreams_router};
pub use api::{CatalogDoc, router};
pub use connect::connect;
pub use connect_demo::connect_demo;
pub use register::{ModelEntry, UpstreamEntry};
pub use service::{CallableModel, CatalogService, Prices};
pub use slug::slug;
